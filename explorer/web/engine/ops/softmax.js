/** Softmax of rows, and its logarithm. */

import { size } from "../../lib/visits.js";
import { largestOf, smallestOf } from "../../lib/numbers.js";
import { cellsOf, reachedBy } from "../cells.js";
import { zeros } from "../tensor.js";
import { addendsOf, partialsOf, read, summed } from "../terms.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("./index.js").Operator} Operator */
/** @typedef {import("../step.js").Step} Step */

/** p[k] = exp(z[k] − m) / Σ_j exp(z[j] − m), in float64. @param {ArrayLike<number>} z @returns {number[]} */
export function softmaxOf(z) {
  const row = Array.from(z);
  const top = largestOf(row);
  const exponentials = row.map((value) => Math.exp(value - top));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

/** ln Σ_j exp z[j], without overflow. @param {ArrayLike<number>} z */
export function logSumExp(z) {
  const row = Array.from(z);
  const top = largestOf(row);
  return top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** Each row of the last axis by a function. @param {Tensor} tensor @param {(row: Float32Array, k: number) => ArrayLike<number>} value @returns {Tensor} */
function byRow({ shape, data }, value) {
  const length = /** @type {number} */ (shape.at(-1));
  const result = zeros(shape);
  for (let k = 0; k < size(shape.slice(0, -1)); k++)
    result.data.set(value(data.subarray(k * length, (k + 1) * length), k), k * length);
  return result;
}

/** @param {Step} step @param {number[]} index @param {string} after @param {(own: number, top: number, total: number) => { value: (total: number) => number, magnitude: number }} share */
function shareOf(step, index, after, share) {
  const factor = read(step, "input", cellsOf(step.relations.input, index));
  const top = largestOf(factor.values);
  const [own] = read(step, "input", [index]).values;
  const products = factor.values.map((value) => Math.exp(value - top));
  const total = products.reduce((sum, value) => sum + value, 0);
  const rows = addendsOf({ label: "logits", rule: "exp(input − max)", factors: [factor], products });
  const quantities = [
    { name: "input", value: own },
    { name: "max", value: top },
  ];
  return summed(step, index, [rows], { after, quantities, ...share(own, top, total) });
}

/** @param {Step} step @param {number[]} index @param {string} rule @param {(p: number, own: number, is: boolean) => number} slope */
function slopesOf(step, index, rule, slope) {
  const outputs = reachedBy(step.relations.input, index, step.output.shape);
  const factor = read(step, "input", outputs);
  const shares = softmaxOf(factor.values);
  const own = outputs.findIndex((output) => output.every((at, axis) => at === index[axis]));
  const values = shares.map((p, k) => slope(p, shares[own], k === own));
  const scale = 1 + largestOf(factor.values) - smallestOf(factor.values);
  return partialsOf({ outputs, values, rule, factors: [factor], scale });
}

/** @type {Operator} */
export const softmax = {
  forward: ({ input }) => byRow(input, softmaxOf),
  backward: (step, grad) =>
    byRow(step.output, (p, k) => {
      const g = grad.data.subarray(k * p.length, (k + 1) * p.length);
      const mean = p.reduce((sum, share, i) => sum + share * g[i], 0);
      return p.map((share, i) => share * (g[i] - mean));
    }),
  terms: (step, index) =>
    shareOf(step, index, String.raw`\frac{e^{\mathrm{input} - \mathrm{max}}}{x}`, (own, top, total) => ({
      value: (sum) => Math.exp(own - top) / sum,
      magnitude: (Math.exp(own - top) / total) * (1 + top - own),
    })),
  partials: (step, _wrt, index) => slopesOf(step, index, "p_i (δ − p)", (p, own, is) => p * (Number(is) - own)),
};

/** @type {Operator} */
export const logSoftmax = {
  forward: ({ input }) =>
    byRow(input, (z) => {
      const top = largestOf(Array.from(z));
      // the sum in float32, as torch has it: what is certain has a logarithm of 0, not nearly 0
      const total = z.reduce((sum, value) => Math.fround(sum + Math.exp(value - top)), 0);
      return z.map((value) => value - top - Math.log(total));
    }),
  backward: (step, grad) =>
    byRow(step.output, (logarithms, k) => {
      const g = grad.data.subarray(k * logarithms.length, (k + 1) * logarithms.length);
      const total = g.reduce((sum, value) => sum + value, 0);
      return logarithms.map((value, i) => g[i] - Math.exp(value) * total);
    }),
  terms: (step, index) =>
    shareOf(step, index, String.raw`\mathrm{input} - \mathrm{max} - \ln x`, (own, top, total) => ({
      value: (sum) => own - top - Math.log(sum),
      magnitude: 1 + Math.abs(own) + Math.abs(top) + Math.log(total),
    })),
  partials: (step, _wrt, index) => slopesOf(step, index, "δ − p", (_, own, is) => Number(is) - own),
};
