/** What may be said of a kernel that was learned: that it is the one, that it takes longer, or why it cannot be known. */

import { largestOf, short } from "../lib/numbers.js";
import { peakOf } from "../parts/swatch.js";

/** A kernel is found when no weight is further away than this part of the largest. */
const FOUND = 1e-3;
/** The part of the variance that a kernel leaves unexplained when the result is not of one kernel. */
const UNEXPLAINED = 1e-3;

/**
 * @param {{ pair: import("./pair.js").Pair, descent: import("../lib/recovery.js").Descent, leftOut: boolean, step: number, last: boolean, now: { values: number[], bias: number, error: number } }} lesson
 * @returns {{ key: string[], numbers: Record<string, string | number>, good: boolean }} sentences of the page
 */
export function verdictOf({ pair, descent, leftOut, step, last, now }) {
  const { equations, rank, condition, steps } = descent;
  const { variance } = equations;
  const distance = pair.truth
    ? largestOf(
        now.values.map((value, k) =>
          Math.abs(value - /** @type {NonNullable<typeof pair.truth>} */ (pair.truth).kernel.values[k]),
        ),
      )
    : NaN;
  const found = pair.truth !== null && distance <= FOUND * peakOf(pair.truth.kernel.values);
  const unexplained = variance > 0 ? descent.residual / variance : 0;
  const numbers = {
    step: step.toLocaleString("en"),
    rank,
    taps: equations.taps,
    missing: equations.taps - rank,
    distance: short(distance, 2),
    condition: short(condition, 3),
    steps: steps.toLocaleString("en"),
    windows: equations.count.toLocaleString("en"),
    share: short((100 * pair.cut) / pair.count, 3),
    explained: short(100 * (1 - (variance > 0 ? now.error / variance : 0)), 4),
    least: short(Math.sqrt(descent.residual), 3),
  };
  const why = [
    ...(rank === 0 ? ["flat"] : rank < equations.taps ? [equations.count <= equations.taps ? "few" : "rank"] : []),
    ...(pair.signless ? ["signless"] : []),
    ...(pair.cut && !leftOut ? ["cut"] : []),
    ...(rank > 0 && !pair.signless && !pair.cut && unexplained > UNEXPLAINED ? ["other"] : []),
  ];
  const state = rank === 0 ? [] : found ? ["found"] : [last ? (pair.truth ? "missed" : "ended") : "under"];
  return { key: [...state, ...why].map((name) => `kernels.learn.verdict.${name}`), numbers, good: found };
}
