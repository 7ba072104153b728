/**
 * How the parts of a pass share the width: what is read, the products and what is written in one row, whose cells are as large as
 * the width allows; where that would make them too small, what is read above the rest; drawn tensors in rooms of their own.
 * The sizes are counted in sides of a cell here, and become pixels in the style sheet.
 */

import { largestOf } from "../lib/numbers.js";
import { NO_RING, planesOf } from "../lib/planes.js";
import { factor } from "../lib/visits.js";
import { isMany } from "./map.js";
import { MANY, pictureOf } from "./terms.js";

/** @typedef {import("../lib/arithmetic.js").Pass} Pass */
/** @typedef {{ kind: "row" | "stacked" | "drawn", read: number, sum: number, written: number, tall: number, term: number, parts: number }} Layout */

/** A row has at most so many sides; a term's cell is as wide as so many at least, and as one for so many characters; the sum beneath needs so many. */
const [WIDEST_ROW, TERM, CHARACTERS, SUM] = [27, 1.4, 6.5, 4.2];
/** Steps that are looked at for the widest and the most terms: the steps of a pass are alike. */
const LOOKED = 64;

/** @type {WeakMap<Pass, ReturnType<typeof termsOf>>} */
const known = new WeakMap();

/** The largest picture of the terms of a step. @param {Pass} pass */
function termsOf(pass) {
  let [columns, rows, groups, characters, most] = [1, 1, 1, 0, 0];
  for (let k = 0; k < Math.min(pass.count, LOOKED); k++) {
    const visit = pass.visit(k);
    const terms = visit.picture ?? visit.terms;
    const picture = pictureOf(terms);
    [columns, rows] = [Math.max(columns, picture.columns), Math.max(rows, picture.rows)];
    [groups, most] = [Math.max(groups, picture.groups), Math.max(most, terms.length)];
    for (const { label, factors } of terms)
      characters = Math.max(characters, (label ?? factors.map(factor).join(" × ")).length);
  }
  return { columns, rows, groups, characters, most };
}

/** Columns and rows of a tensor of cells, planes side by side but for kernels, which have a row of planes for each output. @param {number[]} shape @param {import("../lib/arithmetic.js").Ring} ring */
function sidesOf(shape, ring) {
  const { planes, rows, columns } = planesOf(shape);
  const down = shape.length === 4 ? shape[0] : 1;
  return {
    across: (columns + ring.left + ring.right) * (planes / down),
    down: (rows + ring.top + ring.bottom) * down,
    abreast: planes / down,
  };
}

/** @param {Pass} pass @param {Record<string, { shape: number[] }>} tensors @returns {Layout} */
export function layoutOf(pass, tensors) {
  const shapes = (/** @type {string[]} */ names) =>
    names.map((name) => sidesOf(tensors[name].shape, (name === pass.slides && pass.ring) || NO_RING));
  const [reads, targets] = [shapes(pass.reads), shapes(pass.targets)];
  const total = (/** @type {{ across: number }[]} */ sides) => sides.reduce((all, { across }) => all + across, 0);
  if (!known.has(pass)) known.set(pass, termsOf(pass));
  const { columns, rows, groups, characters, most } = /** @type {ReturnType<typeof termsOf>} */ (known.get(pass));
  const term = Math.max(TERM, characters / CHARACTERS);
  const [read, written] = [total(reads), total(targets)];
  const sum = Math.max(SUM, columns * term * groups);
  const drawn = most > MANY || [...pass.reads, ...pass.targets].some((name) => isMany(tensors[name].shape));
  const parts = [...reads, ...targets].reduce((all, { abreast }) => all + abreast, groups);
  const tall = largestOf(
    [...reads, ...targets].map(({ down }) => down),
    rows * TERM + 2,
  );
  const kind = drawn ? "drawn" : read + sum + written > WIDEST_ROW ? "stacked" : "row";
  return { kind, read, sum, written, tall, term, parts };
}
