/** A value with its past and future. States are never changed in place, so undo gives back exactly what was there. */

/** More steps back than anyone takes by hand. */
const LONGEST = 500;

/** @template T @param {T} initial */
export function createHistory(initial) {
  /** @type {T[]} */
  let past = [];
  /** @type {T[]} */
  let future = [];
  let now = initial;
  /** The gesture that made the present state: its further changes belong to the same step. @type {unknown} */
  let gesture = null;
  return {
    get now() {
      return now;
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },
    /** @param {T} next @param {unknown} [of] changes of one gesture, one after another, are one step */
    change(next, of = null) {
      if (of === null || of !== gesture) past = [...past.slice(1 - LONGEST), now];
      gesture = of;
      future = [];
      now = next;
    },
    undo() {
      if (!past.length) return;
      future.push(now);
      now = /** @type {T} */ (past.pop());
      gesture = null;
    },
    redo() {
      const next = future.pop();
      if (next === undefined) return;
      past.push(now);
      now = next;
      gesture = null;
    },
  };
}
