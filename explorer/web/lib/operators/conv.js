/** Convolution, as `core.ops.naive.conv2d` and, with the kernel rotated, `convolve2d` write it, for one image. */

import { sourceOf, windowsOf } from "../conv.js";
import { largestOf, short } from "../numbers.js";
import { divided, kept, products, size, summed, sumPieces, sumTold, unravel } from "../visits.js";
import { wordsOf } from "./conv_words.js";
import { folding } from "./pad.js";
import { channels, convolutionBegin, groupSetting, kernelSize } from "./kernels.js";
import { inputSize, LARGEST, learningRate, pairSetting, plainSetting, withGradient, withSettings } from "./settings.js";
import { sizesOf } from "./sizes.js";
import { descent } from "./update.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {[number, number, number]} Place */

/** @param {Case} given */
function windows({ settings: { stride, padding, dilation, mode }, tensors: { input, weight } }) {
  const [H, W] = input.shape.slice(1);
  const [rows, columns] = weight.shape.slice(2);
  return windowsOf(H, W, { rows, columns, values: [] }, { stride, dilation, padding, mode });
}

/** @param {Case} given */
function axesOf(given) {
  const { geometry } = windows(given);
  if (!geometry) throw new Error("the settings are impossible: ask refusal first");
  return geometry;
}

/** @type {import("../arithmetic.js").Operator} */
export const conv = {
  name: "conv",
  family: "convolution",
  inputs: ["input", "weight", "bias", "gradOutput"],
  labels: { gradPadded: ["dL/dX̃", "arithmetic.tensor.gradPadded"] },
  settings: [
    inputSize,
    kernelSize,
    pairSetting("stride", 1, LARGEST.stride),
    {
      key: "padding",
      between: "×",
      parts: [
        {
          key: "fit",
          kind: "choice",
          label: "arithmetic.fit",
          options: () => ["numbers", "same", "valid"],
          get: ({ settings: { padding } }) => (typeof padding === "string" ? padding : "numbers"),
          set: (given, fit) => withSettings(given, { padding: fit === "numbers" ? [0, 0] : fit }),
        },
        ...pairSetting("padding", 0, LARGEST.padding).parts.map((part) => ({
          ...part,
          hidden: (/** @type {Case} */ { settings }) => typeof settings.padding === "string",
        })),
      ],
    },
    plainSetting("mode", "choice", { options: () => ["zeros", "reflect", "replicate", "circular"] }),
    pairSetting("dilation", 1, LARGEST.dilation),
    channels,
    groupSetting,
    plainSetting("flip", "switch"),
    learningRate(["update"]),
  ],

  begin: (before) =>
    convolutionBegin("conv", before, {
      stride: [1, 1],
      padding: [0, 0],
      dilation: [1, 1],
      mode: "zeros",
      groups: 1,
      flip: false,
      lr: 0.1,
    }),
  refusal(given) {
    const { stride, padding } = given.settings;
    if (padding === "same" && largestOf(stride) > 1) return { reason: "same", numbers: { stride: largestOf(stride) } };
    return windows(given).refusal;
  },
  fit(given) {
    const { rows, columns } = axesOf(given);
    return withGradient(given, [given.tensors.weight.shape[0], rows.output, columns.output]);
  },
  sizes: (given) => sizesOf(axesOf(given)),
  passes,
};

/** @param {Case} given @returns {Pass[]} */
function passes(given) {
  const {
    settings: { flip, lr, groups, mode },
    tensors: { input, weight, bias, gradOutput },
  } = given;
  const { rows, columns } = axesOf(given);
  const [C, H, W] = input.shape;
  const [O, each, kH, kW] = weight.shape;
  const [outH, outW] = [rows.output, columns.output];
  const name = flip ? "convolve2d" : "conv2d";
  const padded = mode !== "zeros" && rows.before + rows.after + columns.before + columns.after > 0;
  /** Where the loops count rows and columns from: padding that holds numbers is laid around the input before they run. */
  const [top, left, runH, runW] = padded ? [0, 0, rows.padded, columns.padded] : [rows.before, columns.before, H, W];
  const outputShape = [O, outH, outW];
  const runShape = [C, runH, runW];
  const shapes = { input: input.shape, weight: weight.shape, bias: bias.shape, gradOutput: outputShape };
  /** Where tap i or j of the kernel lies in its window, counted in taps from the first row or column. */
  const down = (/** @type {number} */ i) => (flip ? kH - 1 - i : i);
  const across = (/** @type {number} */ j) => (flip ? kW - 1 - j : j);
  const at = {
    weight: (/** @type {number} */ o, /** @type {number} */ c, /** @type {number} */ i, /** @type {number} */ j) =>
      ((o * each + c) * kH + i) * kW + j,
    output: (/** @type {number} */ o, /** @type {number} */ y, /** @type {number} */ x) => (o * outH + y) * outW + x,
  };
  const firstOf = (/** @type {number} */ o) => Math.floor(o / (O / groups)) * each;
  const said = (/** @type {number} */ first, /** @type {Record<string, number>} */ vars) =>
    groups > 1 ? { first, ...vars } : vars;
  /** The element that stands at a row and column of the padded plane c, counted as the loops do, or −1. @param {number} c @param {number} row @param {number} col */
  function elementAt(c, row, col) {
    const fromRow = sourceOf(row - rows.before + top, H, mode);
    const fromCol = sourceOf(col - columns.before + left, W, mode);
    return fromRow >= 0 && fromCol >= 0 ? (c * H + fromRow) * W + fromCol : -1;
  }
  /** What stands there. @param {number} c @param {number} row @param {number} col */
  function read(c, row, col) {
    const y = row - rows.before + top;
    const x = col - columns.before + left;
    const index = elementAt(c, row, col);
    const inside = index >= 0;
    const around = y < 0 || y >= H || x < 0 || x >= W ? /** @type {Place} */ ([c, y, x]) : null;
    return { inside, index, around, value: inside ? input.values[index] : 0 };
  }
  const rowOf = (/** @type {number} */ y, /** @type {number} */ i) => y * rows.stride - top + down(i) * rows.dilation;
  const colOf = (/** @type {number} */ x, /** @type {number} */ j) =>
    x * columns.stride - left + across(j) * columns.dilation;
  const ring = {
    top: rows.before,
    bottom: rows.after,
    left: columns.before,
    right: columns.after,
    ...(padded
      ? {
          value: (/** @type {number} */ c, /** @type {number} */ row, /** @type {number} */ col) =>
            read(c, row + rows.before - top, col + columns.before - left).value,
        }
      : {}),
  };
  const common = /** @type {const} */ ({ starts: "start", ends: "done", scatter: false, told: sumTold });
  const words = wordsOf(given, padded);

  /** @type {Pass} */
  const forward = {
    ...common,
    ...words.forward,
    name: "forward",
    direction: "forward",
    function: name,
    reads: ["input", "weight", "bias"],
    slides: "input",
    targets: ["output"],
    ring,
    shapes: { ...shapes, output: outputShape },
    count: size(outputShape),
    taps: each * kH * kW,
    grouped: "arithmetic.subtotal.in",
    rotated: flip,
    signs: [flip ? "∗" : "⋆", "+"],
    scan(k, onread) {
      const [o, y, x] = unravel(k, outputShape);
      let total = bias.values[o];
      for (let c = 0; c < each; c++)
        for (let i = 0; i < kH; i++)
          for (let j = 0; j < kW; j++) {
            const index = elementAt(firstOf(o) + c, rowOf(y, i), colOf(x, j));
            if (index < 0) continue;
            total += weight.values[at.weight(o, c, i, j)] * input.values[index];
            onread?.(index);
          }
      return total;
    },
    visit: kept((k) => {
      const [o, y, x] = unravel(k, outputShape);
      const first = firstOf(o);
      const terms = Array.from({ length: each * kH * kW }, (_, tap) => {
        const [c, i, j] = unravel(tap, [each, kH, kW]);
        const [row, col] = [rowOf(y, i), colOf(x, j)];
        const { inside, index, around, value } = read(first + c, row, col);
        const cells = { weight: at.weight(o, c, i, j), input: index };
        return {
          vars: said(first, { c, i, j, row, col }),
          inside,
          cells,
          around,
          factors: [weight.values[cells.weight], value],
          place: /** @type {Place} */ ([c, down(i), across(j)]),
        };
      });
      return summed({
        vars: { n: 0, o, y, x },
        target: ["output", k],
        first: bias.values[o],
        slides: "input",
        terms,
        also: { bias: o },
        groups: Array.from({ length: each }, (_, c) => first + c),
      });
    }),
    worked: (visit) => sumPieces(visit, true),
    told: (visit, phase) => sumTold(visit, phase, `, + b = ${short(visit.start.total, 7)}`),
  };

  /** Padding of the output's gradient that windows of the input's gradient lie over. @param {{ span: number, stride: number }} axis @param {number} before */
  const reachedBy = ({ span, stride }, before) => (stride > 1 ? 0 : Math.max(0, span - 1 - before));
  const [reachedDown, reachedAcross] = [reachedBy(rows, top), reachedBy(columns, left)];
  const inputGradTarget = padded ? "gradPadded" : "gradInput";
  /** @type {Pass} */
  const inputGrad = {
    ...common,
    ...words.inputGrad,
    name: padded ? "paddedGrad" : "inputGrad",
    direction: "backward",
    function: `${name}_input_grad`,
    reads: ["gradOutput", "weight"],
    slides: "gradOutput",
    targets: [inputGradTarget],
    ring: { top: reachedDown, bottom: reachedDown, left: reachedAcross, right: reachedAcross },
    shapes: { ...shapes, [inputGradTarget]: runShape },
    count: size(runShape),
    taps: (O / groups) * kH * kW,
    grouped: "arithmetic.subtotal.out",
    rotated: !flip,
    scan(k) {
      const [c, row, col] = unravel(k, runShape);
      const [first, channel] = [Math.floor(c / each) * (O / groups), c % each];
      let total = 0;
      for (let o = first; o < first + O / groups; o++)
        for (let i = 0; i < kH; i++)
          for (let j = 0; j < kW; j++) {
            const y = (row + top - down(i) * rows.dilation) / rows.stride;
            const x = (col + left - across(j) * columns.dilation) / columns.stride;
            if (Number.isInteger(y) && Number.isInteger(x) && y >= 0 && y < outH && x >= 0 && x < outW)
              total += weight.values[at.weight(o, channel, i, j)] * gradOutput.values[at.output(o, y, x)];
          }
      return total;
    },
    visit: kept((k) => {
      const [c, row, col] = unravel(k, runShape);
      const [group, channel] = divided(c, each);
      const first = group * (O / groups);
      const terms = Array.from({ length: (O / groups) * kH * kW }, (_, tap) => {
        const [step, i, j] = unravel(tap, [O / groups, kH, kW]);
        const o = first + step;
        const [y, yRest] = divided(row + top - down(i) * rows.dilation, rows.stride);
        const [x, xRest] = divided(col + left - across(j) * columns.dilation, columns.stride);
        const inside = yRest === 0 && xRest === 0 && y >= 0 && y < outH && x >= 0 && x < outW;
        const cells = { weight: at.weight(o, channel, i, j), gradOutput: inside ? at.output(o, y, x) : -1 };
        return {
          vars: { ...(groups > 1 ? { channel } : {}), o, i, j, y, x },
          inside,
          cells,
          factors: [weight.values[cells.weight], inside ? gradOutput.values[cells.gradOutput] : 0],
          around: inside || yRest || xRest ? null : /** @type {Place} */ ([o, y, x]),
          place: /** @type {Place} */ ([step, kH - 1 - down(i), kW - 1 - across(j)]),
        };
      });
      return summed({
        vars: { n: 0, c, row, col },
        target: [inputGradTarget, k],
        slides: "gradOutput",
        terms,
        groups: Array.from({ length: O / groups }, (_, step) => first + step),
      });
    }),
    worked: (visit) => sumPieces(visit),
    told: (visit, phase) => sumTold(visit, phase, "", "arithmetic.between"),
  };

  /** @type {Pass} */
  const weightGrad = {
    ...common,
    ...words.weightGrad,
    name: "weightGrad",
    direction: "backward",
    function: `${name}_weight_grad`,
    reads: ["input", "gradOutput"],
    slides: "input",
    targets: ["gradWeight"],
    ring,
    shapes: { ...shapes, gradWeight: weight.shape },
    count: size(weight.shape),
    taps: outH * outW,
    scan(k) {
      const [o, c, i, j] = unravel(k, weight.shape);
      let total = 0;
      for (let y = 0; y < outH; y++)
        for (let x = 0; x < outW; x++) {
          const index = elementAt(firstOf(o) + c, rowOf(y, i), colOf(x, j));
          if (index >= 0) total += gradOutput.values[at.output(o, y, x)] * input.values[index];
        }
      return total;
    },
    visit: kept((k) => {
      const [o, c, i, j] = unravel(k, weight.shape);
      const first = firstOf(o);
      const terms = [];
      for (let y = 0; y < outH; y++)
        for (let x = 0; x < outW; x++) {
          const row = rowOf(y, i);
          const col = colOf(x, j);
          const { inside, index, around, value } = read(first + c, row, col);
          const cells = { gradOutput: at.output(o, y, x), input: index };
          terms.push({
            vars: said(first, { n: 0, y, x, row, col }),
            inside,
            cells,
            around,
            factors: [gradOutput.values[cells.gradOutput], value],
            place: /** @type {Place} */ ([0, y, x]),
          });
        }
      return summed({ vars: { o, c, i, j }, target: ["gradWeight", k], slides: "input", terms });
    }),
    worked: (visit) => sumPieces(visit),
  };

  const biasGrad = biasGradient(gradOutput, words.biasGrad);
  const fold = padded ? [folding(given, inputGrad, { rows, columns, mode })] : [];
  const update = descent(lr, [
    { name: "weight", letter: "K", tensor: weight, gradient: "gradWeight", pass: weightGrad, next: "newWeight" },
    { name: "bias", letter: "b", tensor: bias, gradient: "gradBias", pass: biasGrad, next: "newBias" },
  ]);
  return [forward, inputGrad, ...fold, weightGrad, biasGrad, update];
}

/** dL/db of a convolution: the sum over rows and columns. @param {import("../arithmetic.js").Tensor} gradOutput @param {Pick<Pass, "letters" | "torch">} words @returns {Pass} */
export function biasGradient(gradOutput, words) {
  const [O, outH, outW] = gradOutput.shape;
  return {
    ...words,
    name: "biasGrad",
    direction: "backward",
    function: "conv2d_bias_grad",
    reads: ["gradOutput"],
    slides: "gradOutput",
    targets: ["gradBias"],
    shapes: { gradOutput: gradOutput.shape, gradBias: [O] },
    count: O,
    taps: outH * outW,
    starts: "start",
    ends: "done",
    scatter: false,
    told: sumTold,
    scan: (o) =>
      gradOutput.values.slice(o * outH * outW, (o + 1) * outH * outW).reduce((total, value) => total + value, 0),
    visit: kept((o) =>
      summed({
        vars: { o },
        target: ["gradBias", o],
        slides: "gradOutput",
        terms: Array.from({ length: outH * outW }, (_, tap) => {
          const [y, x] = unravel(tap, [outH, outW]);
          const cell = o * outH * outW + tap;
          return {
            vars: { n: 0, y, x },
            cells: { gradOutput: cell },
            factors: [gradOutput.values[cell]],
            place: /** @type {Place} */ ([0, y, x]),
          };
        }),
      }),
    ),
    worked: products,
  };
}
