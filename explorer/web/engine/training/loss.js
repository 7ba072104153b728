/** The loss of a batch, and its gradient by the scores: `_cross_entropies` of `core/training/loop.py`. */

import { logSumExp, softmaxOf } from "../ops/softmax.js";
import { zeros } from "../tensor.js";
import { largestOf } from "../../lib/numbers.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */

/**
 * The mean cross-entropy of rows of scores with smoothed labels, its gradient, and how many labels have the greatest score:
 * loss[n] = −Σ_k target[n, k] · log softmax(z[n])[k], target = (1 − s) · (k is the label) + s / K.
 * @param {Tensor} scores `(N, K)`, logits or logarithms of probabilities @param {ArrayLike<number>} labels @param {number} smoothing s
 * @returns {{ loss: number, right: number, gradient: Tensor }}
 */
export function crossEntropy({ shape: [N, K], data }, labels, smoothing) {
  const gradient = zeros([N, K]);
  let [loss, right] = [0, 0];
  for (let n = 0; n < N; n++) {
    const z = data.subarray(n * K, (n + 1) * K);
    const [shares, log] = [softmaxOf(z), logSumExp(z)];
    for (let k = 0; k < K; k++) {
      const target = smoothing / K + (k === labels[n] ? 1 - smoothing : 0);
      if (target) loss += target * (log - z[k]);
      gradient.data[n * K + k] = (shares[k] - target) / N;
    }
    right += Number(z.indexOf(largestOf(z)) === labels[n]);
  }
  return { loss: loss / N, right, gradient };
}
