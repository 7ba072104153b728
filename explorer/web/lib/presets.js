/** Cases to start from: the worked numbers of tutorials, with the right answers and what was printed instead. */

import { fitting } from "./arithmetic.js";
import { short } from "./numbers.js";
import { tensor3 } from "./case.js";

/** @typedef {import("./case.js").Case} Case */
/** @typedef {Omit<Case, "preset">} Start */
/**
 * `right`: the pass's result, row by row; `printed`: what a tutorial prints for it where that is wrong;
 * `digits` that are written.
 * @typedef {{ pass: string, make: () => Start, right?: number[], printed?: number[], digits?: number }} Preset
 */

/** @param {number} rows @param {number} columns 1, 2, 3 and so on */
const counted = (rows, columns) =>
  tensor3([
    Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => row * columns + column + 1),
    ),
  ]);

/** @param {number[][]} rows @returns {import("./arithmetic.js").Tensor} (1, 1, kH, kW) */
const kernel = (rows) => ({ shape: [1, 1, rows.length, rows[0].length], values: rows.flat() });

const ONE = tensor3([[[1]]]);

/** @param {Record<string, import("./arithmetic.js").Tensor>} [tensors] @returns {Start} */
const plain = (tensors) => ({
  op: "conv",
  settings: { stride: [1, 1], padding: [0, 0], dilation: [1, 1], mode: "zeros", groups: 1, flip: false, lr: 0.1 },
  tensors: {
    input: counted(3, 3),
    weight: kernel([
      [1, 0],
      [0, 1],
    ]),
    bias: { shape: [1], values: [0] },
    gradOutput: ONE,
    ...tensors,
  },
});

/** Side of the large example. */
const SIDE = 64;

/** A disc of 9 and a square of 5 on a ground that brightens downwards. @param {number} side @returns {number[]} row by row */
const scene = (side) =>
  Array.from({ length: side * side }, (_, k) => {
    const [y, x] = [Math.floor(k / side) / side, (k % side) / side];
    if (Math.hypot(x - 0.36, y - 0.4) < 0.24) return 9;
    return x > 0.52 && x < 0.86 && y > 0.5 && y < 0.84 ? 5 : Math.floor(3 * y);
  });

const GRADIENT = tensor3([
  [
    [1, 2],
    [3, 4],
  ],
]);

/** Windows of 2 by 2 over 1 to 16. @param {import("./arithmetic.js").Tensor} gradOutput @returns {Start} */
const pooled = (gradOutput) => ({
  op: "max",
  settings: { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceil: false },
  tensors: { input: counted(4, 4), gradOutput },
});

/** The probabilities of a tutorial's cross-entropy, and its true class. */
export const PREDICTED = [0.1, 0.2, 0.5, 0.2];
export const TRUE_CLASS = 2;

/** Logits whose softmax are those probabilities: their logarithms. @returns {Start} */
const classified = () => ({
  op: "crossEntropy",
  settings: { reduction: "mean" },
  tensors: {
    input: { shape: [1, 4], values: PREDICTED.map(Math.log) },
    target: { shape: [1], values: [TRUE_CLASS] },
    gradOutput: { shape: [1], values: [1] },
  },
});

/** @type {Record<string, Preset>} */
export const PRESETS = {
  edge: {
    pass: "forward",
    make: () =>
      plain({
        input: tensor3([
          [
            [1, 2, 8, 9, 8],
            [0, 1, 7, 9, 9],
            [2, 1, 8, 8, 9],
            [1, 0, 2, 7, 8],
            [0, 1, 1, 2, 7],
          ],
        ]),
        weight: kernel([
          [-1, 0, 1],
          [-2, 0, 2],
          [-1, 0, 1],
        ]),
      }),
  },
  large: {
    pass: "forward",
    make: () =>
      plain({
        input: { shape: [1, SIDE, SIDE], values: scene(SIDE) },
        weight: kernel([
          [-1, 0, 1],
          [-2, 0, 2],
          [-1, 0, 1],
        ]),
      }),
  },
  valid: { pass: "forward", make: () => plain(), right: [6, 8, 12, 14] },
  firsttap: { pass: "forward", make: () => plain(), right: [6, 8, 12, 14], printed: [1, 2, 4, 5] },
  inputgrad: {
    pass: "inputGrad",
    make: () => plain({ gradOutput: GRADIENT }),
    right: [1, 2, 0, 3, 5, 2, 0, 3, 4],
    printed: [1, 2, 0, 3, 4, 0, 0, 0, 0],
  },
  weightgrad: {
    pass: "weightGrad",
    make: () => plain({ gradOutput: GRADIENT }),
    right: [37, 47, 67, 77],
    printed: [23, 34, 31, 46],
  },
  maxpool: {
    pass: "forward",
    right: [6, 8, 14, 16],
    make: () => pooled(ONE),
  },
  maxpoolgrad: {
    pass: "inputGrad",
    make: () => pooled(GRADIENT),
    right: [0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4],
  },
  crossentropy: { pass: "rows", make: classified, right: [Math.LN2], digits: 4 },
  pminusy: { pass: "inputGrad", make: classified, right: [0.1, 0.2, -0.5, 0.2], digits: 4 },
};

/** @param {string} name @returns {Case} */
export const presetCase = (name) => fitting({ ...PRESETS[name].make(), preset: name });

/** Rows of a flat list, as a tutorial writes a matrix; one number alone. @param {ArrayLike<number>} values @param {number} columns @param {number} [digits] */
export function written(values, columns, digits = 7) {
  const texts = Array.from(values, (value) => short(value, digits));
  if (texts.length === 1) return texts[0];
  const rows = Array.from(
    { length: texts.length / columns },
    (_, row) => `[${texts.slice(row * columns, (row + 1) * columns).join(", ")}]`,
  );
  return rows.length === 1 ? rows[0] : `[${rows.join(", ")}]`;
}

/** Rounding in the last digits, of logarithms and exponentials. */
const ROUNDING = 1e-12;

/** Whether a result is the right one. @param {ArrayLike<number>} values @param {number[]} right */
export const isRight = (values, right) =>
  right.length === values.length && right.every((value, k) => Math.abs(value - values[k]) <= ROUNDING);

/** Chains of layers whose sizes tutorials work out: [operation, taps, stride] from a side of 28. @type {["conv" | "pool", number, number][][]} */
export const CHAINS = [
  [
    ["conv", 3, 1],
    ["pool", 2, 2],
  ],
  [
    ["conv", 5, 1],
    ["pool", 2, 2],
    ["conv", 5, 1],
    ["pool", 2, 2],
  ],
];

/** −ln p of the true class. @param {number[]} probabilities @param {number} target */
export const crossEntropy = (probabilities, target) => -Math.log(probabilities[target]);
