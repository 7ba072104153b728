/** Where the numbers of a convolution lie: which tap of the kernel meets which element, padding included. */

import { sourceOf, windowsOf } from "../conv.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {[number, number, number]} Place */
/** @typedef {ReturnType<typeof placesOf>} Places */

/** @param {Case} given */
export function windows({ settings: { stride, padding, dilation, mode }, tensors: { input, weight } }) {
  const [H, W] = input.shape.slice(1);
  const [rows, columns] = weight.shape.slice(2);
  return windowsOf(H, W, { rows, columns, values: [] }, { stride, dilation, padding, mode });
}

/** @param {Case} given */
export function axesOf(given) {
  const { geometry } = windows(given);
  if (!geometry) throw new Error("the settings are impossible: ask refusal first");
  return geometry;
}

/** @param {Case} given */
export function placesOf(given) {
  const {
    settings: { flip, groups, mode },
    tensors: { input, weight, bias },
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
  const sizes = { C, O, each, kH, kW, outH, outW, outputShape, runShape, shapes, groups };
  const axes = { rows, columns, top, left, ring, padded };
  const lookups = { at, down, across, firstOf, said, elementAt, read, rowOf, colOf };
  return { tensors: given.tensors, name, flip, ...sizes, ...axes, ...lookups };
}
