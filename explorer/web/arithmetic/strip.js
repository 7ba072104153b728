/** Numbers to look at, not to edit: a matrix or a row of painted cells, named for those who cannot see it. */

import { h } from "../parts/dom.js";
import { fitted } from "../lib/editing.js";
import { short } from "../lib/numbers.js";
import { peakOf } from "../parts/swatch.js";
import { css, inkOn } from "../lib/colour.js";
import { shades } from "./paint.js";

/** @typedef {import("../lib/properties.js").Plane} Plane */

/** Characters that fit into a cell. */
const DIGITS = 5;

/**
 * @param {string} label how formulas write it @param {Plane} plane
 * @param {{ words?: string, peak?: number }} [options] `words`: a sentence after the formula; `peak`: end of the colour scale
 */
export function stripOf(label, { rows, columns, values }, { words = "", peak = peakOf(values) } = {}) {
  const shade = shades("", [peak]);
  const cells = values.map((value, k) => {
    const rgb = shade(value);
    const text = Number.isFinite(value) ? fitted(value, DIGITS) : short(value);
    return h(
      "span",
      {
        class: `cell${text.length > 3 ? " long" : ""}`,
        dataset: { at: k, value },
        title: `${label}${rows > 1 ? `[${Math.floor(k / columns)}, ${k % columns}]` : `[${k}]`} = ${short(value, 7)}`,
        style: { backgroundColor: css(rgb), color: inkOn(rgb) },
      },
      text,
    );
  });
  const line = (/** @type {number} */ row) =>
    values
      .slice(row * columns, (row + 1) * columns)
      .map((value) => short(value, 6))
      .join(", ");
  const spoken = Array.from({ length: rows }, (_, row) => line(row)).join("; ");
  const grid = h("div", { class: "cells", role: "img", "aria-label": `${label}: ${spoken}` }, ...cells);
  grid.style.setProperty("--columns", String(columns));
  return h(
    "div",
    { class: "strip-of", dataset: { formula: label } },
    h("p", { class: "strip-name" }, h("b", {}, label), words ? h("span", { class: "note" }, ` ${words}`) : ""),
    grid,
  );
}
