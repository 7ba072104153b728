/**
 * The link is the state: what is on the page, as the part of its address after "#", and back. A part that cannot be read
 * is left out and named, never an error.
 *
 *   page=draw&model=a2&lang=zh&ink=…&pen=1.2&raw=1&label=3&cells=3.0.1.1.6_3:weight.1.0.2.2
 *
 * `edits`: the changes of the model as JSON (see `explorer/screen/edits.py`), strokes as ink. `ink`: strokes apart by "~", each point four characters of base64url: x and y in thousandths of the pad, 12 bits each.
 * `digit`: a picture of MNIST's test set instead of the ink, "7@RUN" one that a run holds back, "example" the model's own example; a picture file cannot travel. `perturb`: how the input is changed,
 * amounts by name (core/data/perturbation.py), "right:2_noise:0.1_invert".
 * `hide`: parts of the pages that are hidden; `title` and `say`: what a teacher says above the page.
 * `lesson`: the lesson that is gone through and its card, counted from 1: "first.2".
 * `label`: the class taken for true. `cells`: the opened cells from first to last, each the step and the index in its
 * output, or, after ":output" or ":weight", the gradient of the output or of that parameter. `pin`: the cell that is kept in
 * view; `layer`: the step all of whose maps are shown. Of the Arithmetic page,
 * `part`: what of it is in front; `present`: the walk alone, as large as the screen; `walk`, `chain`, `signals`: numbers, settings and step of each part as JSON.
 *
 * Of the network view, `zoom`: how large maps are; `sort`: what channels are sorted by; `scope`: what the darkest colour
 * stands for; `fold`: the folded modules, and steps as "!4", "-" for none; without it a large network opens folded.
 *
 * `kernels`: the chain of the Kernels page, see chain_link.js; `kernel`: the one in view, from 0; `pixel`: the opened one, row and
 * column; `picture`: a built-in one's name, "drawing", or "map" with step and channel; a file or camera cannot travel.
 * `lab`: the speed lab is open, and the settings of its form that differ from the usual ones, as JSON.
 * `form`: of a new run, where it begins and the settings that differ from that, as JSON.
 */

import { readChain, writeChain } from "./chain_link.js";
import { PICTURES } from "./pictures.js";

/** @typedef {import("./strokes.js").Stroke} Stroke */
/** @typedef {{ step: number, of: string, cell: number[] }} Place  `of`: "" for a value, "output" or a parameter for its gradient */
/** @typedef {import("./contract/draw.js").Edit} Edit */
/** A picture file scaled down; `name` and `notes` stay in the page. @typedef {{ width: number, height: number, data: string, name: string, notes: import("./files.js").Note[] }} PictureSource */
/** A picture that a run holds back. @typedef {{ run: string, picture: number }} HeldSource */
/** What is shown instead of the strokes, as the page keeps it. @typedef {{ digit: number } | HeldSource | PictureSource | "example" | null} Source */
/** What the panel Why asks about: null for the predicted class, and for a layer that is chosen for it. @typedef {{ target: number | null, layer: number | null }} Question */
/**
 * What is compared with: a model by name, the parts of a request that say a kept drawing, or the model without its changes;
 * `step` is the step whose maps are shown, null for the first that differs.
 * @typedef {{ with: "model" | "drawing" | "changes", model?: string, drawing?: import("./contract/draw.js").Shown, step: number | null }} Compared
 */

/**
 * What the link holds, by its key in the page's store.
 * @typedef {{
 *   tab: string, model: string, language: string, ink: Stroke[], pen: number, centred: boolean, label: number | null, edits: Edit[],
 *   zoom: number, sort: string, scope: string, fold: string[] | null, source: Source, perturbation: import("./contract/draw.js").Perturbation,
 *   run: string, why: Question | null, compare: Compared | null, cells: Place[], pin: Place | null, layer: number | null,
 *   section: string, present: boolean, hidden: string[], title: string, says: string, walk: unknown, chain: unknown, signals: unknown,
 *   lesson: { name: string, card: number } | null, kernelPicture: string, kernelChain: import("./kernels.js").State | null, kernelStage: number, kernelPixel: string | null, lab: unknown, form: unknown,
 * }} Linked
 *   `tab`: the page in front. `model` is "" until the bar chose one. `pen`: its width as a multiple of MNIST's.
 *   `centred`: whether the ink is scaled and centred before the network sees it. `label`: the class taken for true: the maps
 *   then show the gradient of its loss. `edits`: changes of the model, as explorer/screen/edits.py takes them: they travel with
 *   every request. `cells`: the opened cells, from the first to the one on screen. What is unknown is JSON as somebody may have
 *   written it: its page reads it.
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const THOUSANDTHS = 1000;

/** @param {Stroke[]} strokes */
export function encodeInk(strokes) {
  const pair = (/** @type {number} */ u) => {
    const whole = Math.round(u * THOUSANDTHS);
    return DIGITS[whole >> 6] + DIGITS[whole & 63];
  };
  return strokes.map((stroke) => stroke.map(([x, y]) => pair(x) + pair(y)).join("")).join("~");
}

/** @param {string} text @returns {Stroke[]} */
export function decodeInk(text) {
  const number = (/** @type {string} */ pair) => {
    const [high, low] = [DIGITS.indexOf(pair[0]), DIGITS.indexOf(pair[1])];
    const value = ((high << 6) | low) / THOUSANDTHS;
    if (high < 0 || low < 0 || value > 1) throw new Error(`no point: ${pair}`);
    return value;
  };
  return text.split("~").map((stroke) => {
    if (!stroke || stroke.length % 4) throw new Error("a stroke is cut off");
    return Array.from({ length: stroke.length / 4 }, (_, k) => [
      number(stroke.slice(4 * k, 4 * k + 2)),
      number(stroke.slice(4 * k + 2, 4 * k + 4)),
    ]);
  });
}

/**
 * One value of the page that travels in the link.
 * @template T
 * @typedef {{ part: string, initial: T, read: (text: string) => T, write: (value: T) => string | null }} Field
 *   `part`: its name in the address. `read` throws what it cannot read. `write` returns null for what need not be said.
 */

/** A text of one's own choice; `initial` is left out. @param {string} part @param {string} initial @returns {Field<string>} */
const textField = (part, initial) => ({
  part,
  initial,
  read: (text) => text,
  write: (value) => (value === initial ? null : value),
});

/** A text that is one of some; throws for another. @param {string} text @param {string[]} known */
function oneOf(text, known) {
  if (!known.includes(text)) throw new Error(text);
  return text;
}

/**
 * A value as JSON; null is left out. @template T @param {string} part @param {(value: any) => T} [check] returns what it
 * accepts and throws for the rest
 * @returns {Field<T | null>}
 */
export const jsonField = (part, check = (value) => value) => ({
  part,
  initial: null,
  read: (text) => check(JSON.parse(text)),
  write: (value) => (value === null ? null : JSON.stringify(value)),
});

/**
 * Whether a picture file is shown, which no link can carry.
 * @template {import("./contract/draw.js").Source} S @param {S} [source] @returns {source is Extract<S, { data: string }>}
 */
export const isFile = (source) => Boolean(source && source !== "example" && "data" in source);

/** The changes up to the first step of SGD on a picture file. @param {Edit[]} edits */
function portable(edits) {
  const bound = edits.findIndex((edit) => edit.kind === "sgd" && isFile(edit.source));
  return bound < 0 ? edits : edits.slice(0, bound);
}

/** @param {string} text @returns {Place} */
function readPlace(text) {
  const parts = /^(-1|\d+)(?::([a-z]+))?((?:\.\d+)+)$/.exec(text);
  if (!parts) throw new Error(text);
  return { step: Number(parts[1]), of: parts[2] ?? "", cell: parts[3].slice(1).split(".").map(Number) };
}

/** @param {Place} place */
const writePlace = ({ step, of, cell }) => [of ? `${step}:${of}` : step, ...cell].join(".");

/** What can be hidden, of every page ("page") and of each; a name is of one page alone. @type {Record<string, string[]>} */
export const PANELS = {
  page: ["bar", "tabs"],
  draw: ["pad", "verdict", "flow", "foot"],
  arithmetic: ["settings", "article", "sum", "result", "formula", "torch", "code", "other"],
  kernels: ["picture", "controls", "magnifier", "learn"],
  train: ["form", "runs", "hand", "curves", "moment", "judged"],
};

/** The fields by their key in the page's store; a page that adds one adds it here. @type {{ [K in keyof Linked]: Field<Linked[K]> }} */
export const fields = {
  tab: {
    part: "page",
    initial: "draw",
    read: (text) => {
      if (!/^[a-z]+$/.test(text)) throw new Error(text);
      return text;
    },
    write: (tab) => (tab === "draw" ? null : tab),
  },
  model: textField("model", ""),
  language: {
    part: "lang",
    initial: "",
    read: (text) => {
      if (!["en", "zh"].includes(text)) throw new Error(text);
      return text;
    },
    write: (language) => (["", "en"].includes(language) ? null : language),
  },
  ink: { part: "ink", initial: [], read: decodeInk, write: (strokes) => (strokes.length ? encodeInk(strokes) : null) },
  pen: {
    part: "pen",
    initial: 1,
    read: (text) => {
      const pen = Number(text);
      if (!(pen >= 0.5 && pen <= 2)) throw new Error(text);
      return pen;
    },
    write: (pen) => (pen === 1 ? null : String(pen)),
  },
  centred: { part: "raw", initial: true, read: () => false, write: (centred) => (centred ? null : "1") },
  label: {
    part: "label",
    initial: null,
    read: (text) => {
      if (!/^\d+$/.test(text)) throw new Error(text);
      return Number(text);
    },
    write: (label) => (label === null ? null : String(label)),
  },
  edits: {
    part: "edits",
    initial: [],
    read: (text) => {
      const edits = JSON.parse(text);
      if (!Array.isArray(edits)) throw new Error("no list of changes");
      return edits.map((edit) =>
        edit.ink === undefined ? edit : { ...edit, ink: undefined, strokes: decodeInk(edit.ink) },
      );
    },
    write: (edits) =>
      portable(edits).length
        ? JSON.stringify(
            portable(edits).map((edit) =>
              edit.kind === "sgd" ? { ...edit, strokes: undefined, ink: encodeInk(edit.strokes) } : edit,
            ),
          )
        : null,
  },
  zoom: {
    part: "zoom",
    initial: 1,
    read: (text) => Number(oneOf(text, ["1", "2", "4"])),
    write: (zoom) => (zoom === 1 ? null : String(zoom)),
  },
  sort: { ...textField("sort", "activation"), read: (text) => oneOf(text, ["index", "gradient", "attribution"]) },
  scope: { ...textField("scope", "map"), read: (text) => oneOf(text, ["layer", "network"]) },
  fold: {
    part: "fold",
    initial: null,
    read: (text) => (text === "-" ? [] : text.split(" ")),
    write: (fold) => fold && (fold.length ? fold.join(" ") : "-"),
  },
  source: {
    part: "digit",
    initial: null,
    read: (text) => {
      if (text === "example") return text;
      const parts = /^(\d{1,7})(?:@(.+))?$/.exec(text);
      if (!parts || (!parts[2] && parts[1].length > 4)) throw new Error(text);
      const number = Number(parts[1]);
      return parts[2] ? { run: parts[2], picture: number } : { digit: number };
    },
    write: (source) => {
      if (!source || isFile(source)) return null;
      if (source === "example") return source;
      return "digit" in source ? String(source.digit) : `${source.picture}@${source.run}`;
    },
  },
  perturbation: {
    part: "perturb",
    initial: {},
    read: (text) =>
      Object.fromEntries(
        text.split("_").map((amount) => {
          const parts = /^([a-z]+)(?::(-?\d+(?:\.\d+)?))?$/.exec(amount);
          if (!parts) throw new Error(amount);
          return [parts[1], parts[2] === undefined ? true : Number(parts[2])];
        }),
      ),
    write: (amounts) =>
      Object.entries(amounts)
        .map(([name, value]) => (value === true ? name : `${name}:${value}`))
        .join("_") || null,
  },
  run: textField("run", ""),
  why: {
    part: "why",
    initial: null,
    read: (text) => {
      const parts = /^(\d*)\.(\d*)$/.exec(text);
      if (!parts) throw new Error(text);
      const [target, layer] = parts.slice(1).map((part) => (part ? Number(part) : null));
      return { target, layer };
    },
    write: (why) => why && `${why.target ?? ""}.${why.layer ?? ""}`,
  },
  compare: {
    part: "compare",
    initial: null,
    read: (text) => {
      const { with: kind, ink, step = null, ...rest } = JSON.parse(text);
      oneOf(kind, ["model", "drawing", "changes"]);
      if (step !== null && !Number.isInteger(step)) throw new Error(`no step: ${step}`);
      return {
        ...rest,
        with: kind,
        step,
        ...(rest.drawing ? { drawing: { ...rest.drawing, strokes: ink ? decodeInk(ink) : [] } } : {}),
      };
    },
    write: (compare) => {
      if (!compare) return null;
      const { drawing, ...rest } = compare;
      if (!drawing) return JSON.stringify(rest);
      if (isFile(drawing.source)) return JSON.stringify({ ...rest, with: "drawing" });
      return JSON.stringify({
        ...rest,
        drawing: { ...drawing, strokes: undefined },
        ink: drawing.strokes.length ? encodeInk(drawing.strokes) : undefined,
      });
    },
  },
  cells: {
    part: "cells",
    initial: [],
    read: (text) => text.split("_").map(readPlace),
    write: (cells) => (cells.length ? cells.map(writePlace).join("_") : null),
  },
  pin: { part: "pin", initial: null, read: readPlace, write: (place) => place && writePlace(place) },
  layer: {
    part: "layer",
    initial: null,
    read: (text) => {
      if (!/^(-1|\d+)$/.test(text)) throw new Error(text);
      return Number(text);
    },
    write: (step) => (step === null ? null : String(step)),
  },
  section: {
    part: "part",
    initial: "operators",
    read: (text) => {
      if (!["operators", "chain", "properties"].includes(text)) throw new Error(text);
      return text;
    },
    write: (section) => (section === "operators" ? null : section),
  },
  present: { part: "present", initial: false, read: () => true, write: (present) => (present ? "1" : null) },
  hidden: {
    part: "hide",
    initial: [],
    read: (text) => text.split("_").map((name) => oneOf(name, Object.values(PANELS).flat())),
    write: (hidden) => hidden.join("_") || null,
  },
  title: textField("title", ""),
  says: textField("say", ""),
  lesson: {
    part: "lesson",
    initial: null,
    read: (text) => {
      const parts = /^([\w-]{1,80})(?:\.([1-9]\d?))?$/.exec(text);
      if (!parts) throw new Error(text);
      return { name: parts[1], card: Number(parts[2] ?? 1) - 1 };
    },
    write: (lesson) => lesson && `${lesson.name}.${lesson.card + 1}`,
  },
  walk: jsonField("walk"),
  chain: jsonField("chain"),
  signals: jsonField("signals"),
  kernelPicture: {
    part: "picture",
    initial: "landscape",
    read: (text) => {
      if (!/^(map\.(-1|\d+)\.\d+|drawing|upload|webcam)$/.test(text) && !Object.hasOwn(PICTURES, text))
        throw new Error(text);
      return text;
    },
    write: (name) => (name === "landscape" ? null : name),
  },
  kernelChain: {
    part: "kernels",
    initial: null,
    read: readChain,
    write: (chain) => (chain === null ? null : writeChain(chain)),
  },
  kernelStage: {
    part: "kernel",
    initial: 0,
    read: (text) => {
      if (!/^\d$/.test(text)) throw new Error(text);
      return Number(text);
    },
    write: (at) => (at === 0 ? null : String(at)),
  },
  kernelPixel: {
    part: "pixel",
    initial: null,
    read: (text) => {
      if (!/^\d{1,4}\.\d{1,4}$/.test(text)) throw new Error(text);
      return text;
    },
    write: (pixel) => pixel,
  },
  lab: jsonField("lab"),
  form: jsonField("form"),
};

/** The keys of the page's store that travel in the link. */
export const LINKED = /** @type {(keyof Linked)[]} */ (Object.keys(fields));

/** A field under a key that is known only when it is read. @param {keyof Linked} key */
const fieldOf = (key) => /** @type {Field<unknown>} */ (/** @type {unknown} */ (fields[key]));

/** @param {string} hash @returns {{ state: Partial<Linked>, ignored: string[] }} */
export function readLink(hash) {
  const byPart = new Map(LINKED.map((key) => [fields[key].part, key]));
  /** @type {Record<string, unknown>} */
  const state = {};
  const ignored = [];
  for (const [part, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const key = byPart.get(part);
    try {
      if (!key) throw new Error(part);
      state[key] = fieldOf(key).read(text);
    } catch {
      ignored.push(part);
    }
  }
  return { state, ignored };
}

/** The link of a state; a field that the state leaves out is not said. @param {Partial<Linked>} state */
export function writeLink(state) {
  const parts = new URLSearchParams();
  for (const key of LINKED) {
    const { part, write } = fieldOf(key);
    const text = key in state ? write(state[key]) : null;
    if (text !== null) parts.set(part, text);
  }
  return `#${parts}`;
}

/** What is on the pad, which pages show the network. @type {(keyof Linked)[]} */
const INPUT = ["ink", "pen", "centred", "source", "perturbation"];

/** What each page alone shows, and what of the rest it needs. @type {Record<string, (keyof Linked)[]>} */
const OF_PAGE = {
  draw: [
    "model",
    ...INPUT,
    "label",
    "edits",
    "zoom",
    "sort",
    "scope",
    "fold",
    "why",
    "compare",
    "cells",
    "pin",
    "layer",
  ],
  arithmetic: ["section", "present", "walk", "chain", "signals"],
  kernels: ["model", ...INPUT, "edits", "kernelPicture", "kernelChain", "kernelStage", "kernelPixel", "lab"],
  train: ["model", ...INPUT, "run", "form"],
};
/** @type {(keyof Linked)[]} */
const OF_ALL = ["tab", "language", "hidden", "title", "says", "lesson"];

/** The link that is passed on: of the page in front, without what it does not show. @param {Linked} state */
export function sharedLink(state) {
  const drawn = state.tab !== "kernels" || /^(drawing|map\.)/.test(state.kernelPicture);
  const shown = [...OF_ALL, ...(OF_PAGE[state.tab] ?? LINKED)].filter((key) => drawn || !INPUT.includes(key));
  return writeLink(
    Object.fromEntries(Object.entries(state).filter(([key]) => shown.includes(/** @type {keyof Linked} */ (key)))),
  );
}
