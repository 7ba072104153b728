/** One operator with the numbers that one element of a network needs, as a case of the Arithmetic page: the twin of `explorer/arithmetic/operators/cut.py`. */

import { Refused } from "../place.js";
import { offsetOf } from "../tensor.js";
import { size, unravel } from "../../lib/visits.js";
import { largestOf } from "../../lib/numbers.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("../step.js").Step} Step */
/** @typedef {{ shape: number[], values: number[] }} Numbers */
/** @typedef {import("../../lib/contract/draw.js").Sent} Sent */
/** @typedef {[number, number]} Pair */
/** How windows lie; `span`: the rows and columns that one reaches over, gaps included. @typedef {{ kernel: Pair, stride: Pair, before: Pair, dilation: Pair, span: Pair }} Windows */
/**
 * How an operation's elements are cut out of a step: one of its output, and one of the gradient by an argument, for dL/d(output).
 * @typedef {{ value: (step: Step, index: number[]) => Sent, gradient: (step: Step, wrt: string, index: number[], grad: Tensor) => Sent }} Cut
 */

/** Most elements that one tensor of the page may have. */
export const MOST_ELEMENTS = 6000;

/** @param {Pick<Sent, "op" | "settings" | "tensors"> & Partial<Sent>} given @returns {Sent} */
export const sent = (given) => ({ walk: "forward", element: 0, left: null, ...given });

/** @param {number[]} shape @param {number[]} values @returns {Numbers} */
export const numbers = (shape, values) => ({ shape, values });

/** A tensor of one number. @param {number} value @param {number[]} shape */
export const filled = (value, ...shape) => numbers(shape, Array(size(shape)).fill(value));

/** A tensor that the page can walk through. @template {Numbers} T @param {T} found @returns {T} */
export function limited(found) {
  const told = { count: found.values.length, most: MOST_ELEMENTS };
  if (told.count > told.most) throw new Refused(`it has ${told.count} numbers`, "told.unsent.large", told);
  return found;
}

/** Rows and columns of the last two axes for some indices of the axes before, from a corner on; what lies outside is 0. @param {Tensor} tensor @param {number[][]} before @param {number[]} corner @param {number[]} extent @returns {Numbers} */
export function patch({ shape, data }, before, [top, left], [height, width]) {
  const [H, W] = shape.slice(-2);
  const values = before.flatMap((plane) =>
    Array.from({ length: height * width }, (_, k) => {
      const [row, column] = [top + Math.floor(k / width), left + (k % width)];
      if (row < 0 || row >= H || column < 0 || column >= W) return 0;
      return data[offsetOf(shape, [...plane, row, column])];
    }),
  );
  return numbers([before.length, height, width], values);
}

/** The map that a cell lies in. @param {Tensor} tensor @param {number[]} before the axes before its rows @returns {Numbers} */
export const planeOf = (tensor, before) => patch(tensor, [before], [0, 0], tensor.shape.slice(-2));

/** Elements of a tensor at some indices. @param {Tensor} tensor @param {number[][]} indices */
export const elements = ({ shape, data }, indices) => indices.map((index) => data[offsetOf(shape, index)]);

/** The biases of some output channels; 0 where there are none. @param {Step} step @param {number} first @param {number} end @returns {Numbers} */
export function biasOf({ arguments: { bias } }, first, end) {
  return bias ? numbers([end - first], [...bias.data.subarray(first, end)]) : filled(0, end - first);
}

/** Of some products those that weigh most, in their order, and what the others add up to. @param {number[]} products @param {number} most */
export function weightiest(products, most) {
  const kept = Array.from(products.keys())
    .sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]))
    .slice(0, most)
    .sort((a, b) => a - b);
  const sum = (/** @type {number[]} */ values) => values.reduce((all, value) => all + value, 0);
  return { kept, rest: sum(products) - sum(kept.map((k) => products[k])) };
}

/** Of each axis the first window that covers an element of the input, and the one after the last. @param {Windows} windows @param {number[]} output its rows and columns @param {number[]} place @returns {Pair[]} */
export const reaching = ({ stride, before, span }, output, place) =>
  place.map((at, axis) => {
    const padded = at + before[axis];
    const first = Math.max(0, Math.ceil((padded - span[axis] + 1) / stride[axis]));
    const end = Math.min(output[axis], Math.floor(padded / stride[axis]) + 1);
    if (first < end) return /** @type {Pair} */ ([first, end]);
    throw new Refused("no window reads this element: its gradient is 0", "told.unsent.zero");
  });

/** The indices of a shape, row by row. @param {number[]} shape */
export const indicesOf = (shape) => Array.from({ length: size(shape) }, (_, k) => unravel(k, shape));

/** The place of the largest number, the first of equals. @param {number[]} values */
export const argmax = (values) => values.indexOf(largestOf(values));
