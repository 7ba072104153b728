/** A cell that the pointer, or the keyboard, rests on: it is told once nothing has moved for a moment, and again when it is left. */

/** @typedef {import("../../lib/link.js").Place} Place */

/** How long nothing has moved on a cell that is rested on, ms: who passes over asks for nothing. */
const REST_MS = 80;

/** @param {(place: Place | null) => void} onrest  with the cell that is rested on, null when it is left */
export function createRest(onrest) {
  /** The timer while something may still move, else 0. */
  let due = 0;
  /** @type {Place | null} */
  let rests = null;

  return {
    /** What is rested on. */
    get place() {
      return rests;
    },

    /** Something is pointed at, or nothing any more. @param {Place | null} place */
    move(place) {
      if (place && rests && samePlace(place, rests)) return;
      clearTimeout(due);
      if (rests) onrest((rests = null));
      if (place) due = window.setTimeout(() => onrest((rests = place)), REST_MS);
    },
  };
}

/** @param {Place} one @param {Place} other */
export const samePlace = (one, other) =>
  one.step === other.step && one.of === other.of && one.cell.join() === other.cell.join();
