/** The numbers that the properties are shown on: what they are at first, and what a person or a link may make of them. */

import { signal } from "./properties.js";
import { planeIn, switchIn, wholeIn } from "./decode.js";

/** @typedef {import("./properties.js").Plane} Plane */
/** @typedef {import("./properties.js").Given & { flip: boolean, clean: Plane, noise: Plane }} State */
/** Names of the matrices of a state. @typedef {"f" | "g" | "h" | "p" | "X" | "u" | "w" | "K" | "clean" | "noise"} Matrix */

/** @param {number} columns @param {number[]} values */
const plane = (columns, values) => ({ rows: values.length / columns, columns, values });

/** @type {State} */
export const INITIAL = {
  f: signal([1, 3, 2, 0, 4, 1, 0, 2]),
  g: signal([1, 2, -1]),
  h: signal([2, 1]),
  p: signal([4, 0, 1, 2, 0, 3, 1, 0]),
  X: plane(4, [1, 2, 0, 1, 3, 1, 2, 0, 0, 4, 1, 2, 2, 0, 1, 3]),
  u: plane(1, [1, 2, 1]),
  w: plane(3, [-1, 0, 1]),
  K: plane(3, [0, 1, 0, 1, -4, 1, 0, 1, 0]),
  clean: signal([1, 1, 1, 1, 1, 1, 8, 8, 8, 8, 1, 1, 1, 1, 1, 1]),
  noise: signal([2, -2, 1, -1, 2, -1, -1, 2, -2, 1, -2, 1, 2, -2, 1, -1]),
  shift: 2,
  flip: true,
};

/** Lengths that a person may choose. @type {Partial<Record<Matrix, [number, number]>>} */
export const LENGTHS = { f: [1, 8], g: [1, 4], h: [1, 3] };
export const LONGEST_SHIFT = 4;

/** @param {State} state @param {Matrix} name @param {number} index @param {number} value @returns {State} */
export const withNumber = (state, name, index, value) => ({
  ...state,
  [name]: { ...state[name], values: state[name].values.with(index, value) },
});

/** New elements are 1. @param {State} state @param {"f" | "g" | "h"} name @param {number} length @returns {State} */
export const withLength = (state, name, length) => ({
  ...state,
  [name]: signal(Array.from({ length }, (_, k) => state[name].values[k] ?? 1)),
});

/** The rows and columns that a matrix may have: from the least to the most columns. @param {State} state @param {Matrix} name */
export const sizesOf = (state, name) => ({
  rows: state[name].rows,
  columns: LENGTHS[name] ?? [state[name].columns, state[name].columns],
});

/** The state with a table for one of its matrices; null where it is of another size. @param {State} state @param {Matrix} name @param {number[][]} table @returns {State | null} */
export function withTable(state, name, table) {
  const {
    rows,
    columns: [least, most],
  } = sizesOf(state, name);
  const columns = table[0].length;
  return table.length === rows && columns >= least && columns <= most
    ? { ...state, [name]: { rows, columns, values: table.flat() } }
    : null;
}

/** What of a state is not as it is at first, to travel in a link; null for nothing. @param {State} state @param {number} at step of the definition */
export function told(state, at) {
  const changed = Object.entries(state).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(/** @type {any} */ (INITIAL)[name]),
  );
  const said = Object.fromEntries(
    changed.map(([name, value]) => [name, typeof value === "object" ? value.values : value]),
  );
  return changed.length || at ? { ...said, ...(at ? { at } : {}) } : null;
}

/** The state that a link told, and the step. @param {any} given @returns {{ state: State, at: number }} @throws {Error} what was expected and what came */
export function heard({ at = 0, ...given }) {
  const state = { ...INITIAL };
  for (const [name, value] of Object.entries(given)) {
    if (name === "flip") state.flip = switchIn(value, name);
    else if (name === "shift") state.shift = wholeIn(value, name, 0, LONGEST_SHIFT);
    else if (!(name in INITIAL)) throw new Error(`there is no ${name}`);
    else {
      const matrix = /** @type {Matrix} */ (name);
      const [least, most] = LENGTHS[matrix] ?? [INITIAL[matrix].values.length, INITIAL[matrix].values.length];
      state[matrix] = planeIn(value, name, LENGTHS[matrix] ? null : INITIAL[matrix], least, most);
    }
  }
  return { state, at: wholeIn(at, "at", 0, state.f.columns + state.g.columns - 2) };
}
