/** The passes of a transposed convolution: where each tap that an input element lays falls, forward and back. */

import { short } from "../numbers.js";
import { divided, kept, size, summed, sumPieces, sumTold, unravel } from "../visits.js";
import { argument, call, gradientCall, windowLetters } from "./formulas.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {[number, number, number]} Place */
/** @typedef {ReturnType<typeof placesOf>} Places */
/** One axis: `extent` elements become `output`. @typedef {{ extent: number, taps: number, stride: number, padding: number, more: number, dilation: number, output: number }} Axis */

/** Where a tap falls that an element lays. @param {Axis} axis @param {number} element @param {number} tap */
const fallsOn = ({ stride, padding, dilation }, element, tap) => element * stride - padding + tap * dilation;

/** @param {Case} given @param {Axis[]} axes */
export function placesOf(given, [rows, columns]) {
  const {
    settings: { groups },
    tensors: { input, weight, bias },
  } = given;
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

  /** Where tap i, j laid by the input's row and column falls. @param {number} o @param {number} row @param {number} col @param {number} i @param {number} j */
  function landing(o, row, col, i, j) {
    const [y, x] = [fallsOn(rows, row, i), fallsOn(columns, col, j)];
    const index = landed(o, row, col, i, j);
    return { y, x, inside: index >= 0, index, around: index >= 0 ? null : /** @type {Place} */ ([o, y, x]) };
  }
  /** The element of the output there, or −1. @param {number} o @param {number} row @param {number} col @param {number} i @param {number} j */
  function landed(o, row, col, i, j) {
    const [y, x] = [fallsOn(rows, row, i), fallsOn(columns, col, j)];
    return y >= 0 && y < rows.output && x >= 0 && x < columns.output ? (o * rows.output + y) * columns.output + x : -1;
  }
  const ring = {
    top: rows.padding,
    bottom: Math.max(0, rows.padding - rows.more),
    left: columns.padding,
    right: Math.max(0, columns.padding - columns.more),
  };

  const common = {
    letters,
    .../** @type {const} */ ({ starts: "start", ends: "done", scatter: false, told: sumTold }),
  };
  const sizes = { C, H, W, own, kH, kW, each, groups, outputShape, shapes };
  return {
    tensors: given.tensors,
    settings: given.settings,
    rows,
    columns,
    ...sizes,
    weightAt,
    landing,
    landed,
    ring,
    letters,
    common,
  };
}

/** Y: of every window of taps that fall on an element. @param {Places} places @returns {Pass} */
export function forwardPass(places) {
  const { groups, rows, columns, H, W, own, kH, kW, each, outputShape, shapes, weightAt } = places;
  const { stride, padding, outputPadding, dilation } = places.settings;
  const { input, weight, bias } = places.tensors;
  return {
    ...places.common,
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
}

/** dL/dX: what an element laid, weighed by the gradient there. @param {Places} places @returns {Pass} */
export function inputGradient(places) {
  const { groups, own, kH, kW, each, shapes, weightAt, landing, landed, ring } = places;
  const { input, weight, gradOutput } = places.tensors;
  return {
    ...places.common,
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
}

/** dL/dK. @param {Places} places @returns {Pass} */
export function weightGradient(places) {
  const { groups, H, W, own, each, shapes, landing, landed, ring } = places;
  const { input, weight, gradOutput } = places.tensors;
  return {
    ...places.common,
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
}
