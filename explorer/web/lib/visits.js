/** Building the visits of a pass: sums whose terms are products, made when they are first asked for and then kept. */

/** @typedef {import("./arithmetic.js").Term} Term */
/** @typedef {import("./arithmetic.js").Visit} Visit */

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

/**
 * A visit that adds the products of its terms to `first`, one after another, those outside left out.
 * @param {{ vars: Record<string, number>, target: Visit["target"], first?: number, slides: import("./arithmetic.js").Name | null,
 *   terms: Pick<Term, "vars" | "inside" | "cells" | "factors" | "place">[] }} given
 * @returns {Visit}
 */
export function summed({ vars, target, first = 0, slides, terms }) {
  let total = first;
  const added = terms.map((term) => {
    const product = term.inside ? term.factors.reduce((all, factor) => all * factor) : 0;
    if (term.inside) total += product;
    return { ...term, product, changes: true, writes: null, after: { total } };
  });
  return { vars, target, start: { total: first }, terms: added, value: total, window: windowOf(slides, added) };
}

/** The elements of the tensor that slides which lie under the window. @param {import("./arithmetic.js").Name | null} slides @param {Pick<Term, "inside" | "cells">[]} terms */
export const windowOf = (slides, terms) => (slides ? { [slides]: terms.filter(({ inside }) => inside).map(({ cells }) => /** @type {number} */ (cells[slides])) } : {});
