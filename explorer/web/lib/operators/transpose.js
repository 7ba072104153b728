/** Transposed convolution, as `core.ops.naive.conv_transpose2d` writes it, for one image: every input element lays its multiple of the kernel into the output. */

import { short } from "../numbers.js";
import { divided, kept, size, summed, sumPieces, sumTold, unravel } from "../visits.js";
import { biasGradient } from "./conv_passes.js";
import { argument, call, gradientCall, windowLetters } from "./formulas.js";
import { channels, convolutionBegin, groupSetting, kernelSize } from "./kernels.js";
import { inputSizeTo, LARGEST, learningRate, pairSetting, withGradient } from "./settings.js";
import { descent } from "./update.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {[number, number, number]} Place */

const AXES = /** @type {const} */ (["rows", "columns"]);

/** Largest side of the input: strides make the output up to five times as large. */
const LARGEST_SIDE = 16;

/** Rows and columns: `extent` elements become `output`. @param {Case} given */
const axesOf = ({ settings: { stride, padding, outputPadding, dilation }, tensors: { input, weight } }) =>
  AXES.map((_, axis) => {
    const [extent, taps] = [input.shape[1 + axis], weight.shape[2 + axis]];
    const output =
      (extent - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (taps - 1) + outputPadding[axis] + 1;
    return {
      extent,
      taps,
      stride: stride[axis],
      padding: padding[axis],
      more: outputPadding[axis],
      dilation: dilation[axis],
      output,
    };
  });

/** @type {import("../arithmetic.js").Operator} */
export const transpose = {
  name: "transpose",
  family: "convolution",
  inputs: ["input", "weight", "bias", "gradOutput"],
  labels: {
    weight: ["K", "arithmetic.tensor.weight", "arithmetic.plane.transposed"],
    gradWeight: ["dL/dK", "arithmetic.tensor.gradWeight", "arithmetic.plane.transposed"],
    newWeight: ["K′", "arithmetic.tensor.newWeight", "arithmetic.plane.transposed"],
  },
  settings: [
    inputSizeTo(LARGEST_SIDE),
    kernelSize,
    pairSetting("stride", 1, LARGEST.stride),
    pairSetting("padding", 0, LARGEST.padding),
    pairSetting("outputPadding", 0, LARGEST.stride - 1),
    pairSetting("dilation", 1, LARGEST.dilation),
    channels,
    groupSetting,
    learningRate(["update"]),
  ],
  begin: (before) =>
    convolutionBegin(
      "transpose",
      before,
      { stride: [2, 2], padding: [0, 0], outputPadding: [0, 0], dilation: [1, 1], groups: 1, lr: 0.1 },
      LARGEST_SIDE,
    ),
  /** @returns {import("../arithmetic.js").Refusal | null} */
  refusal(given) {
    for (const [at, { stride, dilation, more, output, padding }] of axesOf(given).entries()) {
      if (more >= Math.max(stride, dilation))
        return { reason: "outputPadding", axis: AXES[at], numbers: { more, stride, dilation } };
      if (output < 1) return { reason: "empty", axis: AXES[at], numbers: { padding, output } };
    }
    return null;
  },
  fit: (given) =>
    withGradient(given, [
      given.tensors.weight.shape[1] * given.settings.groups,
      ...axesOf(given).map(({ output }) => output),
    ]),
  sizes: (given) => ({
    symbols: "(H − 1)·s − 2·p + d·(k − 1) + o + 1",
    axes: axesOf(given).map(({ extent, stride, padding, dilation, taps, more, output }, at) => ({
      axis: AXES[at],
      output,
      text: `(${extent} − 1)·${stride} − 2·${padding} + ${dilation}·(${taps} − 1) + ${more} + 1 = ${output}`,
    })),
  }),
  passes,
};

/** @param {Case} given @returns {Pass[]} */
function passes(given) {
  const {
    settings: { groups, lr, stride, padding, outputPadding, dilation },
    tensors: { input, weight, bias, gradOutput },
  } = given;
  const [rows, columns] = axesOf(given);
  const [C, H, W] = input.shape;
  const [, own, kH, kW] = weight.shape;
  const O = own * groups;
  const each = C / groups;
  const outputShape = [O, rows.output, columns.output];
  const shapes = { input: input.shape, weight: weight.shape, bias: bias.shape, gradOutput: outputShape };
  const weightAt = (
    /** @type {number} */ c,
    /** @type {number} */ o,
    /** @type {number} */ i,
    /** @type {number} */ j,
  ) => ((c * own + o) * kH + i) * kW + j;
  /** @type {import("../formula/fill.js").Values} */
  const letters = {
    n: null,
    ...(C > 1 ? {} : { c: null }),
    ...(O > 1 ? {} : { o: null }),
    ...(groups > 1 ? {} : { o_0: 0 }),
    ...windowLetters({ rows: { ...rows, before: rows.padding }, columns: { ...columns, before: columns.padding } }),
  };

  const common = {
    letters,
    .../** @type {const} */ ({ starts: "start", ends: "done", scatter: false, told: sumTold }),
  };

  /** Where tap i, j laid by the input's row and column falls. @param {number} o @param {number} row @param {number} col @param {number} i @param {number} j */
  function landing(o, row, col, i, j) {
    const [y, x] = [
      row * rows.stride - rows.padding + i * rows.dilation,
      col * columns.stride - columns.padding + j * columns.dilation,
    ];
    const index = landed(o, row, col, i, j);
    return { y, x, inside: index >= 0, index, around: index >= 0 ? null : /** @type {Place} */ ([o, y, x]) };
  }
  /** The element of the output there, or −1. @param {number} o @param {number} row @param {number} col @param {number} i @param {number} j */
  function landed(o, row, col, i, j) {
    const [y, x] = [
      row * rows.stride - rows.padding + i * rows.dilation,
      col * columns.stride - columns.padding + j * columns.dilation,
    ];
    return y >= 0 && y < rows.output && x >= 0 && x < columns.output ? (o * rows.output + y) * columns.output + x : -1;
  }
  const ring = {
    top: rows.padding,
    bottom: Math.max(0, rows.padding - rows.more),
    left: columns.padding,
    right: Math.max(0, columns.padding - columns.more),
  };

  /** @type {Pass} */
  const forward = {
    ...common,
    name: "forward",
    direction: "forward",
    function: "conv_transpose2d",
    reads: ["input", "weight", "bias"],
    slides: "input",
    targets: ["output"],
    rotated: true,
    torch: `Y = ${call("F.conv_transpose2d", ["X", "K", "b", argument("stride", stride, 1), argument("padding", padding), argument("output_padding", outputPadding), groups > 1 && `groups=${groups}`, argument("dilation", dilation, 1)])}`,
    shapes: { ...shapes, output: outputShape },
    count: size(outputShape),
    taps: each * kH * kW,
    grouped: "arithmetic.subtotal.in",
    scan(k, onread) {
      const [out, y, x] = unravel(k, outputShape);
      const [first, local] = [Math.floor(out / own) * each, out % own];
      let total = bias.values[out];
      for (let c = first; c < first + each; c++)
        for (let i = 0; i < kH; i++)
          for (let j = 0; j < kW; j++) {
            const row = (y + rows.padding - i * rows.dilation) / rows.stride;
            const col = (x + columns.padding - j * columns.dilation) / columns.stride;
            if (!Number.isInteger(row) || !Number.isInteger(col) || row < 0 || row >= H || col < 0 || col >= W)
              continue;
            const index = (c * H + row) * W + col;
            total += weight.values[weightAt(c, local, i, j)] * input.values[index];
            onread?.(index);
          }
      return total;
    },
    visit: kept((k) => {
      const [out, y, x] = unravel(k, outputShape);
      const [group, local] = divided(out, own);
      const terms = Array.from({ length: each * kH * kW }, (_, tap) => {
        const [step, i, j] = unravel(tap, [each, kH, kW]);
        const from = group * each + step;
        const [row, rowRest] = divided(y + rows.padding - i * rows.dilation, rows.stride);
        const [col, colRest] = divided(x + columns.padding - j * columns.dilation, columns.stride);
        const inside = rowRest === 0 && colRest === 0 && row >= 0 && row < H && col >= 0 && col < W;
        const cells = { weight: weightAt(from, local, i, j), input: inside ? (from * H + row) * W + col : -1 };
        return {
          vars: { ...(groups > 1 ? { channel: local } : {}), c: from, i, j, row, col },
          inside,
          cells,
          factors: [weight.values[cells.weight], inside ? input.values[cells.input] : 0],
          place: /** @type {Place} */ ([step, kH - 1 - i, kW - 1 - j]),
        };
      });
      return summed({
        vars: { n: 0, o: out, y, x },
        target: ["output", k],
        first: bias.values[out],
        slides: "input",
        terms,
        also: { bias: out },
        groups: Array.from({ length: each }, (_, step) => group * each + step),
      });
    }),
    worked: (visit) => sumPieces(visit, true),
    told: (visit, phase) => sumTold(visit, phase, `, + b = ${short(visit.start.total, 7)}`, "arithmetic.between"),
  };

  /** @type {Pass} */
  const inputGrad = {
    ...common,
    name: "inputGrad",
    direction: "backward",
    function: "conv_transpose2d_input_grad",
    torch: gradientCall("X"),
    reads: ["gradOutput", "weight"],
    slides: "gradOutput",
    targets: ["gradInput"],
    ring,
    shapes: { ...shapes, gradInput: input.shape },
    count: size(input.shape),
    taps: own * kH * kW,
    grouped: "arithmetic.subtotal.out",
    scan(k) {
      const [from, row, col] = unravel(k, input.shape);
      const start = Math.floor(from / each) * own;
      let total = 0;
      for (let o = 0; o < own; o++)
        for (let i = 0; i < kH; i++)
          for (let j = 0; j < kW; j++) {
            const index = landed(start + o, row, col, i, j);
            if (index >= 0) total += weight.values[weightAt(from, o, i, j)] * gradOutput.values[index];
          }
      return total;
    },
    visit: kept((k) => {
      const [from, row, col] = unravel(k, input.shape);
      const start = Math.floor(from / each) * own;
      const terms = Array.from({ length: own * kH * kW }, (_, tap) => {
        const [local, i, j] = unravel(tap, [own, kH, kW]);
        const { y, x, inside, index, around } = landing(start + local, row, col, i, j);
        const cells = { weight: weightAt(from, local, i, j), gradOutput: index };
        return {
          vars: { ...(groups > 1 ? { first: start } : {}), o: local, i, j, y, x },
          inside,
          around,
          cells,
          factors: [weight.values[cells.weight], inside ? gradOutput.values[index] : 0],
          place: /** @type {Place} */ ([local, i, j]),
        };
      });
      return summed({
        vars: { n: 0, c: from, row, col },
        target: ["gradInput", k],
        slides: "gradOutput",
        terms,
        groups: Array.from({ length: own }, (_, local) => start + local),
      });
    }),
    worked: (visit) => sumPieces(visit),
  };

  /** @type {Pass} */
  const weightGrad = {
    ...common,
    name: "weightGrad",
    direction: "backward",
    function: "conv_transpose2d_weight_grad",
    torch: gradientCall("K"),
    reads: ["input", "gradOutput"],
    slides: "gradOutput",
    targets: ["gradWeight"],
    ring,
    shapes: { ...shapes, gradWeight: weight.shape },
    count: size(weight.shape),
    taps: H * W,
    scan(k) {
      const [from, local, i, j] = unravel(k, weight.shape);
      const start = Math.floor(from / each) * own;
      let total = 0;
      for (let row = 0; row < H; row++)
        for (let col = 0; col < W; col++) {
          const index = landed(start + local, row, col, i, j);
          if (index >= 0) total += input.values[(from * H + row) * W + col] * gradOutput.values[index];
        }
      return total;
    },
    visit: kept((k) => {
      const [from, local, i, j] = unravel(k, weight.shape);
      const start = Math.floor(from / each) * own;
      const terms = Array.from({ length: H * W }, (_, tap) => {
        const [row, col] = unravel(tap, [H, W]);
        const { y, x, inside, index, around } = landing(start + local, row, col, i, j);
        const cells = { input: from * H * W + tap, gradOutput: index };
        return {
          vars: { ...(groups > 1 ? { first: start } : {}), n: 0, row, col, y, x },
          inside,
          around,
          cells,
          factors: [input.values[cells.input], inside ? gradOutput.values[index] : 0],
          place: /** @type {Place} */ ([0, row, col]),
        };
      });
      return summed({ vars: { c: from, o: local, i, j }, target: ["gradWeight", k], slides: "gradOutput", terms });
    }),
    worked: (visit) => sumPieces(visit),
  };

  const biasGrad = biasGradient(gradOutput, {
    letters,
    torch: gradientCall("b"),
  });
  const update = descent(lr, [
    { name: "weight", letter: "K", tensor: weight, gradient: "gradWeight", pass: weightGrad, next: "newWeight" },
    { name: "bias", letter: "b", tensor: bias, gradient: "gradBias", pass: biasGrad, next: "newBias" },
  ]);
  return [forward, inputGrad, weightGrad, biasGrad, update];
}
