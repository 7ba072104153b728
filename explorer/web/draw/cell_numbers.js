/** The numbers of an opened sum: where each comes from, and a button where a step made it. */

import { h } from "../parts/dom.js";
import { colour, css, inkOn } from "../lib/colour.js";
import { numberOf, short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";

/** @typedef {import("../lib/link.js").Place} Place */
/** @typedef {import("../lib/contract/draw.js").Factor} Factor */
/** @typedef {import("../lib/contract/draw.js").Term} Term */
/** @typedef {import("../lib/contract/draw.js").Told} Told */
/**
 * What the parts of an opened sum need of the panel: what a step is called, whether all terms are shown, how to show them, to open
 * a place, to mark the cell that a number comes from, and to build what is below the part in view, of a number just opened when
 * that is on screen.
 * @typedef {{ name: (step: number) => string, readonly all: boolean, showAll: () => void, follow: (place: Place) => void,
 *   light: (place: { step: number, cell: number[] } | null) => void, below: (build: () => void) => void }} Context
 */

/** What a factor is called: the step that made it, or the parameter. @param {Factor} factor @param {Pick<Context, "name">} context */
export function sourceName({ gradient, parent, parameter, argument }, { name }) {
  if (gradient && parent !== null) return `dL/d ${name(parent)}`;
  return parameter ?? (parent === null ? argument : name(parent));
}

/** Listeners that mark a cell while a number is pointed at or has the focus. @param {{ step: number, cell: number[] } | null} cell @param {Context["light"]} light */
export const lighting = (cell, light) => ({
  onpointerenter: () => light(cell),
  onpointerleave: () => light(null),
  onfocus: () => light(cell),
  onblur: () => light(null),
});

/**
 * What a term reads of its k-th factor; where a step made it, a button that opens it, or lights it up under the pointer.
 * @param {Term} term @param {Factor} factor @param {number} k @param {Context} context
 * @param {{ ends?: number, text?: (value: Told) => string }} [options]  `ends` of its colour scale, 0 for none
 */
export function numberCell(term, factor, k, context, { ends = 0, text = short } = {}) {
  const [value, cell] = [term.values[k], term.cells[k]];
  const words = term.outside && factor.parent !== null ? t("cell.padding") : text(value);
  const attributes = {
    class: `number${term.winner ? " winner" : ""}`,
    style: ends ? shade(value, ends) : {},
    title: `${sourceName(factor, context)} [${cell.join(", ")}] = ${value}`,
  };
  const place = placeOf(factor, term, k);
  if (!place) return h("span", attributes, words);
  const lights = lighting(factor.parent === null ? null : { step: factor.parent, cell }, context.light);
  if (place.step < 0 && !place.of)
    return h("span", { ...attributes, ...lights, tabindex: 0, class: `${attributes.class} ink` }, words);
  return h("button", { type: "button", ...attributes, ...lights, onclick: () => context.follow(place) }, words);
}

/** What a number opens: the value or gradient that a step made, or a parameter's element and its gradient. @param {Factor} factor @param {Term} term @param {number} k @returns {Place | null} */
function placeOf(factor, term, k) {
  if (term.outside) return null;
  if (factor.parent !== null) return { step: factor.parent, of: factor.gradient ? "output" : "", cell: term.cells[k] };
  return factor.learned ? { step: factor.step, of: factor.argument, cell: term.cells[k] } : null;
}

/** A number's place on the diverging scale as a background, with ink that can be read on it. @param {Told} value @param {number} ends */
export function shade(value, ends) {
  const rgb = colour("diverging", ends > 0 ? numberOf(value) / ends : 0, page.get("dark"));
  return { backgroundColor: css(rgb), color: inkOn(rgb) };
}
