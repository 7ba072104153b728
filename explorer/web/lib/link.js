/**
 * The link is the state: what is on the page, as the part of its address after "#", and back. A part that cannot be read
 * is left out and named, never an error.
 *
 *   model=a2&lang=zh&ink=…&pen=1.2&raw=1&label=3&cells=3.0.1.1.6_3:weight.1.0.2.2
 *
 * `edits`: the changes of the model as JSON (see `explorer/edits.py`), strokes as ink. `ink`: strokes apart by "~", each point four characters of base64url: x and y in thousandths of the pad, 12 bits each.
 * `label`: the class taken for true. `cells`: the opened cells from first to last, each the step and the index in its
 * output, or, after ":output" or ":weight", the gradient of the output or of that parameter.
 */

/** @typedef {import("./strokes.js").Stroke} Stroke */
/** @typedef {{ step: number, of: string, cell: number[] }} Place  `of`: "" for a value, "output" or a parameter for its gradient */
/** @typedef {{ model: string, language: string, ink: Stroke[], pen: number, centred: boolean, label: number | null, cells: Place[], edits: any[] }} LinkState */

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
    return Array.from({ length: stroke.length / 4 }, (_, k) => [number(stroke.slice(4 * k, 4 * k + 2)), number(stroke.slice(4 * k + 2, 4 * k + 4))]);
  });
}

/** @type {Record<string, (text: string) => Partial<LinkState>>} */
const readers = {
  model: (text) => ({ model: text }),
  lang: (text) => {
    if (!["en", "zh"].includes(text)) throw new Error(text);
    return { language: text };
  },
  ink: (text) => ({ ink: decodeInk(text) }),
  pen: (text) => {
    const pen = Number(text);
    if (!(pen >= 0.5 && pen <= 2)) throw new Error(text);
    return { pen };
  },
  raw: () => ({ centred: false }),
  edits: (text) => {
    const edits = JSON.parse(text);
    if (!Array.isArray(edits)) throw new Error("no list of changes");
    return { edits: edits.map((edit) => (edit.ink === undefined ? edit : { ...edit, ink: undefined, strokes: decodeInk(edit.ink) })) };
  },
  label: (text) => {
    if (!/^\d+$/.test(text)) throw new Error(text);
    return { label: Number(text) };
  },
  cells: (text) => ({
    cells: text.split("_").map((cell) => {
      const parts = /^(-1|\d+)(?::([a-z]+))?((?:\.\d+)+)$/.exec(cell);
      if (!parts) throw new Error(cell);
      return { step: Number(parts[1]), of: parts[2] ?? "", cell: parts[3].slice(1).split(".").map(Number) };
    }),
  }),
};

/** @param {string} hash @returns {{ state: Partial<LinkState>, ignored: string[] }} */
export function readLink(hash) {
  /** @type {Partial<LinkState>} */
  const state = {};
  const ignored = [];
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    try {
      Object.assign(state, readers[name](text));
    } catch {
      ignored.push(name);
    }
  }
  return { state, ignored };
}

/** @param {LinkState} state */
export function writeLink({ model, language, ink, pen, centred, label, cells, edits }) {
  const parts = new URLSearchParams({ model });
  if (language !== "en") parts.set("lang", language);
  if (ink.length) parts.set("ink", encodeInk(ink));
  if (pen !== 1) parts.set("pen", String(pen));
  if (!centred) parts.set("raw", "1");
  if (label !== null) parts.set("label", String(label));
  if (edits.length) parts.set("edits", JSON.stringify(edits.map((edit) => (edit.strokes ? { ...edit, strokes: undefined, ink: encodeInk(edit.strokes) } : edit))));
  if (cells.length) parts.set("cells", cells.map(({ step, of, cell }) => [of ? `${step}:${of}` : step, ...cell].join(".")).join("_"));
  return `#${parts}`;
}
