/** (x − mean) / √(var + eps) · weight + bias with the stored moments, as `torch.nn.functional.batch_norm` in evaluation. */

import { cartesian, upTo } from "../cells.js";
import { argumentOf } from "../step.js";
import { zeros } from "../tensor.js";
import { absolute, addendsOf, biasOf, ones, partialsOf, read, summed, unexplained } from "../terms.js";
import { biasGradient } from "./conv2d.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("./index.js").Operator} Operator */
/** @typedef {import("../step.js").Step} Step */

/** The factor and the offset of each channel: one product and one sum an element, as torch computes it. @param {Record<string, Tensor>} tensors @param {number} eps */
function affine({ running_mean: mean, running_var: variance, weight, bias }, eps) {
  const scale = new Float32Array(mean.data.length);
  const offset = new Float32Array(mean.data.length);
  for (let c = 0; c < scale.length; c++) {
    scale[c] = (weight ? weight.data[c] : 1) / Math.sqrt(variance.data[c] + eps);
    offset[c] = (bias ? bias.data[c] : 0) - mean.data[c] * scale[c];
  }
  return { scale, offset };
}

/** Each element by a function of it and its channel. @param {Tensor} tensor @param {(x: number, channel: number, k: number) => number} value @returns {Tensor} */
function byChannel({ shape, data }, value) {
  const [N, C] = shape;
  const places = data.length / (N * C);
  const result = zeros(shape);
  for (let n = 0, k = 0; n < N; n++)
    for (let c = 0; c < C; c++) for (let end = k + places; k < end; k++) result.data[k] = value(data[k], c, k);
  return result;
}

/** The output, channel by channel: a plain loop, as every stroke waits for it. @param {Record<string, Tensor>} tensors @param {number} eps @returns {Tensor} */
function normalised(tensors, eps) {
  const { shape, data } = tensors.input;
  const { scale, offset } = affine(tensors, eps);
  const result = zeros(shape);
  const made = result.data;
  const places = data.length / (shape[0] * shape[1]);
  for (let k = 0, plane = 0; k < data.length; plane++) {
    const c = plane % shape[1];
    const [a, b] = [scale[c], offset[c]];
    for (const end = k + places; k < end; k++) made[k] = data[k] * a + b;
  }
  return result;
}

/** @param {Step} step @param {number[]} index */
function terms(step, index) {
  const [, c] = index;
  const own = read(step, "input", [index]);
  const moments = [read(step, "running_mean", [[c]]), read(step, "running_var", [[c]])];
  const [mean, variance] = moments.map(({ values }) => values[0]);
  const normal = 1 / Math.sqrt(variance + step.settings.eps);
  const weight = step.arguments.weight ? [read(step, "weight", [[c]])] : [];
  const scale = weight.length ? normal * weight[0].values[0] : normal;
  const rows = addendsOf({
    label: "normalised",
    rule: `(input − mean) / √(var + eps)${weight.length ? " · weight" : ""}`,
    factors: [own, ...moments, ...weight],
    products: [(own.values[0] - mean) * scale],
  });
  const shift = biasOf(step, [c]);
  const magnitude = (Math.abs(own.values[0]) + Math.abs(mean)) * Math.abs(scale);
  return summed(step, index, [rows, ...shift], {
    scale: magnitude + shift.reduce((sum, { products }) => sum + absolute(products), 0),
    terms: 1,
    quantities: [
      { name: "mean", value: mean },
      { name: "var", value: variance },
      { name: "1/√(var + eps)", value: normal },
    ],
  });
}

/** @param {Step} step @param {string} wrt @param {number[]} index */
function partials(step, wrt, index) {
  if (wrt === "input") {
    const normal = 1 / Math.sqrt(read(step, "running_var", [[index[1]]]).values[0] + step.settings.eps);
    const rule = "1 / √(var + eps)";
    if (!step.arguments.weight) return partialsOf({ outputs: [index], values: [normal], rule, scale: normal });
    const weight = read(step, "weight", [[index[1]]]);
    const values = [normal * weight.values[0]];
    const scale = normal * Math.abs(weight.values[0]);
    return partialsOf({ outputs: [index], values, rule: `weight · ${rule}`, factors: [weight], scale });
  }
  const outputs = cartesian(step.output.shape.map((size, axis) => (axis === 1 ? [index[0]] : upTo(size))));
  if (wrt === "bias") return ones(outputs);
  if (wrt !== "weight") return unexplained(step, wrt);
  const [mean, variance] = ["running_mean", "running_var"].map((name) => read(step, name, [[index[0]]]).values[0]);
  const factor = read(step, "input", outputs);
  const values = factor.values.map((x) => (x - mean) / Math.sqrt(variance + step.settings.eps));
  return partialsOf({ outputs, values, rule: "(input − mean) / √(var + eps)", factors: [factor] });
}

/** @type {Operator} */
export const batchNorm = {
  forward: (tensors, { eps }) => normalised(tensors, eps),
  backward(step, grad, wrt) {
    const { eps } = step.settings;
    const input = argumentOf(step, "input");
    if (wrt === "bias") return biasGradient(grad, argumentOf(step, "bias").shape);
    const { scale } = affine(step.arguments, eps);
    if (wrt === "input") return byChannel(grad, (g, c) => g * scale[c]);
    const [mean, variance] = [argumentOf(step, "running_mean").data, argumentOf(step, "running_var").data];
    const product = byChannel(grad, (g, c, k) => (g * (input.data[k] - mean[c])) / Math.sqrt(variance[c] + eps));
    return biasGradient(product, argumentOf(step, "weight").shape);
  },
  terms,
  partials,
};
