/**
 * A kernel learned from a picture and its result by gradient descent on the mean squared error, all windows at a time. With
 * the windows x, their results t, both less their means, and the bias always at its best, the error of a kernel w is
 *
 *   E(w) = mean (w·x − t)² = wᵀG w − 2 c·w + var t,     G = mean x xᵀ (the Gram matrix),     c = mean t x
 *
 * and a step of gradient descent is w ← w − η (G w − c). The step η = 1/λ₁, λ₁ the largest eigenvalue of G, is the largest that
 * overshoots in no direction. In the eigenvectors of G every coordinate goes its own way, so that step k is known without
 * walking there: zᵢ = dᵢ/λᵢ · (1 − (1 − λᵢ/λ₁)ᵏ), d = c in those vectors. The twin of `core.ops.recovery`.
 */

import { svd } from "./svd.js";

/** Share of the largest eigenvalue below which another is rounding: the direction cannot be learned. */
const TOLERANCE = 1e-11;
/** Products of pairs of taps that gathering may take; more windows than that allows are thinned out evenly. */
const MOST_PRODUCTS = 1.2e8;
/** The slowest direction has come this near to its end when the descent ends. */
const NEAR = 1e-6;

/** @typedef {import("./conv.js").Geometry} Geometry */
/**
 * `gram` row by row, `mean` of each tap, of `count` windows out of `all`; `scale`: the mean square of what was centred.
 * @typedef {{ taps: number, gram: Float64Array, moment: Float64Array, mean: Float64Array, targetMean: number, variance: number, count: number, all: number, scale: number }} Equations
 */

/** @param {number} a @param {number} b @returns {number} */
const common = (a, b) => (b ? common(b, a % b) : a);

/**
 * Gather what gradient descent needs to know of the windows and their results.
 * @param {Float64Array[]} planes padded @param {Float64Array[]} targets one result for each window @param {Geometry} geometry
 * @param {((c: number, index: number) => boolean) | null} [counts] false for windows to leave out
 * @returns {Equations}
 */
export function equationsOf(planes, targets, { rows, columns }, counts = null) {
  const taps = rows.taps * columns.taps;
  const [perPlane, all] = [rows.output * columns.output, planes.length * rows.output * columns.output];
  let step = Math.max(1, Math.ceil((all * taps * (taps + 1)) / 2 / MOST_PRODUCTS));
  while (step > 1 && common(step, columns.output) > 1) step++;
  const offsets = Array.from(
    { length: taps },
    (_, k) => Math.floor(k / columns.taps) * rows.dilation * columns.padded + (k % columns.taps) * columns.dilation,
  );
  const [gram, moment, mean, patch] = [
    new Float64Array(taps * taps),
    new Float64Array(taps),
    new Float64Array(taps),
    new Float64Array(taps),
  ];
  const [origin, targetOrigin] = [planes[0][0], targets[0][0]]; // sums of small differences lose fewer digits
  let [count, targetMean, variance, scale] = [0, 0, 0, 0];
  for (let index = 0; index < all; index += step) {
    const [c, at] = [Math.floor(index / perPlane), index % perPlane];
    if (counts && !counts(c, at)) continue;
    const [plane, first] = [
      planes[c],
      Math.floor(at / columns.output) * rows.stride * columns.padded + (at % columns.output) * columns.stride,
    ];
    const target = targets[c][at] - targetOrigin;
    for (let k = 0; k < taps; k++) {
      const raw = plane[first + offsets[k]];
      const value = raw - origin;
      patch[k] = value;
      mean[k] += value;
      moment[k] += value * target;
      scale += raw * raw;
      for (let l = 0, line = k * taps; l <= k; l++) gram[line + l] += value * patch[l];
    }
    targetMean += target;
    variance += target * target;
    count++;
  }
  const per = 1 / Math.max(1, count);
  for (let k = 0; k < taps; k++) mean[k] *= per;
  targetMean *= per;
  for (let k = 0; k < taps; k++) {
    moment[k] = moment[k] * per - mean[k] * targetMean;
    for (let l = 0; l <= k; l++) gram[l * taps + k] = gram[k * taps + l] = gram[k * taps + l] * per - mean[k] * mean[l];
  }
  return {
    taps,
    gram,
    moment,
    mean: mean.map((value) => value + origin),
    targetMean: targetMean + targetOrigin,
    variance: Math.max(0, variance * per - targetMean * targetMean),
    count,
    all,
    scale: (scale * per) / taps,
  };
}

/**
 * What can be learned, and how fast. `rank` of the `taps` directions can be; `condition` is λ₁ over the smallest eigenvalue
 * of those; `steps` until the slowest of them has arrived; `residual` is the error that no kernel takes away.
 * @typedef {{ equations: Equations, eigenvalues: number[], directions: Float64Array[], along: number[], rank: number, condition: number, rate: number, steps: number, residual: number }} Descent
 */

/** @param {Equations} equations @returns {Descent} */
export function descentOf(equations) {
  const { taps, gram, moment, variance, scale } = equations;
  const { sizes: eigenvalues, right: directions } = svd(gram, taps, taps);
  const largest = eigenvalues[0] > TOLERANCE * scale ? eigenvalues[0] : 0;
  const rank = largest ? eigenvalues.filter((value) => value > TOLERANCE * largest).length : 0;
  const along = directions.map((direction) => direction.reduce((sum, value, k) => sum + value * moment[k], 0));
  const condition = rank ? largest / eigenvalues[rank - 1] : NaN;
  const slowest = rank ? Math.log1p(-eigenvalues[rank - 1] / largest) : -Infinity;
  const explained = along.slice(0, rank).reduce((sum, d, k) => sum + (d * d) / eigenvalues[k], 0);
  return {
    equations,
    eigenvalues,
    directions,
    along,
    rank,
    condition,
    rate: largest ? 1 / largest : 0,
    steps: rank ? Math.max(1, Math.ceil(Math.log(NEAR) / slowest)) : 0,
    residual: Math.max(0, variance - explained),
  };
}

/**
 * The kernel after so many steps from 0, its bias, and its mean squared error.
 * @param {Descent} descent @param {number} steps
 */
export function descended({ equations, eigenvalues, directions, along, rank, residual }, steps) {
  const values = Array(equations.taps).fill(0);
  let error = residual;
  for (let i = 0; i < rank; i++) {
    const left = steps === 0 ? 1 : Math.exp(steps * Math.log1p(-eigenvalues[i] / eigenvalues[0]));
    const end = along[i] / eigenvalues[i];
    error += end * along[i] * left * left;
    for (let k = 0; k < values.length; k++) values[k] += end * (1 - left) * directions[i][k];
  }
  const bias = equations.targetMean - values.reduce((sum, value, k) => sum + value * equations.mean[k], 0);
  return { values, bias, error };
}

/** From one moment of a descent to the next, from where each single step is shown no more. */
const GROWTH = 1.08;
const SINGLE = 12;

/** The steps that are shown: each of the first, then ever fewer, up to the last. @param {number} last @returns {number[]} */
export function momentsOf(last) {
  const moments = [0];
  while (moments[moments.length - 1] < last) {
    const now = moments[moments.length - 1];
    moments.push(Math.min(last, now < SINGLE ? now + 1 : Math.ceil(now * GROWTH)));
  }
  return moments;
}
