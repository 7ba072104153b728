/** What a place of a request names: a step, a cell of it, and what of it is looked at. */

import { isCell } from "./tensor.js";

/** @typedef {import("./network.js").Trace} Trace */
/** @typedef {import("./step.js").Step} Step */

/** A request that asks for what is not there; `key` names the page's words for it, `values` are what they hold. */
export class Refused extends Error {
  /** @param {string} message @param {string} [key] @param {Record<string, string | number>} [values] */
  constructor(message, key, values = {}) {
    super(message);
    this.key = key;
    this.values = values;
  }
}

/** @returns {never} */
export function needsLabel() {
  throw new Refused("a gradient needs the true label: choose one", "told.label");
}

/** @param {Trace} trace @param {number} step @returns {Step} */
export function stepOf({ steps }, step) {
  if (!steps[step]) throw new Refused(`there is no step ${step + 1}; the model ran ${steps.length}`);
  return steps[step];
}

/** @param {number[]} shape @param {number[]} cell @param {string} name */
export function checkCell(shape, cell, name) {
  if (!isCell(shape, cell))
    throw new Refused(`${name} has cells of shape (${shape.join(", ")}), got (${cell.join(", ")})`);
}
