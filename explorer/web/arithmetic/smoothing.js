/** "A larger kernel performs better": a noisy signal smoothed by wider and wider means, each compared with the clean one. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { added, smoothed } from "../lib/properties.js";
import { peakOf } from "../parts/swatch.js";
import { stripOf } from "./strip.js";

const WIDTHS = [1, 3, 5, 7];

/** @param {...Node} grids of the clean signal and the noise, to be edited */
export function createSmoothing(...grids) {
  const verdict = h("p", { class: "verdict", role: "status" });
  const body = h("div", { class: "smoothed" });
  const element = h(
    "section",
    { class: "equation claim plane", dataset: { equation: "larger" } },
    h("header", { class: "equation-head" }, h("h3", { dataset: { i18n: "properties.larger" } }), verdict),
    h("p", { class: "equation-why", dataset: { i18n: "properties.larger.why" } }),
    h("div", { class: "equation-own" }, ...grids),
    body,
  );
  return {
    element,
    /** @param {import("../lib/properties_state.js").State} state */
    show({ clean, noise }) {
      const rows = smoothed(clean, noise, WIDTHS);
      const peak = peakOf([...clean.values, ...added(clean, noise).values]);
      const best = rows.reduce((least, row) => (row.error < least.error ? row : least));
      body.replaceChildren(
        ...rows.map(({ width, plane, error }) =>
          h(
            "div",
            { class: `smoothed-row${width === best.width ? " best" : ""}`, dataset: { width, error } },
            stripOf(t("properties.mean", { width }), plane, {
              peak,
              words: t("properties.error", { error: short(error, 4) }),
            }),
          ),
        ),
      );
      const larger = best.width !== WIDTHS[WIDTHS.length - 1];
      verdict.textContent = `${larger ? "✗" : "✓"} ${t("properties.larger.best", { width: best.width, error: short(best.error, 4) })}`;
      verdict.className = `verdict ${larger ? "differs" : "agrees"}`;
      element.dataset.best = String(best.width);
    },
  };
}
