/** The state of the pages at each card of a lesson, as far as it follows from what cards open and from the acts that they wait for. */

import { fields, LINKED, readLink } from "../link.js";
import { linkOf } from "./check.js";
import { thingOf } from "./names.js";
import { WAITS } from "./waits.js";

/** @typedef {import("../link.js").Linked} Linked */
/** @typedef {import("./waits.js").Known} Known */

/** The state of a page that nobody touched. */
const UNTOUCHED = /** @type {Linked} */ (Object.fromEntries(LINKED.map((key) => [key, fields[key].initial])));

/** @param {Known} known */
export const whole = (known) => ({ ...UNTOUCHED, ...known });

/** What an "open" says. @param {import("./check.js").Open} open @returns {Known} */
export const stateOf = (open) => readLink(linkOf(open)).state;

/** Before and after the act of each card, one after another. @param {import("./check.js").Lesson} lesson @returns {{ before: Known, after: Known }[]} */
export function statesOf({ cards }) {
  /** @type {Known} */
  let known = {};
  return cards.map(({ open, wait }) => {
    known = { ...known, ...stateOf(open ?? {}) };
    const before = known;
    const found = wait === undefined ? null : thingOf(WAITS, wait);
    known = { ...known, ...found?.thing.after?.(whole(known), ...found.args) };
    return { before, after: known };
  });
}
