/** What max and average pooling have in common: windows of taps over every channel, and their settings. */

import { size, unravel } from "../visits.js";
import { argument, pair, windowLetters } from "./formulas.js";
import {
  channelCounts,
  gradientOf,
  inputSize,
  LARGEST,
  pairSetting,
  pictureOf,
  plainSetting,
  repeated,
  withGradient,
  withTensors,
} from "./settings.js";
import { sizesOf } from "./sizes.js";
import { beyond, poolWindows } from "./windows.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */

/** Channels of the input. @type {import("../arithmetic.js").Setting} */
export const inputChannels = {
  key: "channels",
  parts: [
    {
      key: "inputs",
      kind: "count",
      label: "arithmetic.inputs",
      options: channelCounts(LARGEST.inputs),
      get: ({ tensors }) => tensors.input.shape[0],
      set: (given, inputs) => withTensors(given, { input: repeated(given.tensors.input, [inputs]) }),
    },
  ],
};

/** @param {Case} given */
function windows({ settings: { kernel, stride, padding, dilation, ceil }, tensors: { input } }) {
  return poolWindows(input.shape.slice(1), { kernel, stride, padding, dilation: dilation ?? [1, 1], ceil });
}

/** @param {Case} given */
export function axesOf(given) {
  const { axes } = windows(given);
  if (!axes) throw new Error("the settings are impossible: ask refusal first");
  return axes;
}

/** The output's size. @param {Case} given */
export function outputOf(given) {
  const { rows, columns } = axesOf(given);
  return [given.tensors.input.shape[0], rows.output, columns.output];
}

/** What both poolings are. @param {string} name @param {import("../arithmetic.js").Setting[]} own settings of one of them @param {Record<string, any>} initial their first values */
export const poolingOf = (name, own, initial) => ({
  name,
  family: "pooling",
  inputs: ["input", "gradOutput"],
  labels: {},
  settings: [
    inputSize,
    pairSetting("kernel", 1, LARGEST.kernel),
    pairSetting("stride", 1, LARGEST.stride),
    pairSetting("padding", 0, LARGEST.padding),
    ...own,
    plainSetting("ceil", "switch"),
    inputChannels,
  ],
  /** Windows that do not overlap, or those of the pooling before. @param {Case | null} before @returns {Case} */
  begin(before) {
    const input = pictureOf(before) ?? { shape: [1, 4, 4], values: Array.from({ length: 16 }, (_, k) => k + 1) };
    const window = input.shape.slice(1).map((extent) => Math.min(2, extent));
    const earlier = before?.settings.kernel
      ? {
          kernel: before.settings.kernel,
          stride: before.settings.stride,
          padding: before.settings.padding,
          ceil: before.settings.ceil,
        }
      : {};
    return {
      op: name,
      settings: { kernel: window, stride: window, padding: [0, 0], ceil: false, ...initial, ...earlier },
      tensors: { input, gradOutput: gradientOf(before) },
    };
  },
  refusal: (/** @type {Case} */ given) => windows(given).refusal,
  fit: (/** @type {Case} */ given) => withGradient(given, outputOf(given)),
  sizes: (/** @type {Case} */ given) => sizesOf(axesOf(given), given.settings.ceil),
});

/** The taps of an output's window, over the input and over padding. @param {Case} given @param {ReturnType<typeof axesOf>} axes its own @param {number} k the output's element */
export function tapsOf({ tensors: { input } }, { rows, columns }, k) {
  const [, H, W] = input.shape;
  const [c, y, x] = unravel(k, [input.shape[0], rows.output, columns.output]);
  return Array.from({ length: rows.taps * columns.taps }, (_, tap) => {
    const [i, j] = unravel(tap, [rows.taps, columns.taps]);
    const [row, col] = [
      y * rows.stride - rows.before + i * rows.dilation,
      x * columns.stride - columns.before + j * columns.dilation,
    ];
    const inside = row >= 0 && row < H && col >= 0 && col < W;
    const index = inside ? (c * H + row) * W + col : -1;
    return {
      vars: { i, j, row, col },
      inside,
      cells: { input: index },
      factors: [inside ? input.values[index] : 0],
      place: /** @type {[number, number, number]} */ ([0, i, j]),
      around: inside ? null : /** @type {[number, number, number]} */ ([c, row, col]),
    };
  });
}

/** The elements of an output's window that lie inside the input, in the order of the loops. @param {Case} given @param {ReturnType<typeof axesOf>} axes its own @param {number} k the output's element @param {(index: number) => void} onread */
export function eachInside({ tensors: { input } }, { rows, columns }, k, onread) {
  const [, H, W] = input.shape;
  const [c, y, x] = unravel(k, [input.shape[0], rows.output, columns.output]);
  for (let i = 0; i < rows.taps; i++) {
    const row = y * rows.stride - rows.before + i * rows.dilation;
    if (row < 0 || row >= H) continue;
    for (let j = 0; j < columns.taps; j++) {
      const col = x * columns.stride - columns.before + j * columns.dilation;
      if (col >= 0 && col < W) onread((c * H + row) * W + col);
    }
  }
}

/** The outer loop's variables. @param {number} k @param {number[]} shape of the output */
export function loopOf(k, shape) {
  const [c, y, x] = unravel(k, shape);
  return { n: 0, c, y, x };
}

/** Padding to draw, where windows lie over it. @param {ReturnType<typeof axesOf>} axes */
export const ringOf = ({ rows, columns }) => ({
  top: rows.before,
  bottom: beyond(rows),
  left: columns.before,
  right: beyond(columns),
});

/** What stands for letters of the formulas: the numbers of the settings, no sample, no channel where there is one. @param {Case} given */
export const indicesOf = ({ tensors: { input } }) => ({ n: null, ...(input.shape[0] > 1 ? {} : { c: null }) });

/** Arguments of the call, those that are not PyTorch's defaults. @param {Case} given */
export const argumentsOf = ({ settings: { kernel, stride, padding, dilation, ceil } }) => [
  "X",
  pair(kernel),
  String(stride) !== String(kernel) && `stride=${pair(stride)}`,
  argument("padding", padding),
  dilation && argument("dilation", dilation, 1),
  ceil && "ceil_mode=True",
];

/** What the passes of a pooling share. @param {Case} given */
export function commonOf(given) {
  const { input } = given.tensors;
  const outputShape = outputOf(given);
  return {
    shapes: { input: input.shape, gradOutput: outputShape, output: outputShape, gradInput: input.shape },
    count: size(outputShape),
    outputShape,
    letters: { ...indicesOf(given), ...windowLetters(axesOf(given)) },
  };
}
