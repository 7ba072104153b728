/** Which cells of an argument an output cell is made of, in the order of core's sums; the rules are those of lib/field.js. */

import { positions } from "../lib/field.js";
import { unravel } from "../lib/visits.js";
import { isCell, offsetOf } from "./tensor.js";

/** @typedef {import("../lib/field.js").Relation} Relation */

/** Indices whose coordinates are taken from lists, in row-major order. @param {number[][]} axes @returns {number[][]} */
export function cartesian(axes) {
  /** @type {number[][]} */
  let cells = [[]];
  for (const axis of axes) cells = cells.flatMap((cell) => axis.map((at) => [...cell, at]));
  return cells;
}

/** @param {number} count */
export const upTo = (count) => Array.from({ length: count }, (_, k) => k);

/** The cells, padding included, that an output cell is made of. @param {Relation} relation @param {number[]} index @returns {number[][]} */
export function cellsOf(relation, index) {
  if (relation.kind === "product")
    return cartesian(relation.axes.map((rule) => positions(rule, rule.axis === null ? 0 : index[rule.axis])));
  if (relation.kind === "reshape") return [unravel(offsetOf(relation.output_shape, index), relation.input_shape)];
  throw new Error("the engine has no operator that picks its elements one by one");
}

/** The output cells, in row-major order, that an input cell takes part in. @param {Relation} relation @param {number[]} index @param {number[]} outputs shape of the output @returns {number[][]} */
export function reachedBy(relation, index, outputs) {
  if (relation.kind === "reshape") return [unravel(offsetOf(relation.input_shape, index), relation.output_shape)];
  if (relation.kind !== "product") throw new Error("the engine has no operator that picks its elements one by one");
  const free = outputs.map(upTo);
  for (const [axis, rule] of relation.axes.entries()) {
    const { axis: output } = rule;
    const holds = (/** @type {number} */ o) => positions(rule, o).includes(index[axis]);
    if (output === null && !holds(0)) return [];
    if (output !== null) free[output] = free[output].filter(holds);
  }
  return cartesian(free);
}

/** @param {number[][]} cells @param {number[]} shape @returns {boolean[]} whether each lies outside a tensor of that shape */
export const outside = (cells, shape) => cells.map((cell) => !isCell(shape, cell));
