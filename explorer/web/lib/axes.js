/** Charts without a page: where ticks stand, how values become positions, how a noisy curve is smoothed. */

import { largestOf, smallestOf } from "./numbers.js";

/** @typedef {{ low: number, high: number, log: boolean }} Axis */

/** The axis that shows all values; a logarithmic one leaves out what is not above 0. @param {number[]} values @param {boolean} log @param {{ zero?: boolean }} [options] `zero`: begin at 0 @returns {Axis} */
export function axisOf(values, log, { zero = false } = {}) {
  const shown = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  if (!shown.length) return { low: log ? 1 : 0, high: log ? 10 : 1, log };
  let [low, high] = [smallestOf(shown), largestOf(shown)];
  if (zero && !log) low = Math.min(0, low);
  if (low === high)
    return log
      ? { low: low / 2, high: high * 2, log }
      : { low: low - (Math.abs(low) || 1) / 2, high: high + (Math.abs(high) || 1) / 2, log };
  return { low, high, log };
}

/** Where a value stands on an axis, 0 to 1. @param {Axis} axis @param {number} value */
export function placeOn({ low, high, log }, value) {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** Round numbers on an axis: about `count` of 1, 2 or 5 times a power of ten, powers of ten where it is logarithmic. @param {Axis} axis @param {number} count */
export function ticksOf({ low, high, log }, count) {
  if (log) {
    const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    if (last - first >= 1) {
      const every = Math.ceil((last - first + 1) / count);
      return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, k) => 10 ** (first + k * every));
    }
    const near = [1, 2, 5]
      .flatMap((m) => [first - 1, first, first + 1].map((power) => m * 10 ** power))
      .sort((a, b) => a - b);
    return near.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  }
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough * (1 - 1e-9)) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) =>
    Number(((first + k) * step).toPrecision(12)),
  );
}

/**
 * A curve's mean around each of its points: one k points before or after it weighs `weight` to the power of k. Looking both
 * ways, it follows a curve that falls where one of the past lags behind. What is not finite breaks it.
 * @param {[number, number][]} points @param {number} weight 0 (as it is) to below 1 @returns {[number, number][]}
 */
export function smoothed(points, weight) {
  const before = decayed(points, weight);
  const after = decayed([...points].reverse(), weight).reverse();
  return points.map(([x, y], k) => {
    if (!Number.isFinite(y)) return [x, y];
    const [mean, total] = [before[k][0] + after[k][0] - y, before[k][1] + after[k][1] - 1];
    return [x, mean / total];
  });
}

/** At each point the weighted sum of the values up to it, and of their weights. @param {[number, number][]} points @param {number} weight */
function decayed(points, weight) {
  let [sum, total] = [0, 0];
  return points.map(([, y]) => {
    if (Number.isFinite(y)) [sum, total] = [weight * sum + y, weight * total + 1];
    return [sum, total];
  });
}

/** The index of the point nearest to `x`; −1 without points. @param {[number, number][]} points in the order of x @param {number} x */
export function nearest(points, x) {
  let [low, high] = [0, points.length - 1];
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - points[low - 1][0] < points[low][0] - x ? low - 1 : low;
}
