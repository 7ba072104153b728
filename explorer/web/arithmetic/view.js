/** A folded view of the sums of a convolution, drawn while it is open, in step with the walk. */

import { h } from "../parts/dom.js";

/** @typedef {{ given: import("../lib/arithmetic.js").Case, forward: import("../lib/arithmetic.js").Pass, visit: number, phase: number }} Moment */

/**
 * @param {string} name @param {string} words of its summary
 * @param {HTMLElement[]} body @param {(moment: Moment) => void} draw
 */
export function createView(name, words, body, draw) {
  /** @type {Moment | null} */
  let shown = null;
  const element = h(
    "details",
    { class: "view", dataset: { view: name }, ontoggle: redraw },
    h("summary", { dataset: { i18n: words, i18nTitle: `${words}.title` } }),
    h("div", { class: "lowering-body" }, ...body),
  );

  function redraw() {
    if (shown && element.open) draw(shown);
  }

  return {
    element,
    /** @param {import("../lib/arithmetic.js").Case} given @param {import("../lib/arithmetic.js").Pass | undefined} forward of a convolution @param {number} visit @param {number} phase */
    show(given, forward, visit, phase) {
      element.hidden = given.op !== "conv" || !forward;
      shown = element.hidden || !forward ? null : { given, forward, visit, phase };
      redraw();
    },
    redraw,
  };
}
