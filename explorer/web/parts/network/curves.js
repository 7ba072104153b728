/** Curves over the columns, from the maps that contribute most to a cell to that cell; and the same in words. */

import { h, svg } from "../dom.js";
import { colour, css } from "../../lib/colour.js";
import { curvesOf } from "../../lib/curves.js";
import { numberOf, short } from "../../lib/numbers.js";
import { t } from "../i18n.js";
import { page } from "../page.js";

/** @typedef {import("../../lib/contract/draw.js").SourceLevel} SourceLevel */

/** How far up the colour scale the curves are. */
const SHADE = 0.7;
/** Contributions that are told in words. */
const TOLD = 3;

export function createCurves() {
  const element = svg("svg", { class: "curves", "aria-hidden": "true" });
  const told = h("p", { class: "note curves-told" });
  /** @type {SourceLevel[]} */
  let levels = [];

  /** @param {boolean} adds */
  const shade = (adds) => css(colour("diverging", adds ? SHADE : -SHADE, page.get("dark")));

  return {
    element,
    /** What the curves say, and their key. */
    told,

    /** The steps and channels that contribute, the largest first. */
    get levels() {
      return levels;
    },

    /** @param {SourceLevel[]} next @param {boolean} passing whether they are seen in passing */
    take(next, passing) {
      levels = next;
      element.classList.toggle("passing", passing);
    },

    /** @param {import("../../lib/curves.js").Anchor} anchor @param {boolean} turned */
    draw(anchor, turned) {
      element.replaceChildren(
        ...curvesOf(levels, anchor, turned).map(({ d, width, adds }) =>
          svg("path", { class: "curve", d, pathLength: 1, "stroke-width": width.toFixed(1), stroke: shade(adds) }),
        ),
      );
    },

    /** @param {(step: number) => string} name of a step */
    tell(name) {
      const sum = levels.find(({ most }) => most.length > 1) ?? levels[0];
      if (!sum?.most.length) {
        told.replaceChildren();
        return;
      }
      const parts = sum.most
        .slice(0, TOLD)
        .map(({ step, cell, value }) =>
          h(
            "span",
            { class: "curve-part" },
            h("i", { class: "curve-key", style: { backgroundColor: shade(numberOf(value) > 0) } }),
            t("curves.part", { name: name(step), channel: cell[1] ?? cell[0], value: short(value, 3) }),
          ),
        );
      told.replaceChildren(
        t("curves.told", { name: `${name(sum.step)} [${sum.cell.slice(1).join(", ")}]` }),
        ...parts.flatMap((part) => [" ", part]), // whoever hears it hears where a number ends
      );
      told.title = t("curves.why");
    },
  };
}
