/** Sums as answers tell them: the largest terms one by one, the others as the rest of their group. */

import { ARRIVING } from "../gradients.js";
import { numberOf } from "../../lib/numbers.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../terms.js").Terms} Terms */
/** @typedef {import("../../lib/contract/draw.js").Sum} Sum */
/** @typedef {import("../../lib/contract/draw.js").Told} Told */

/** Most terms that travel one by one. */
export const MOST_TERMS = 640;

export const EPSILON = 2 ** -23;

/** A number as JSON has it: by its name where it is not finite. @param {number} value @returns {Told} */
export const named = (value) =>
  Number.isFinite(value) ? value : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";

/** @param {number} value @param {number} shown @param {number} tolerance */
export function compared(value, shown, tolerance) {
  const difference = shown === value || (Number.isNaN(shown) && Number.isNaN(value)) ? 0 : shown - value;
  return {
    value: named(value),
    shown: named(shown),
    difference: named(difference),
    tolerance: named(tolerance),
    agrees: Math.abs(difference) <= tolerance,
    reduction: "sum",
    reduced: named(value),
    after: "",
    quantities: [],
  };
}

const total = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0);

/** The addends of all parts as one sum, compared with the tensor's element. @param {[Step, Terms][]} parts @param {number} shown @param {number} most */
export function sumTold(parts, shown, most) {
  const value = total(parts.map(([, part]) => part.value));
  const several = parts.length > 1 ? EPSILON * total(parts.map(([, part]) => Math.abs(part.value))) : 0;
  return {
    ...compared(value, shown, total(parts.map(([, part]) => part.tolerance)) + several),
    reduced: named(total(parts.map(([, part]) => part.reduced))),
    count: total(parts.map(([, { addends }]) => total(addends.map(({ products }) => products.length)))),
    addends: parts.flatMap(([step, found]) => found.addends.map((addends) => addendsTold(step, addends, found, most))),
  };
}

/** @param {Step} step @param {import("../terms.js").Addends} addends @param {Terms} found @param {number} most */
function addendsTold(step, addends, { reduction, reduced, winner }, most) {
  const { label, rule, factors, products, groupLabel, groups, outside } = addends;
  /** @type {Map<number, number[]>} */
  const members = new Map();
  products.forEach((_, k) => {
    const group = groups ? groups[k] : 0;
    members.set(group, [...(members.get(group) ?? []), k]);
  });
  let room = most;
  const rows = [...members]
    .map(([group, places]) => ({
      group,
      places,
      subtotal: reduction === "sum" ? total(places.map((k) => products[k])) : reduced,
    }))
    .sort((a, b) => Math.abs(b.subtotal) - Math.abs(a.subtotal) || a.group - b.group)
    .map(({ group, places, subtotal }) => {
      const told = toldOf(products, places, room, winner);
      room -= told.length;
      const rest = places.filter((k) => !told.includes(k));
      return {
        group,
        subtotal: named(subtotal),
        count: places.length,
        rest: rest.length ? { count: rest.length, sum: named(total(rest.map((k) => products[k]))) } : null,
        terms: told.map((k) => ({
          cells: factors.map(({ cells }) => cells[k]),
          values: factors.map(({ values }) => named(values[k])),
          product: named(products[k]),
          outside: outside?.[k] ?? false,
          winner: k === winner,
        })),
      };
    });
  return {
    label,
    rule,
    groupLabel,
    count: products.length,
    total: named(reduction === "sum" ? total(products) : reduced),
    factors: factors.map((factor) => factorTold(step, factor.argument)),
    groups: rows,
  };
}

/** @param {Step} step @param {string} argument */
function factorTold({ index, parents, parameters }, argument) {
  const arriving = argument === ARRIVING;
  return {
    argument,
    step: index,
    parent: arriving ? index : (parents[argument] ?? null),
    gradient: arriving,
    parameter: parameters[argument] ?? null,
    learned: ["weight", "bias"].includes(argument) && argument in parameters,
  };
}

/** Which of a group's terms travel one by one: all in their order, or the largest that there is room for. @param {number[]} products @param {number[]} places @param {number} room @param {number | null} winner */
function toldOf(products, places, room, winner) {
  if (places.length <= room) return places;
  const weight = (/** @type {number} */ k) =>
    k === winner || Number.isNaN(products[k]) ? Infinity : Math.abs(numberOf(products[k]));
  return [...places].sort((a, b) => weight(b) - weight(a) || a - b).slice(0, room);
}
