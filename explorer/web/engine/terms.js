/** The products and sums behind one element, as core/explain/terms makes them: float64 sums of the tensors' float32 numbers. */

import { cellsOf, outside } from "./cells.js";
import { argumentOf } from "./step.js";
import { elementOf, isCell, offsetOf } from "./tensor.js";

/** @typedef {import("./step.js").Step} Step */
/** A column of a sum: for each term the cell of `argument` that it reads, and its number. @typedef {{ argument: string, cells: number[][], values: number[] }} Factor */
/**
 * Terms of one kind; `groups`: the group of each, null where there is one; `outside`: whether each reads padding.
 * @typedef {{ label: string, rule: string, factors: Factor[], products: number[], groupLabel: string, groups: number[] | null, outside: boolean[] | null }} Addends
 */
/** @typedef {{ name: string, value: number }} Quantity */
/**
 * @typedef {{
 *   addends: Addends[], reduction: "sum" | "max", reduced: number, after: string, value: number, shown: number, tolerance: number,
 *   quantities: Quantity[], winner: number | null,
 * }} Terms
 */
/** The derivatives of the output cells that one cell of an argument takes part in. `scale`: what rounding is relative to beside them. @typedef {{ outputs: number[][], values: number[], rule: string, factors: Factor[], scale: number, groupAxis: number | null }} Partials */

const EPSILON = 2 ** -23;
const SMALLEST = 2 ** -126;
const LARGEST = 2 ** 127 * (2 - EPSILON);

const total = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0);
export const absolute = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + Math.abs(value), 0);

/** @param {Step} step @param {string} argument @param {number[][]} cells @param {number} [padding] read outside the tensor @returns {Factor} */
export function read(step, argument, cells, padding = 0) {
  const { shape, data } = argumentOf(step, argument);
  return {
    argument,
    cells,
    values: cells.map((cell) => (isCell(shape, cell) ? data[offsetOf(shape, cell)] : padding)),
  };
}

/** @param {Pick<Addends, "label" | "rule" | "factors" | "products"> & Partial<Addends>} told @returns {Addends} */
export const addendsOf = (told) => ({ groupLabel: "", groups: null, outside: null, ...told });

/** The bias as addends: one term, or none. @param {Step} step @param {number[]} at @returns {Addends[]} */
export function biasOf(step, at) {
  if (!step.arguments.bias) return [];
  const factor = read(step, "bias", [at]);
  return [addendsOf({ label: "bias", rule: "bias", factors: [factor], products: factor.values })];
}

/**
 * How far rounding may move a sum of `count` products whose absolute values add up to `magnitude`: see `rounding` of
 * core/explain/terms/base.py.
 * @param {number} count @param {number} magnitude @param {number} value
 */
export function rounding(count, magnitude, value) {
  if (!Number.isFinite(magnitude)) return 0;
  if (Math.abs(value) > LARGEST * (1 - EPSILON)) return Infinity;
  return (Math.sqrt(count) + 4) * EPSILON * magnitude + SMALLEST;
}

/**
 * The terms of an element that is a function of the sum of its addends.
 * @param {Step} step @param {number[]} index @param {Addends[]} addends
 * @param {{ after?: string, value?: (reduced: number) => number, scale?: number, magnitude?: number, terms?: number, exact?: boolean, quantities?: Quantity[] }} [how]
 * @returns {Terms}
 */
export function summed(step, index, addends, how = {}) {
  const { after = "", scale = 0, terms = 0, exact = false, quantities = [] } = how;
  const reduced = total(addends.map(({ products }) => total(products)));
  const value = how.value ? how.value(reduced) : reduced;
  const own = Math.max(Math.abs(value), total(addends.map(({ products }) => absolute(products))));
  const count = Math.max(terms, total(addends.map(({ products }) => products.length)));
  const tolerance = exact ? 0 : rounding(count, Math.max(how.magnitude ?? own, scale), value);
  const shown = elementOf(step.output, index);
  return { addends, reduction: "sum", reduced, after, value, shown, tolerance, quantities, winner: null };
}

/** The terms of the largest cell of the input's window; the first of equals wins. @param {Step} step @param {number[]} index @returns {Terms} */
export function largest(step, index) {
  const factor = read(step, "input", cellsOf(step.relations.input, index), -Infinity);
  const winner = factor.values.reduce((best, value, k) => (value > factor.values[best] ? k : best), 0);
  const value = factor.values[winner];
  const beyond = outside(factor.cells, argumentOf(step, "input").shape);
  const rows = addendsOf({
    label: "window",
    rule: "input",
    factors: [factor],
    products: factor.values,
    outside: beyond,
  });
  return {
    addends: [rows],
    reduction: "max",
    reduced: value,
    after: "",
    value,
    shown: elementOf(step.output, index),
    tolerance: 0,
    quantities: [],
    winner,
  };
}

/** The terms of a mean of the input's window. @param {Step} step @param {number[]} index @param {number} divisor @returns {Terms} */
export function mean(step, index, divisor) {
  const factor = read(step, "input", cellsOf(step.relations.input, index));
  const rows = addendsOf({
    label: "window",
    rule: `input / ${divisor}`,
    factors: [factor],
    products: factor.values.map((value) => value / divisor),
    outside: outside(factor.cells, argumentOf(step, "input").shape),
  });
  return summed(step, index, [rows]);
}

/** @param {Pick<Partials, "outputs" | "values"> & Partial<Partials>} told @returns {Partials} */
export const partialsOf = (told) => ({ rule: "1", factors: [], scale: 0, groupAxis: null, ...told });

/** Derivatives that are all 1. @param {number[][]} outputs */
export const ones = (outputs) => partialsOf({ outputs, values: outputs.map(() => 1) });

/** What the arithmetic of an operation, or its gradient, is not known for. */
export class Unexplained extends Error {}

/** @param {Step} step @param {string} wrt @returns {never} */
export function unexplained(step, wrt) {
  throw new Unexplained(`the gradient of ${step.op} by ${wrt} is not explained`);
}
