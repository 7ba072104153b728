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
  const weigh = {
    activation: (/** @type {number} */ k) => Math.abs(data[k]) / count,
    gradient: (/** @type {number} */ k) => Math.abs(gradient?.data[k] ?? 0) / count,
    attribution: (/** @type {number} */ k) => data[k] * (gradient?.data[k] ?? 0),
  }[by];
  if (!weigh) throw new Error(`channels are sorted by ${by}, expected activation, gradient or attribution`);
  return Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let k = channel * count; k < (channel + 1) * count; k++) sum += weigh(k);
    return sum;
  });
}

/** The channels from the strongest to the weakest, equals in their own order. @param {number[]} strength */
export const ordered = (strength) =>
  strength.map((_, k) => k).sort((a, b) => Math.abs(strength[b]) - Math.abs(strength[a]) || a - b);
