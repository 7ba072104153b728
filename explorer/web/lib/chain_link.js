/**
 * A chain of kernels as a part of the link, and back. Kernels stand apart by "*", their parts by "_":
 *
 *   grey*sobelx_3x3_mzeros_asabsolute*own_1x3_s2x1_b-0.5_v1_2.5_-1e-7
 *
 * A preset is said by its name, size and shape, any other kernel by its values (`v`, last), which come back exactly. What
 * is as usual is left out. Whatever is read is checked: the page would accept nothing else either.
 */

import { LARGEST, LIMITS, MOST_STAGES, PRESETS, RANGES, SHAPE } from "./kernels.js";

/** @typedef {import("./kernels.js").Stage} Stage */
/** @typedef {import("./kernels.js").State} State */

const MODES = ["zeros", "reflect", "replicate", "circular"];
const SHOWS = ["clamp", "absolute", "rescale", "signed"];
const PASSES = ["values", "absolute", "clamp"];

/** @param {unknown} condition @param {string} text */
function expect(condition, text) {
  if (!condition) throw new Error(`cannot read ${text}`);
}

/** @param {string} text */
function number(text) {
  expect(/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text) && Number.isFinite(Number(text)), text);
  return Number(text);
}

/** @param {string} text @param {number} least @param {number} most @returns {[number, number]} */
function pair(text, least, most) {
  const found = /^(\d+)x(\d+)$/.exec(text);
  expect(found && found.slice(1).every((part) => Number(part) >= least && Number(part) <= most), text);
  return [Number(/** @type {RegExpExecArray} */ (found)[1]), Number(/** @type {RegExpExecArray} */ (found)[2])];
}

/** @template T @param {string} text @param {readonly T[]} values @returns {T} */
function one(text, values) {
  expect(values.includes(/** @type {any} */ (text)), text);
  return /** @type {any} */ (text);
}

/** The parts of a kernel by how they begin; the longer beginnings first. @type {[string, (text: string) => Partial<Stage>][]} */
const READERS = [
  ["off", () => ({ on: false })],
  ["flip", () => ({ flip: true })],
  ["norm", () => ({ normalise: true })],
  ["as", (text) => ({ show: one(text, /** @type {any} */ (SHOWS)) })],
  ["to", (text) => ({ pass: one(text, /** @type {any} */ (PASSES)) })],
  ["pvalid", () => ({ padding: "valid" })],
  ["p", (text) => ({ padding: pair(text, 0, LIMITS.padding) })],
  ["s", (text) => ({ stride: pair(text, 1, LIMITS.stride) })],
  ["d", (text) => ({ dilation: pair(text, 1, LIMITS.dilation) })],
  ["m", (text) => ({ mode: one(text, /** @type {any} */ (MODES)) })],
  ["b", (text) => ({ bias: number(text) })],
  ["k", (text) => ({ learned: decodeURIComponent(text.replaceAll("!", "%")) })],
];

/** @param {string} text @returns {Stage} */
function readStage(text) {
  const [head, values] = text.split("_v");
  const [name, size, ...parts] = head.split("_");
  const [rows, columns] = pair(size ?? "", 1, LARGEST);
  const shape = { ...SHAPE };
  /** @type {Stage} */
  let stage = {
    on: true,
    preset: name === "own" ? null : name,
    learned: null,
    shape,
    kernel: { rows, columns, values: [] },
    stride: [1, 1],
    dilation: [1, 1],
    padding: "same",
    mode: "replicate",
    flip: false,
    normalise: false,
    bias: 0,
    show: "clamp",
    pass: "values",
  };
  for (const part of parts) {
    const turn = /^(sigma|wavelength|angle)(.+)$/.exec(part);
    if (turn) {
      const [key, value] = [/** @type {keyof typeof RANGES} */ (turn[1]), number(turn[2])];
      expect(value >= RANGES[key].min && value <= RANGES[key].max, part);
      shape[key] = value;
      continue;
    }
    const reader = READERS.find(([start]) => part.startsWith(start));
    expect(reader, part);
    const [start, read] = /** @type {typeof READERS[number]} */ (reader);
    stage = { ...stage, ...read(part.slice(start.length)) };
  }
  if (stage.preset === null) {
    const given = (values ?? "").split("_").map(number);
    expect(given.length === rows * columns, `${given.length} values of ${rows}×${columns}`);
    return { ...stage, kernel: { rows, columns, values: given } };
  }
  const preset = Object.hasOwn(PRESETS, stage.preset) ? PRESETS[stage.preset] : null;
  expect(preset && values === undefined && rows >= preset.least[0] && columns >= preset.least[1], text);
  return { ...stage, kernel: /** @type {import("./kernels.js").Preset} */ (preset).make(rows, columns, shape) };
}

/** @param {Stage} stage */
function writeStage({
  on,
  preset,
  learned,
  shape,
  kernel,
  stride,
  dilation,
  padding,
  mode,
  flip,
  normalise,
  bias,
  show,
  pass,
}) {
  const keys = preset ? /** @type {(keyof typeof RANGES)[]} */ (Object.keys(PRESETS[preset].shape)) : [];
  return [
    preset ?? "own",
    `${kernel.rows}x${kernel.columns}`,
    ...keys.map((key) => `${key}${shape[key]}`),
    ...(stride.some((u) => u !== 1) ? [`s${stride.join("x")}`] : []),
    ...(dilation.some((u) => u !== 1) ? [`d${dilation.join("x")}`] : []),
    ...(padding === "same" ? [] : [padding === "valid" ? "pvalid" : `p${padding.join("x")}`]),
    ...(mode === "replicate" ? [] : [`m${mode}`]),
    ...(flip ? ["flip"] : []),
    ...(normalise ? ["norm"] : []),
    ...(bias ? [`b${bias}`] : []),
    ...(show === "clamp" ? [] : [`as${show}`]),
    ...(pass === "values" ? [] : [`to${pass}`]),
    ...(on ? [] : ["off"]),
    ...(learned
      ? [
          `k${encodeURIComponent(learned).replaceAll("_", "%5F").replaceAll("*", "%2A").replaceAll("!", "%21").replaceAll("%", "!")}`,
        ]
      : []),
    ...(preset ? [] : [`v${kernel.values.join("_")}`]),
  ].join("_");
}

/** @param {string} text @returns {State} @throws {Error} for what this page would not accept */
export function readChain(text) {
  const [first, ...rest] = text.split("*");
  const channels = first === "grey" ? "grey" : "rgb";
  const stages = (channels === "grey" ? rest : [first, ...rest]).map(readStage);
  expect(stages.length >= 1 && stages.length <= MOST_STAGES, `${stages.length} kernels`);
  return { channels, stages };
}

/** @param {State} state */
export const writeChain = ({ channels, stages }) =>
  [...(channels === "grey" ? ["grey"] : []), ...stages.map(writeStage)].join("*");
