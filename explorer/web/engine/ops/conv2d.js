/** Cross-correlation, as `torch.nn.functional.conv2d` with one group. */

import { cartesian, cellsOf, outside, reachedBy, upTo } from "../cells.js";
import { convolved, inputGradient, weightGradient, windowsOf } from "../conv.js";
import { argumentOf } from "../step.js";
import { zeros } from "../tensor.js";
import { addendsOf, biasOf, ones, partialsOf, read, summed, unexplained } from "../terms.js";

/** @typedef {import("./index.js").Operator} Operator */
/** @typedef {import("../step.js").Step} Step */

/** @param {import("../tensor.js").Tensor} grad `(N, O, H, W)` @param {number[]} shape of the bias */
export function biasGradient({ shape: [N, O], data }, shape) {
  const places = data.length / (N * O);
  const result = zeros(shape);
  for (let n = 0, k = 0; n < N; n++)
    for (let o = 0; o < O; o++) {
      let sum = 0;
      for (const end = k + places; k < end; k++) sum += data[k];
      result.data[o] += sum;
    }
  return result;
}

/** @param {Step} step @param {number[]} index */
function terms(step, index) {
  const [, O] = index;
  const [, C, kH, kW] = argumentOf(step, "weight").shape;
  const cells = cellsOf(step.relations.input, index);
  const factors = [read(step, "input", cells), read(step, "weight", cartesian([[O], upTo(C), upTo(kH), upTo(kW)]))];
  const rows = addendsOf({
    label: "taps",
    rule: "input · weight",
    factors,
    products: factors[0].values.map((value, k) => value * factors[1].values[k]),
    groupLabel: "input channel",
    groups: cells.map((cell) => cell[1]),
    outside: outside(cells, argumentOf(step, "input").shape),
  });
  return summed(step, index, [rows, ...biasOf(step, [O])]);
}

/** @param {Step} step @param {string} wrt @param {number[]} index */
function partials(step, wrt, index) {
  const { stride, before, dilation } = windowsOf(/** @type {import("../conv.js").Moves} */ (step.settings));
  const { shape } = step.output;
  if (wrt === "input") {
    const outputs = reachedBy(step.relations.input, index, shape);
    const taps = outputs.map(([, o, ...at]) => [
      o,
      index[1],
      ...at.map((y, axis) => (index[2 + axis] - (y * stride[axis] - before[axis])) / dilation[axis]),
    ]);
    const factor = read(step, "weight", taps);
    return partialsOf({ outputs, values: factor.values, rule: "weight", factors: [factor], groupAxis: 1 });
  }
  const outputs = cartesian(shape.map((size, axis) => (axis === 1 ? [index[0]] : upTo(size))));
  if (wrt === "bias") return ones(outputs);
  if (wrt !== "weight") return unexplained(step, wrt);
  const [, c, ...tap] = index;
  const pixels = outputs.map(([n, , ...at]) => [
    n,
    c,
    ...at.map((y, axis) => y * stride[axis] - before[axis] + tap[axis] * dilation[axis]),
  ]);
  const factor = read(step, "input", pixels);
  return partialsOf({ outputs, values: factor.values, rule: "input", factors: [factor] });
}

/** @type {Operator} */
export const conv2d = {
  forward: ({ input, weight, bias }, settings, shape) =>
    convolved(input, weight, bias, /** @type {import("../conv.js").Moves} */ (settings), shape),
  backward(step, grad, wrt) {
    const [input, weight] = [argumentOf(step, "input"), argumentOf(step, "weight")];
    const moves = /** @type {import("../conv.js").Moves} */ (step.settings);
    if (wrt === "input") return inputGradient(grad, weight, moves, input.shape);
    if (wrt === "weight") return weightGradient(grad, input, moves, weight.shape);
    return biasGradient(grad, argumentOf(step, "bias").shape);
  },
  terms,
  partials,
};
