/** Building the visits of a pass: sums whose terms are products, made when they are first asked for and then kept. */

import { short } from "./numbers.js";

/** @typedef {import("./arithmetic.js").Term} Term */
/** @typedef {import("./arithmetic.js").Visit} Visit */
/** @typedef {import("./arithmetic.js").Piece} Piece */
/** @typedef {Pick<Term, "vars" | "cells" | "factors"> & Partial<Term>} Factors  a product to be; it is inside at [0, 0, 0] unless it says otherwise */

export const size = (/** @type {number[]} */ shape) => shape.reduce((all, extent) => all * extent, 1);

/** The index along every axis of an element. @param {number} k @param {number[]} shape */
export function unravel(k, shape) {
  const index = Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = k % shape[axis];
    k = Math.floor(k / shape[axis]);
  }
  return index;
}

/** @param {(k: number) => Visit} make @returns {(k: number) => Visit} */
export function kept(make) {
  /** @type {Visit[]} */
  const visits = [];
  return (k) => (visits[k] ??= make(k));
}

/** Python's divmod: the rest is never negative. @param {number} a @param {number} b */
export const divided = (a, b) => [Math.floor(a / b), a - Math.floor(a / b) * b];

/** A term with what it leaves unsaid, field by field: some steps have thousands, and spreading each is many times slower. @param {Factors} term @returns {Term} */
export const termOf = ({
  vars,
  inside = true,
  changes = true,
  mark,
  cells,
  around,
  factors,
  product = 0,
  after = {},
  place = [0, 0, 0],
  label,
  writes = null,
}) => ({ vars, inside, changes, mark, cells, around, factors, product, after, place, label, writes });

/**
 * A visit that adds the products of its terms to `first`, one after another, those outside left out.
 * @param {{ vars: Record<string, number>, target: Visit["target"], first?: number, slides: string | null, terms: Factors[], also?: Visit["also"], groups?: number[] }} given
 * @returns {Visit}
 */
export function summed({ vars, target, first = 0, slides, terms, also, groups }) {
  let total = first;
  const added = terms.map((given) => {
    const term = termOf(given);
    if (term.inside) term.product = term.factors.reduce((all, factor) => all * factor);
    total += term.product;
    term.after = { total };
    return term;
  });
  return {
    vars,
    target,
    start: { total: first },
    terms: added,
    value: total,
    window: windowOf(slides, added),
    also,
    groups,
  };
}

/** The elements of the tensor that slides which lie under the window. @param {string | null} slides @param {Pick<Term, "inside" | "cells" | "around">[]} terms */
export const windowOf = (slides, terms) =>
  slides
    ? {
        [slides]: terms
          .filter(({ inside, around }) => inside && !around)
          .map(({ cells }) => /** @type {number} */ (cells[slides])),
      }
    : {};

/** A number in a product: negative ones in brackets. @param {number} value */
export const factor = (value) => (value < 0 ? `(${short(value, 4)})` : short(value, 4));

/** The terms that count, with their numbers. @param {Visit} visit */
export const insideOf = ({ terms }) => terms.flatMap((term, k) => (term.inside ? [{ term, k }] : []));

/** "1·2 + 3·4", each written when it is read: of thousands few are. @param {Visit} visit @returns {Piece[]} */
export const products = (visit) =>
  insideOf(visit).map(({ term, k }, n) => ({
    get text() {
      return `${n ? " + " : ""}${term.factors.map(factor).join("·")}`;
    },
    at: k,
  }));

/** "b + 1·2 + 3·4", or the first number alone where no term counts. @param {Visit} visit @param {boolean} [bias] whether the sum begins with one @returns {Piece[]} */
export function sumPieces(visit, bias = false) {
  const all = products(visit);
  if (!all.length) return [{ text: short(bias ? visit.start.total : 0, 6) }];
  return bias ? [{ text: `${short(visit.start.total, 6)} + ` }, ...all] : all;
}

/** Σ of the terms up to a phase. @param {Visit} visit @param {number} phase */
export const partSum = ({ terms }, phase) =>
  terms.reduce((all, { inside, product }, k) => (inside && k <= phase ? all + product : all), 0);

/** How many terms lie over padding. @param {Visit} visit */
export const outsideOf = ({ terms }) => terms.filter(({ inside }) => !inside).length;

/** "Σ = 12, + b = 13", with how many terms are left out. @param {Visit} visit @param {number} phase @param {string} [then] @param {string} [outside] the words for those */
export function sumTold(visit, phase, then = "", outside = "arithmetic.outside") {
  const [text, count] = [`Σ = ${short(partSum(visit, phase), 7)}${then}`, outsideOf(visit)];
  return count ? { key: outside, values: { text, count } } : { text };
}
