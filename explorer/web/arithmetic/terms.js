/** The arithmetic of one visit: every product at its place in the window, the sum, the result. */

import { h } from "../parts/dom.js";
import { fitted } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { largestOf, short } from "../lib/numbers.js";
import { factor, unravel } from "../lib/visits.js";
import { paintCell } from "../parts/swatch.js";
import { shadingOf } from "./paint.js";
import { createProductMap } from "./product_map.js";
import { cellName, letterOf } from "./words.js";

/** @typedef {import("../lib/arithmetic.js").Pass} Pass */
/** @typedef {import("../lib/arithmetic.js").Visit} Visit */
/** @typedef {import("../lib/arithmetic.js").Term} Term */
/** @typedef {import("../lib/case.js").Case} Case */

/** What a value of the pass's target is called. @param {{ op: string }} given @param {Pass} pass @param {Visit} visit */
export function targetName(given, pass, { target: [name, index], window }) {
  if (pass.scatter && index < 0)
    return `${letterOf(given, name)}, ${t("arithmetic.cells", { count: window[name]?.length ?? 0 })}`;
  const shape = /** @type {number[]} */ (pass.shapes[name]);
  return cellName(given, name, unravel(index, shape), shape);
}

/** @param {import("../lib/arithmetic.js").Told} told */
const spoken = (told) => ("text" in told ? told.text : t(told.key, told.values));

/** More terms of one group than this are drawn. */
export const MANY = 100;
/** Rows longer than this are broken into lines of so many. */
const [LONG, ROW] = [12, 8];

/** Row and column of a term's cell: a long row takes several lines. @param {Term} term @param {boolean} long */
const cellOf = ({ place: [, row, column] }, long) => (long ? [Math.floor(column / ROW), column % ROW] : [row, column]);

/** Groups, rows and columns of the picture of some terms, long rows broken. @param {Term[]} terms */
export function pictureOf(terms) {
  const [groups, rows, columns] = [0, 1, 2].map(
    (axis) =>
      1 +
      largestOf(
        terms.map(({ place }) => place[axis]),
        0,
      ),
  );
  const long = rows === 1 && columns > LONG;
  return { groups, rows: long ? Math.ceil(columns / ROW) : rows, columns: long ? ROW : columns, long };
}

/** @param {{ onlight: (term: Term | null) => void }} options */
export function createTerms({ onlight }) {
  const title = h("h3", { class: "sum-title" });
  const rotation = h("p", { class: "note" });
  const groups = h("div", { class: "sum-groups" });
  const line = h("p", { class: "sum-line-of", "aria-live": "off" });
  const result = h("p", { class: "sum-result" });
  const element = h(
    "section",
    { class: "sum", dataset: { i18nAria: "arithmetic.sum" } },
    title,
    rotation,
    groups,
    line,
    result,
  );
  const map = createProductMap({ onlight });
  /** @type {Term[]} */
  let terms = [];
  let built = "";
  /** @type {HTMLElement[]} */
  let cells = [];

  groups.addEventListener("pointerover", (/** @type {Event} */ event) => {
    const cell = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest?.(".product"));
    onlight(cell ? terms[Number(cell.dataset.term)] : null);
  });
  groups.addEventListener("pointerleave", () => onlight(null));

  /** @param {string} named what a group is, a key of words */
  function build(named) {
    const { groups: count, columns, long } = pictureOf(terms);
    const many = count === 1 && terms.length > MANY;
    const key = JSON.stringify([many, pictureOf(terms), named, terms.length]);
    if (key === built) return;
    built = key;
    cells = [];
    if (many) groups.replaceChildren(map.element);
    else
      groups.replaceChildren(
        ...Array.from({ length: count }, (_, group) => {
          const grid = h("div", { class: "products", "aria-hidden": "true" });
          grid.style.setProperty("--columns", String(columns));
          terms.forEach((term, k) => {
            if (term.place[0] !== group) return;
            const [row, column] = cellOf(term, long);
            cells[k] = h(
              "div",
              { class: "product", dataset: { term: k }, style: { gridRow: row + 1, gridColumn: column + 1 } },
              h("span", { class: "factors" }),
              h("span", { class: "product-value" }),
            );
            grid.append(cells[k]);
          });
          return h("div", { class: "sum-group" }, ...(count > 1 ? [h("p", { class: "note sum-of" })] : []), grid);
        }),
      );
  }

  return {
    element,

    /** @param {Case} given @param {Pass} pass @param {Visit} visit @param {number} phase of the walk: terms after it are still to come */
    show(given, pass, visit, phase) {
      terms = visit.picture ?? visit.terms;
      const until = visit.picture ? terms.length : phase;
      const winner = pass.compares ? terms.slice(0, until + 1).findLast(({ changes }) => changes) : undefined;
      build(pass.grouped ?? "");
      const shading = shadingOf(
        pass.compares ? "input" : pass.name,
        terms.map(({ product }) => product),
      );
      const { shade } = shading;
      if (!cells.length) map.show(terms, until, visit.picture ? -1 : phase, shading);
      cells.forEach((cell, k) => {
        const term = terms[k];
        const [top, value] = /** @type {HTMLElement[]} */ ([...cell.children]);
        cell.className = `product${!term.inside ? " outside" : ""}${k > until ? " later" : ""}${k === phase && !visit.picture ? " now" : ""}${term === winner ? " winner" : ""}`;
        top.textContent =
          term.label ?? (term.factors.length > 1 && term.inside ? term.factors.map(factor).join(" × ") : "");
        const text = term.inside ? fitted(term.product, 6) : "–";
        if (term.inside) paintCell(cell, shade(term.product), cell.textContent ?? "");
        else {
          cell.style.backgroundColor = cell.style.color = "";
          delete cell.dataset.fill;
        }
        value.textContent = text;
      });
      [...groups.querySelectorAll(".sum-of")].forEach((/** @type {HTMLElement} */ words, /** @type {number} */ g) => {
        const total = terms.reduce(
          (sum, { inside, product, place }, k) => (inside && place[0] === g && k <= until ? sum + product : sum),
          0,
        );
        words.replaceChildren(t(pass.grouped ?? "", { c: visit.groups?.[g] ?? g, total: short(total, 6) }));
      });
      const name = targetName(given, pass, visit);
      title.replaceChildren(h("b", {}, name));
      rotation.hidden = !pass.rotated;
      rotation.textContent = pass.rotated ? t("arithmetic.rotated", { over: letterOf(given, pass.slides ?? "") }) : "";
      const done = pass.scatter || phase >= visit.terms.length - 1;
      const sofar = phase < 0 ? visit.start : visit.terms[Math.min(phase, visit.terms.length - 1)].after;
      const running = pass.running ?? "total";
      line.replaceChildren(spoken(pass.told(visit, phase)));
      result.replaceChildren(
        ...(done
          ? [
              h("span", { class: "sum-name" }, `${name} ${pass.scatter ? "+=" : "="} `),
              h("b", { dataset: { value: visit.value } }, short(visit.value, 7)),
            ]
          : [h("span", { class: "sum-name" }, `${running} = `), h("b", {}, short(sofar[running], 7))]),
      );
    },
    repaint() {
      for (const cell of cells) delete cell.dataset.fill;
    },
  };
}
