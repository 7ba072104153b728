/** What a person can choose of a case, each choice as a function from one case to the next. Cases are never changed in place. */

import { geometryOf, outputShape } from "../lib/arithmetic.js";
import { size, unravel } from "../lib/visits.js";

/** @typedef {import("../lib/arithmetic.js").Case} Numbers */
/** `preset`: the one that this still is, or null. @typedef {Numbers & { preset: string | null }} Case */
/** @typedef {import("../lib/arithmetic.js").Tensor} Tensor */

export const LARGEST = { input: 8, kernel: 5, inputs: 3, outputs: 2, stride: 4, padding: 4, dilation: 3 };

/** @param {number[][][]} planes @returns {Tensor} (C, H, W) */
export const tensor3 = (planes) => ({ shape: [planes.length, planes[0].length, planes[0][0].length], values: planes.flat(2) });

/** @param {Tensor} tensor @param {number[]} shape @param {number} fill of elements that were not there @returns {Tensor} */
export function reshaped({ shape: before, values }, shape, fill) {
  if (String(before) === String(shape)) return { shape, values };
  const kept = Array.from({ length: size(shape) }, (_, k) => {
    const index = unravel(k, shape);
    if (index.some((place, axis) => place >= before[axis])) return fill;
    return values[index.reduce((at, place, axis) => at * before[axis] + place, 0)];
  });
  return { shape, values: kept };
}

/** The case with a dL/dY of the output's size: new elements are 1. @param {Case} given @returns {Case} */
export function fitting(given) {
  const { geometry } = geometryOf(given);
  return geometry ? { ...given, gradOutput: reshaped(given.gradOutput, outputShape(given, geometry), 1) } : given;
}

/** @param {Case} given @param {Partial<Numbers>} change */
export const withSettings = (given, change) => fitting({ ...given, ...change, preset: null });

/** Another operator on the same matrices. Coming from a convolution, a pooling starts with windows that do not overlap. @param {Case} given @param {Numbers["op"]} op */
export function withOperator(given, op) {
  if (op === "conv") return withSettings(given, { op, stride: [1, 1], padding: [0, 0] });
  if (given.op !== "conv") return withSettings(given, { op, dilation: [1, 1] });
  const window = /** @type {[number, number]} */ (given.input.shape.slice(1).map((extent) => Math.min(2, extent)));
  return withSettings(withKernel(given, ...window), { op, stride: window, padding: [0, 0], dilation: [1, 1] });
}

/** @param {Case} given @param {number} rows @param {number} columns */
export const withInput = (given, rows, columns) => withSettings(given, { input: reshaped(given.input, [given.input.shape[0], rows, columns], 0) });

/** @param {Case} given @param {number} rows @param {number} columns */
export const withKernel = (given, rows, columns) => withSettings(given, { weight: reshaped(given.weight, [...given.weight.shape.slice(0, 2), rows, columns], 0) });

/** Other numbers of channels; new ones repeat the first. @param {Case} given @param {number} inputs @param {number} outputs */
export function withChannels(given, inputs, outputs) {
  const plane = (/** @type {Tensor} */ { shape, values }, /** @type {number} */ k) => {
    const area = shape.at(-1) * shape.at(-2);
    return values.slice(k * area, (k + 1) * area);
  };
  const [C, H, W] = given.input.shape;
  const [O, , kH, kW] = given.weight.shape;
  const input = { shape: [inputs, H, W], values: Array.from({ length: inputs }, (_, c) => plane(given.input, c < C ? c : 0)).flat() };
  const kernels = Array.from({ length: outputs * inputs }, (_, k) => {
    const [o, c] = unravel(k, [outputs, inputs]);
    return plane(given.weight, (o < O ? o : 0) * C + (c < C ? c : 0));
  });
  return withSettings(given, { input, weight: { shape: [outputs, inputs, kH, kW], values: kernels.flat() }, bias: reshaped(given.bias, [outputs], 0) });
}

/** @param {Case} given @param {"input" | "weight" | "bias" | "gradOutput"} name @param {number} index @param {number} value @returns {Case} */
export const withValue = (given, name, index, value) => ({ ...given, preset: null, [name]: { ...given[name], values: given[name].values.with(index, value) } });

/** Whole numbers between two bounds, the same for the same seed (mulberry32, Tommy Ettinger). @param {number} seed */
function wholeNumbers(seed) {
  let state = seed >>> 0;
  return (/** @type {number} */ low, /** @type {number} */ high) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (high - low + 1));
  };
}

/** New numbers in every matrix. @param {Case} given @param {number} seed @returns {Case} */
export function randomised(given, seed) {
  const draw = wholeNumbers(seed);
  const filled = (/** @type {Tensor} */ { shape, values }, /** @type {number} */ low, /** @type {number} */ high) => ({ shape, values: values.map(() => draw(low, high)) });
  return { ...given, preset: null, input: filled(given.input, 0, 9), weight: filled(given.weight, -2, 2), bias: filled(given.bias, -3, 3), gradOutput: filled(given.gradOutput, -2, 3) };
}
