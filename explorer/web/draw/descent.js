/** From a number down to the ink: at every sum, the number that contributes most. */

import { numberOf } from "../lib/numbers.js";

/** @typedef {import("../lib/link.js").Place} Place */
/** The part of an opened sum that says where its numbers come from (see explorer/draw/sums.py). @typedef {{ addends?: { factors: { parent: number | null, gradient: boolean }[], groups: { terms: { cells: number[][], product: number | string, outside: boolean, winner: boolean }[] }[] }[] }} Sum */

/** More steps than any network that is drawn. */
const MOST_STEPS = 500;

/** The value that contributes most to a sum; null where no step made it. @param {Sum} sum @returns {Place | null} */
export function largestSource({ addends = [] }) {
  let [best, largest] = [/** @type {Place | null} */ (null), -1];
  for (const { factors, groups } of addends) {
    const k = factors.findIndex(({ parent, gradient }) => parent !== null && !gradient);
    if (k < 0) continue;
    for (const { cells, product, outside, winner } of groups.flatMap(({ terms }) => terms)) {
      const weight = winner ? Infinity : Math.abs(numberOf(product)) || 0;
      if (outside || weight <= largest) continue;
      [best, largest] = [{ step: /** @type {number} */ (factors[k].parent), of: "", cell: cells[k] }, weight];
    }
  }
  return best;
}

/**
 * The values from a place down to the first step that reads the input, each the largest contributor to the one before.
 * @param {Place} place @param {(place: Place) => Promise<Sum>} explain @returns {Promise<Place[]>}
 */
export async function downToInk(place, explain) {
  /** @type {Place[]} */
  const found = [];
  for (let at = place; found.length < MOST_STEPS;) {
    const next = largestSource(await explain(at));
    if (!next || next.step < 0) break;
    found.push(next);
    at = next;
  }
  return found;
}
