/** Tensors of the engine: float32 in row-major order, as `core` holds them. */

import { size } from "../lib/visits.js";

/** @typedef {{ shape: number[], data: Float32Array<ArrayBuffer> }} Tensor */

/** @param {number[]} shape @returns {Tensor} of zeros */
export const zeros = (shape) => ({ shape, data: new Float32Array(size(shape)) });

/** Where an element stands in row-major order. @param {number[]} shape @param {number[]} index */
export function offsetOf(shape, index) {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) offset = offset * shape[axis] + index[axis];
  return offset;
}

/** @param {Tensor} tensor @param {number[]} index */
export const elementOf = ({ shape, data }, index) => data[offsetOf(shape, index)];

/** Whether an index is that of an element. @param {number[]} shape @param {number[]} index */
export const isCell = (shape, index) =>
  index.length === shape.length && index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis]);

/** Each element by a function of its value. @param {Tensor} tensor @param {(x: number) => number} value @returns {Tensor} */
export function mapped({ shape, data }, value) {
  const result = zeros(shape);
  for (let k = 0; k < data.length; k++) result.data[k] = value(data[k]);
  return result;
}

/** Add a tensor to another, in place. @param {Tensor} sum @param {Tensor} more */
export function addTo(sum, { data }) {
  for (let k = 0; k < data.length; k++) sum.data[k] += data[k];
}

/** Each element times that of another tensor. @param {Tensor} tensor @param {Tensor} factors @returns {Tensor} */
export const multiplied = ({ shape, data }, { data: factors }) => ({ shape, data: data.map((x, k) => x * factors[k]) });
