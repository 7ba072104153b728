/** How strong each channel of a step is, and in which order that puts them: the twin of `explorer/wire/channels.py`. */

import { size } from "../lib/visits.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */

/**
 * One number for each channel: "activation" mean |a|, "gradient" mean |dL/da|, "attribution" Σ a · dL/da.
 * @param {Tensor} value @param {Tensor | null} gradient @param {string} by @returns {number[]}
 */
export function strengths({ shape, data }, gradient, by) {
  const channels = shape.length > 3 ? size(shape.slice(1, -2)) : shape[1];
  const count = data.length / channels;
  if (by !== "activation" && !gradient) return Array(channels).fill(0);
  const gradients = gradient?.data ?? data;
  const strength = {
    activation: (/** @type {number} */ start) => magnitudes(data, start, start + count) / count,
    gradient: (/** @type {number} */ start) => magnitudes(gradients, start, start + count) / count,
    attribution: (/** @type {number} */ start) => products(data, gradients, start, start + count),
  }[by];
  if (!strength) throw new Error(`channels are sorted by ${by}, expected activation, gradient or attribution`);
  return Array.from({ length: channels }, (_, channel) => strength(channel * count));
}

/** Σ |x| of the numbers from `start` to `end`. @param {Float32Array} values @param {number} start @param {number} end */
function magnitudes(values, start, end) {
  let sum = 0;
  for (let k = start; k < end; k++) sum += Math.abs(values[k]);
  return sum;
}

/** Σ x · y of them. @param {Float32Array} values @param {Float32Array} factors @param {number} start @param {number} end */
function products(values, factors, start, end) {
  let sum = 0;
  for (let k = start; k < end; k++) sum += values[k] * factors[k];
  return sum;
}

/** The channels from the strongest to the weakest, equals in their own order. @param {number[]} strength */
export const ordered = (strength) =>
  strength.map((_, k) => k).sort((a, b) => Math.abs(strength[b]) - Math.abs(strength[a]) || a - b);
