/** Cases to start from: the worked numbers of tutorials, with the right answers and what was printed instead. */

import { fitting } from "../lib/arithmetic.js";
import { tensor3 } from "./state.js";

/** @typedef {import("./state.js").Case} Case */
/** @typedef {Omit<Case, "preset">} Start */
/**
 * `right`: the pass's result, row by row; `printed`: what a tutorial prints for it where that is wrong.
 * @typedef {{ pass: string, make: () => Start, right?: number[], printed?: number[] }} Preset
 */

/** @param {number} rows @param {number} columns 1, 2, 3 and so on */
const counted = (rows, columns) => tensor3([Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => row * columns + column + 1))]);

/** @param {number[][]} rows @returns {import("../lib/arithmetic.js").Tensor} (1, 1, kH, kW) */
const kernel = (rows) => ({ shape: [1, 1, rows.length, rows[0].length], values: rows.flat() });

const ONE = tensor3([[[1]]]);

/** @param {Record<string, import("../lib/arithmetic.js").Tensor>} [tensors] @returns {Start} */
const plain = (tensors) => ({
  op: "conv", settings: { stride: [1, 1], padding: [0, 0], dilation: [1, 1], mode: "zeros", groups: 1, flip: false, lr: 0.1 },
  tensors: { input: counted(3, 3), weight: kernel([[1, 0], [0, 1]]), bias: { shape: [1], values: [0] }, gradOutput: ONE, ...tensors },
});

const GRADIENT = tensor3([[[1, 2], [3, 4]]]);

/** @type {Record<string, Preset>} */
export const PRESETS = {
  edge: {
    pass: "forward",
    make: () => plain({
      input: tensor3([[[1, 2, 8, 9, 8], [0, 1, 7, 9, 9], [2, 1, 8, 8, 9], [1, 0, 2, 7, 8], [0, 1, 1, 2, 7]]]),
      weight: kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    }),
  },
  valid: { pass: "forward", make: () => plain(), right: [6, 8, 12, 14] },
  firsttap: { pass: "forward", make: () => plain(), right: [6, 8, 12, 14], printed: [1, 2, 4, 5] },
  inputgrad: { pass: "inputGrad", make: () => plain({ gradOutput: GRADIENT }), right: [1, 2, 0, 3, 5, 2, 0, 3, 4], printed: [1, 2, 0, 3, 4, 0, 0, 0, 0] },
  weightgrad: { pass: "weightGrad", make: () => plain({ gradOutput: GRADIENT }), right: [37, 47, 67, 77], printed: [23, 34, 31, 46] },
  maxpool: {
    pass: "forward", right: [6, 8, 14, 16],
    make: () => ({ op: "max", settings: { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceil: false }, tensors: { input: counted(4, 4), gradOutput: ONE } }),
  },
};

/** @param {string} name @returns {Case} */
export const presetCase = (name) => fitting({ ...PRESETS[name].make(), preset: name });

/** Rows of a flat list, as a tutorial writes a matrix. @param {ArrayLike<number>} values @param {number} columns */
export const written = (values, columns) =>
  `[${Array.from({ length: values.length / columns }, (_, row) => `[${Array.from(values).slice(row * columns, (row + 1) * columns).join(", ")}]`).join(", ")}]`;

/** Chains of layers whose sizes tutorials work out: [operation, taps, stride] from a side of 28. @type {["conv" | "pool", number, number][][]} */
export const CHAINS = [
  [["conv", 3, 1], ["pool", 2, 2]],
  [["conv", 5, 1], ["pool", 2, 2], ["conv", 5, 1], ["pool", 2, 2]],
];

/** The probabilities of a tutorial's cross-entropy, and its true class. */
export const PREDICTED = [0.1, 0.2, 0.5, 0.2];
export const TRUE_CLASS = 2;

/** −ln p of the true class. @param {number[]} probabilities @param {number} target */
export const crossEntropy = (probabilities, target) => -Math.log(probabilities[target]);
