/** What a lesson's card can wait for: an act of the person, as the pages' state shows it afterwards. */

import { lastPhase, momentCount, operatorOf } from "../arithmetic.js";
import { withChoice, withOperator, withValue } from "../case.js";
import { walkTold } from "../case_link.js";
import { withValue as withTap } from "../kernels.js";
import { INITIAL as CHAIN, withKernel, withPreset, withStage } from "../kernels_state.js";
import { largestOf } from "../numbers.js";
import { PRESETS } from "../presets.js";
import { heard, INITIAL, LONGEST_SHIFT, told, withNumber } from "../properties_state.js";
import { settingOf } from "../run_form.js";
import {
  EXAMPLES,
  FILTERS,
  OPS,
  PASSES,
  RUN_SETTINGS,
  RUNS,
  SECTIONS,
  SETTINGS,
  SIGNALS,
  TABS,
  TENSORS,
} from "./known.js";
import { stepOf, walkOf } from "./world.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./world.js").Linked} Linked */
/**
 * What acts make of the pages that only the pages themselves can say: `example`: the digit whose strokes are on the pad; `opened`, `grown`: the step of which a number is
 * open, all of whose maps are shown, by path, operation or number; `descents`: steps of SGD on what is on the pad.
 * @typedef {{ example?: string, opened?: string, grown?: string, descents?: number }} Made
 */
/** What is known of the state. @typedef {Partial<Linked> & Made} Known */
/**
 * `met`: whether it was done, from the world now and as it was when the card came up; `after`: what the act makes of the state, where that
 * follows from the state alone: a work sheet knows its numbers by it, and a lesson can be opened at any card. `makes`: a run, a measurement or drawings, which no link brings; `ends`: it waits for the end of one that was begun before.
 * @typedef {{ takes: import("./names.js").Takes, of?: import("./known.js").Known, met: (now: World, before: World, ...args: string[]) => boolean, after?: (state: Linked & Made, ...args: string[]) => Known, makes?: "train" | "lab" | "hand", ends?: "train" }} Wait
 */

/** How often something was done that the state does not show. @param {World} world @param {string} name */
const times = ({ acts }, name) => acts[name] ?? 0;

/** Something is done that the state does not show. @param {string} name @returns {Wait} */
const act = (name) => ({ takes: [0, 0], met: (now, before) => times(now, name) > times(before, name) });

/** The state of the drawing, once it was answered. @param {(input: import("../contract/draw.js").Drawing, before: World, ...args: string[]) => boolean} met @param {Wait["after"]} after @param {import("./names.js").Takes} [takes] @returns {Wait} */
const drawn = (met, after, takes = [0, 0]) => ({
  takes,
  after,
  met: (now, before, ...args) => now.observed !== null && met(now.observed.input, before, ...args),
});

/** Numbers of a walk without its step; of one tensor where it is named. @param {World} world @param {string} [name] */
function numbersOf(world, name) {
  const tensors = walkOf(world)?.given.tensors;
  return JSON.stringify(name === undefined ? tensors : tensors?.[name]);
}

/** What the properties are shown on. @param {Linked} state */
const signalsOf = ({ signals }) => (signals === null ? INITIAL : heard(/** @type {object} */ (signals)).state);

/** Whether a part of them is flipped, is moved further, or begins with another number. @param {import("../properties_state.js").State} state @param {string} part @returns {import("../properties_state.js").State} */
function withAnother(state, part) {
  if (part === "flip") return { ...state, flip: !state.flip };
  if (part === "shift") return { ...state, shift: (state.shift + 1) % (LONGEST_SHIFT + 1) };
  const matrix = /** @type {import("../properties_state.js").Matrix} */ (part);
  return withNumber(state, matrix, 0, state[matrix].values[0] + 1);
}

/** The chain of kernels with another one in view. @param {Linked} state @param {(stage: import("../kernels.js").Stage) => import("../kernels.js").Stage} change @returns {Known} */
function filtered({ kernelChain, kernelStage }, change) {
  const chain = kernelChain ?? CHAIN;
  return { kernelChain: withStage(chain, Math.min(kernelStage, chain.stages.length - 1), change) };
}

/** The control of an operator by its key. @param {import("../case.js").Case} given @param {string} key */
const partOf = (given, key) =>
  operatorOf(given)
    .settings.flatMap(({ parts }) => parts)
    .find((part) => part.key === key);

/** @param {Linked} state @param {(walk: import("./world.js").Walk) => { given: import("../case.js").Case, pass: string, at?: number } | null} change @returns {Partial<Linked>} */
function walked(state, change) {
  const walk = walkOf({ state });
  const next = walk && change(walk);
  return next ? { walk: walkTold({ at: 0, ...next, unit: "value" }) ?? undefined } : {};
}

/** A pass stepped value by value, at a step of it that is there. @param {import("./world.js").Walk} walk @param {number} at */
const steppedTo = ({ given, name, pass }, at) => pass && { given, pass: name, at: Math.min(at, pass.count - 1) };

/** Of which a number is opened, where none is named: the step that is first. */
const FIRST_STEP = "0";
/** The pixel that is kept open, where a card is opened after that act: row and column. */
const FIRST_PIXEL = "60.120";
/** The starting point of a form that nobody touched. */
const FIRST_RUN = "first";

/** @type {Record<string, Wait>} */
export const WAITS = {
  /** A page is in front. */
  tab: { takes: [1, 1], of: TABS, met: ({ state }, _, name) => state.tab === name, after: (_, tab) => ({ tab }) },
  /** A model is explored, and is there. */
  model: {
    takes: [1, 1],
    met: ({ state, description }, _, name) => state.model === name && description?.name === name,
    after: (_, model) => ({ model }),
  },

  /** What the model reached was opened. */
  "model.figures": act("figures"),

  "draw.drawn": { ...act("draw"), after: () => ({ example: "3" }) },
  "draw.pointed": act("point"),
  "draw.played": act("play"),
  /** A class was meant; which one, where it is named. */
  "draw.meant": {
    takes: [0, 1],
    met: (now, before, name) =>
      times(now, "meant") > times(before, "meant") && (name === undefined || String(now.state.label) === name),
    after: (_, name) => ({
      why: { target: null, layer: null },
      ...(name === undefined ? {} : { label: Number(name) }),
    }),
  },
  /** A number was opened, of a step by its path or operation where one is named. */
  "draw.opened": {
    takes: [0, 1],
    met(now, before, name) {
      const { opened } = now;
      if (!opened || opened.place === before.opened?.place || opened.place.step < 0) return false;
      return name === undefined || stepOf(now, name)?.index === opened.place.step;
    },
    after: (_, opened = FIRST_STEP) => ({ opened }),
  },
  /** A class's probability was opened: softmax, loss and p − y. */
  "draw.class": {
    takes: [0, 0],
    met: ({ opened }) => opened?.place.of === "class",
    after: () => ({ cells: [{ step: -1, of: "class", cell: [0, 0] }] }),
  },
  /** The drawing is read as a class. */
  "draw.read": {
    takes: [1, 1],
    after: (_, example) => ({ example }),
    met({ observed }, _, name) {
      if (!observed) return false;
      const { classes, probabilities } = observed.answer.prediction;
      return classes[probabilities.indexOf(largestOf(probabilities))] === name;
    },
  },
  /** All maps of a step are shown. */
  "draw.layer": {
    takes: [1, 1],
    met: (now, _, name) => now.state.layer === stepOf(now, name)?.index,
    after: (_, grown) => ({ grown }),
  },
  /** The page says that it is not sure. */
  "draw.unsure": { takes: [0, 0], met: ({ observed }) => observed?.answer.prediction.verdict === "unsure" },
  "draw.raw": drawn(
    ({ centred }) => !centred,
    () => ({ centred: false }),
  ),
  "draw.centred": drawn(
    ({ centred }) => centred,
    () => ({ centred: true }),
  ),
  "draw.perturbed": drawn(
    ({ perturbation }) => Object.keys(perturbation ?? {}).length > 0,
    () => ({ perturbation: { right: 3 } }),
  ),
  "draw.unperturbed": drawn(
    ({ perturbation }) => Object.keys(perturbation ?? {}).length === 0,
    () => ({ perturbation: {} }),
  ),
  /** A class is taken for true; which one, where it is named. */
  "draw.label": drawn(
    ({ label }, _, name) => label !== null && (name === undefined || String(label) === name),
    (_, label) => (label === undefined ? {} : { label: Number(label) }),
    [0, 1],
  ),
  /** A step of gradient descent was taken. */
  "draw.stepped": drawn(
    ({ edits }, before) => edits.length > before.state.edits.length && edits.at(-1)?.kind === "sgd",
    ({ descents = 0 }) => ({ descents: descents + 1 }),
  ),
  "draw.changed": drawn(({ edits }, before) => edits.length > before.state.edits.length, undefined),
  "draw.undone": drawn(
    ({ edits }) => edits.length === 0,
    () => ({ edits: [], descents: 0 }),
  ),
  "draw.why": {
    takes: [0, 0],
    met: ({ state }) => state.why !== null,
    after: () => ({ why: { target: null, layer: null } }),
  },

  /** A part of the Arithmetic page is in front. */
  "arithmetic.section": {
    takes: [1, 1],
    of: SECTIONS,
    met: ({ state }, _, name) => state.tab === "arithmetic" && state.section === name,
    after: (_, section) => ({ section }),
  },
  "arithmetic.preset": {
    takes: [1, 1],
    of: EXAMPLES,
    met: (now, _, name) => walkOf(now)?.given.preset === name,
    after: (_, preset) => ({ walk: { preset, pass: PRESETS[preset]?.pass } }),
  },
  "arithmetic.op": {
    takes: [1, 1],
    of: OPS,
    met: (now, _, name) => walkOf(now)?.given.op === name,
    after: (state, op) => walked(state, ({ given }) => ({ given: withOperator(given, op), pass: "forward" })),
  },
  "arithmetic.pass": {
    takes: [1, 1],
    of: PASSES,
    met: (now, _, name) => walkOf(now)?.name === name,
    after: (state, pass) => walked(state, ({ given }) => ({ given, pass })),
  },
  /** A control has a value: `stride.rows,2`. */
  "arithmetic.set": {
    takes: [2, 2],
    of: SETTINGS,
    met(now, _, key, value) {
      const given = walkOf(now)?.given;
      const part = given && partOf(given, key);
      return given !== undefined && part !== undefined && String(part.get(given)) === value;
    },
    after: (state, key, value) =>
      walked(state, ({ given, name }) => {
        const part = partOf(given, key);
        if (!part) return null;
        const wanted = {
          count: Number,
          number: Number,
          switch: (/** @type {string} */ on) => on === "true",
          choice: String,
        };
        return { given: withChoice(given, part, wanted[part.kind](value)), pass: name };
      }),
  },
  /** The walk went on, or was moved. */
  "arithmetic.stepped": {
    takes: [0, 0],
    met: (now, before) => walkOf(now)?.at !== walkOf(before)?.at && walkOf(now)?.name === walkOf(before)?.name,
    after: (state) => walked(state, (walk) => steppedTo(walk, walk.at + 1)),
  },
  /** The walk is at its last step. */
  "arithmetic.ended": {
    takes: [0, 0],
    met(now) {
      const walk = walkOf(now);
      if (!walk?.pass) return false;
      const unit = walk.unit === "product" ? "product" : "value";
      return walk.at === momentCount(walk.pass, unit) - 1 && lastPhase(walk.pass, walk.pass.count - 1) >= 0;
    },
    after: (state) => walked(state, (walk) => steppedTo(walk, Infinity)),
  },
  /** A number of a matrix was changed; of which one, where it is named. */
  "arithmetic.edited": {
    takes: [0, 1],
    of: TENSORS,
    met: (now, before, name) => numbersOf(now, name) !== numbersOf(before, name),
    after: (state, tensor) =>
      walked(state, ({ given, name }) => {
        const edited = tensor ?? operatorOf(given).inputs[0];
        const { values } = given.tensors[edited] ?? { values: [] };
        return values.length ? { given: withValue(given, edited, 0, values[0] + 1), pass: name } : null;
      }),
  },
  /** What the properties are shown on was changed: `flip`, `shift`, or a number of a matrix; any of it without a name. */
  "properties.edited": {
    takes: [0, 1],
    of: SIGNALS,
    met(now, before, part) {
      const [one, other] = [signalsOf(now.state), signalsOf(before.state)].map((state) =>
        JSON.stringify(part === undefined ? state : state[/** @type {keyof typeof INITIAL} */ (part)]),
      );
      return one !== other;
    },
    after: (state, part = "f") => ({ signals: told(withAnother(signalsOf(state), part), 0) }),
  },

  "kernels.preset": {
    takes: [1, 1],
    of: FILTERS,
    met: ({ state }, _, name) => state.kernelChain?.stages[state.kernelStage]?.preset === name,
    after: (state, name) => filtered(state, (stage) => withPreset(stage, name)),
  },
  "kernels.edited": {
    takes: [0, 0],
    met: ({ state }, before) =>
      state.kernelChain?.stages[state.kernelStage]?.preset === null && state.kernelChain !== before.state.kernelChain,
    after: (state) =>
      filtered(state, (stage) => withKernel(stage, withTap(stage.kernel, 0, stage.kernel.values[0] + 1))),
  },
  /** An output pixel is kept open. */
  "kernels.pixel": {
    takes: [0, 0],
    met: ({ state }) => state.kernelPixel !== null,
    after: ({ kernelPixel }) => ({ kernelPixel: kernelPixel ?? FIRST_PIXEL }),
  },
  "lab.opened": {
    takes: [0, 0],
    met: ({ state }) => state.lab !== null,
    after: ({ lab }) => ({ lab: lab ?? {} }),
  },
  /** A measurement of the speed lab is over. */
  "lab.measured": { takes: [0, 0], met: ({ measured }) => measured?.over === true, makes: "lab" },

  /** A starting point of a run is chosen. */
  "train.preset": {
    takes: [1, 1],
    of: RUNS,
    met: (now, _, name) => /** @type {{ from?: string } | null} */ (now.state.form)?.from === name,
    after: (_, from) => ({ form: { from } }),
  },
  /** A setting of the form has a value: `trained,all`. */
  "train.set": {
    takes: [2, 2],
    of: RUN_SETTINGS,
    met: ({ state }, _, name, value) => String(settingOf(state.form, name)) === value,
    after: ({ form }, name, value) => {
      const usual = settingOf(null, name);
      return {
        form: {
          from: FIRST_RUN,
          .../** @type {object} */ (form),
          [name]: typeof usual === "number" ? Number(value) : value,
        },
      };
    },
  },
  "train.started": { ...act("train"), makes: "train" },
  /** The run that was started last is over. */
  "train.ended": {
    takes: [0, 0],
    met: (now) => times(now, "train") > 0 && Boolean(now.telling?.ended),
    ends: "train",
  },
  /** A run was started, and is over. */
  "train.ran": {
    takes: [0, 0],
    met: (now, before) => times(now, "train") > times(before, "train") && Boolean(now.telling?.ended),
    makes: "train",
  },
  /** So many drawings of one's own are labelled. */
  "train.labelled": { takes: [1, 1], met: ({ labels }, _, count) => labels.length >= Number(count), makes: "hand" },
  /** Another moment of the run is looked at. */
  "train.moment": {
    takes: [0, 0],
    met: ({ moment }, before) => moment !== null && moment.step !== before.moment?.step,
  },
};
