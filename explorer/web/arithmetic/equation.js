/** An equation that proves itself, or fails, on the present numbers: its left side, its right side, their difference. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { peakOf } from "../parts/swatch.js";
import { stripOf } from "./strip.js";

/**
 * @param {string} name key of the words: `properties.NAME` its title, `properties.NAME.why` what it says
 * @param {string} kind classes: "property", or "claim" for a sentence of a tutorial that is not true in general; "plane" for matrices, which take the whole width
 * @param {...(Node | string)} own controls of this equation alone
 */
export function createEquation(name, kind, ...own) {
  const verdict = h("p", { class: "verdict", role: "status" });
  const body = h("div", { class: "sides" });
  const why = h("p", { class: "equation-why", dataset: { i18n: `properties.${name}.why` } });
  const element = h(
    "section",
    { class: `equation ${kind}`, dataset: { equation: name } },
    h("header", { class: "equation-head" }, h("h3", { dataset: { i18n: `properties.${name}` } }), verdict),
    why,
    h("div", { class: "equation-body" }, ...(own.length ? [h("div", { class: "equation-own" }, ...own)] : []), body),
  );

  /** Pointing at an element of a result points at the same one of all three. @param {string | null} at */
  function light(at) {
    for (const cell of body.querySelectorAll("[data-result] .cell"))
      cell.classList.toggle("lit", cell.dataset.at === at);
  }
  body.addEventListener("pointerover", (/** @type {Event} */ event) => {
    const cell = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest("[data-result] .cell"));
    light(cell?.dataset.at ?? null);
  });
  body.addEventListener("pointerleave", () => light(null));

  return {
    element,
    /** @param {import("../lib/properties.js").Worked} worked */
    show({ left, right, difference, largest, equal }) {
      const ends = [left, right].map((side) => side[side.length - 1].plane.values);
      const peak = peakOf(ends.flat());
      const side = (/** @type {import("../lib/properties.js").Part[]} */ parts, /** @type {string} */ which) =>
        h(
          "div",
          { class: "side", dataset: { side: which } },
          ...parts.map(({ formula, plane }, k) => {
            const last = k === parts.length - 1;
            const strip = stripOf(formula, plane, last ? { peak } : {});
            if (last) strip.dataset.result = which;
            return strip;
          }),
        );
      const rest = stripOf(t("properties.difference"), difference, { peak });
      rest.dataset.result = "difference";
      body.replaceChildren(
        side(left, "left"),
        h("p", { class: "equals", "aria-hidden": "true" }, equal ? "=" : "≠"),
        side(right, "right"),
        h("div", { class: "side-difference" }, rest),
      );
      verdict.textContent = `${equal ? "✓" : "✗"} ${t(equal ? (largest ? "properties.equal.rounding" : "properties.equal") : "properties.differ", { largest: short(largest, 3) })}`;
      verdict.className = `verdict ${equal ? "agrees" : "differs"}`;
      element.dataset.equal = String(equal);
    },
  };
}
