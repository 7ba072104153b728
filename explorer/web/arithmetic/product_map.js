/** The products of one sum as a picture, for more of them than can be read at once; the one that is pointed at is read out below. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { largestOf, short } from "../lib/numbers.js";
import { factor } from "../lib/visits.js";
import { NO_RING } from "../lib/planes.js";
import { createLegend } from "./legend.js";
import { createSheet } from "./sheet.js";

/** @typedef {import("../lib/arithmetic.js").Term} Term */

/** Sides of a cell and the width for all of them, in pixels. */
const [SMALLEST, LARGEST, WIDTH] = [4, 22, 520];

/** @param {{ onlight: (term: Term | null) => void }} options */
export function createProductMap({ onlight }) {
  const reading = h("p", { class: "note map-reading" });
  const sheet = createSheet({
    role: "img",
    onpointermove: (/** @type {PointerEvent} */ event) => point(sheet.cellAt(event)),
    onpointerleave: () => point(null),
  });
  const legend = createLegend();
  const element = h(
    "div",
    { class: "sum-group" },
    h("div", { class: "map-frame" }, sheet.element),
    legend.element,
    reading,
  );
  /** The terms by row and column. @type {(Term | undefined)[]} */
  let placed = [];
  let columns = 1;

  /** @param {[number, number] | null} place */
  function point(place) {
    const term = place ? (placed[place[0] * columns + place[1]] ?? null) : null;
    onlight(term);
    legend.point(term?.inside ? term.product : null);
    reading.textContent = !term
      ? ""
      : term.inside
        ? `${term.label ?? term.factors.map(factor).join(" × ")} = ${short(term.product, 7)}`
        : t("arithmetic.products.outside");
  }

  return {
    element,
    /** @param {Term[]} terms @param {number} until the last that was computed @param {number} now the present one, or none of them @param {import("./paint.js").Shading} shading */
    show(terms, until, now, shading) {
      const [rows, across] = [1, 2].map((axis) => 1 + largestOf(terms.map(({ place }) => place[axis])));
      columns = across;
      placed = Array(rows * columns);
      const written = new Uint8Array(rows * columns);
      /** @type {Map<number, string>} */
      const marks = new Map();
      terms.forEach((term, k) => {
        const at = term.place[1] * columns + term.place[2];
        placed[at] = term;
        written[at] = Number(k <= until && term.inside);
        if (k === now) marks.set(at, "target");
      });
      const side = Math.max(SMALLEST, Math.min(LARGEST, Math.floor(WIDTH / columns)));
      const values = Array.from(placed, (term) => term?.product ?? 0);
      sheet.show({ rows, columns, values, shade: shading.shade, ring: NO_RING, written, side, marks }, true);
      legend.show(shading);
      sheet.element.setAttribute("aria-label", t("arithmetic.products", { count: terms.length }));
    },
  };
}
