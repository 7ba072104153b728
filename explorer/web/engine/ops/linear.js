/** y = x · Wᵀ + b, as `torch.nn.functional.linear` of rows. */

import { cartesian, cellsOf, reachedBy, upTo } from "../cells.js";
import { convolved } from "../conv.js";
import { argumentOf } from "../step.js";
import { zeros } from "../tensor.js";
import { addendsOf, biasOf, ones, partialsOf, read, summed, unexplained } from "../terms.js";
import { biasGradient } from "./conv2d.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("./index.js").Operator} Operator */
/** @typedef {import("../step.js").Step} Step */

const ONE_PLACE = { stride: 1, padding: 0, dilation: 1 };

/** output[n, o] = bias[o] + Σ_k input[n, k] · weight[o, k]: a convolution of one place with K channels. @param {Tensor} input @param {Tensor} weight @param {Tensor | undefined} bias @param {number[]} shape @returns {Tensor} */
function multiplied({ data }, weight, bias, shape) {
  const [O, K] = weight.shape;
  const rows = data.length / K;
  const kernel = { shape: [O, K, 1, 1], data: weight.data };
  const output = convolved({ shape: [rows, K, 1, 1], data }, kernel, bias, ONE_PLACE, [rows, O, 1, 1]);
  return { shape, data: output.data };
}

/** @param {Tensor} grad @param {Tensor} weight @param {number[]} shape of the input @returns {Tensor} */
function inputGradient({ data: g }, { shape: [O, K], data: w }, shape) {
  const result = zeros(shape);
  for (let n = 0; n < g.length / O; n++)
    for (let o = 0; o < O; o++) {
      const arriving = g[n * O + o];
      if (arriving) for (let k = 0; k < K; k++) result.data[n * K + k] += arriving * w[o * K + k];
    }
  return result;
}

/** @param {Tensor} grad @param {Tensor} input @param {number[]} shape of the weight @returns {Tensor} */
function weightGradient({ data: g }, { data: x }, shape) {
  const [O, K] = shape;
  const result = zeros(shape);
  for (let n = 0; n < g.length / O; n++)
    for (let o = 0; o < O; o++) {
      const arriving = g[n * O + o];
      if (arriving) for (let k = 0; k < K; k++) result.data[o * K + k] += arriving * x[n * K + k];
    }
  return result;
}

/** @param {Step} step @param {number[]} index */
function terms(step, index) {
  const o = /** @type {number} */ (index.at(-1));
  const cells = cellsOf(step.relations.input, index);
  const factors = [read(step, "input", cells), read(step, "weight", cartesian([[o], upTo(cells.length)]))];
  const products = factors[0].values.map((value, k) => value * factors[1].values[k]);
  const rows = addendsOf({ label: "features", rule: "input · weight", factors, products });
  return summed(step, index, [rows, ...biasOf(step, [o])]);
}

/** @param {Step} step @param {string} wrt @param {number[]} index */
function partials(step, wrt, index) {
  if (wrt === "input") {
    const outputs = reachedBy(step.relations.input, index, step.output.shape);
    const k = /** @type {number} */ (index.at(-1));
    const taps = outputs.map((output) => [/** @type {number} */ (output.at(-1)), k]);
    const factor = read(step, "weight", taps);
    return partialsOf({ outputs, values: factor.values, rule: "weight", factors: [factor] });
  }
  const outputs = cartesian([...step.output.shape.slice(0, -1).map(upTo), [index[0]]]);
  if (wrt === "bias") return ones(outputs);
  if (wrt !== "weight") return unexplained(step, wrt);
  const cells = outputs.map((output) => [...output.slice(0, -1), index[1]]);
  const factor = read(step, "input", cells);
  return partialsOf({ outputs, values: factor.values, rule: "input", factors: [factor] });
}

/** @type {Operator} */
export const linear = {
  forward: ({ input, weight, bias }, _settings, shape) => multiplied(input, weight, bias, shape),
  backward(step, grad, wrt) {
    if (wrt === "input") return inputGradient(grad, argumentOf(step, "weight"), argumentOf(step, "input").shape);
    if (wrt === "weight") return weightGradient(grad, argumentOf(step, "input"), argumentOf(step, "weight").shape);
    const O = argumentOf(step, "bias").shape[0];
    return biasGradient({ shape: [grad.data.length / O, O], data: grad.data }, [O]);
  },
  terms,
  partials,
};
