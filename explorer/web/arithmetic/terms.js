/** The arithmetic of one visit: every product at its place in the window, the sum, the result. */

import { h } from "../lib/dom.js";
import { fitted } from "../lib/editing.js";
import { t } from "../lib/i18n.js";
import { short } from "../lib/numbers.js";
import { unravel } from "../lib/visits.js";
import { paintCell } from "../kernels/swatch.js";
import { shades } from "./paint.js";
import { cellName, LETTERS } from "./words.js";

/** @typedef {import("../lib/arithmetic.js").Pass} Pass */
/** @typedef {import("../lib/arithmetic.js").Visit} Visit */
/** @typedef {import("../lib/arithmetic.js").Term} Term */
/** @typedef {import("./words.js").Case} Case */

/** A number in a product: negative ones in brackets. @param {number} value */
export const factor = (value) => (value < 0 ? `(${short(value, 4)})` : short(value, 4));

/** What a value of the pass's target is called. @param {Pass} pass @param {Visit} visit */
export function targetName(pass, { target: [name, index], window }) {
  if (pass.scatter && index < 0) return `${LETTERS[name]}, ${t("arithmetic.cells", { count: window.gradInput?.length ?? 0 })}`;
  const shape = /** @type {number[]} */ (pass.shapes[name]);
  return cellName(name, unravel(index, shape), shape);
}

/** @param {{ onlight: (term: Term | null) => void }} options */
export function createTerms({ onlight }) {
  const title = h("h3", { class: "sum-title" });
  const rotation = h("p", { class: "note" });
  const groups = h("div", { class: "sum-groups" });
  const line = h("p", { class: "sum-line-of", "aria-live": "off" });
  const result = h("p", { class: "sum-result" });
  const element = h("section", { class: "sum", dataset: { i18nAria: "arithmetic.sum" } }, title, rotation, groups, line, result);
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
    const shape = [0, 1, 2].map((axis) => 1 + Math.max(0, ...terms.map(({ place }) => place[axis])));
    const key = `${shape} ${named} ${terms.length}`;
    if (key === built) return;
    built = key;
    cells = [];
    groups.replaceChildren(...Array.from({ length: shape[0] }, (_, group) => {
      const grid = h("div", { class: "products", "aria-hidden": "true" });
      grid.style.setProperty("--columns", String(shape[2]));
      terms.forEach((term, k) => {
        if (term.place[0] !== group) return;
        cells[k] = h("div", { class: "product", dataset: { term: k }, style: { gridRow: term.place[1] + 1, gridColumn: term.place[2] + 1 } },
          h("span", { class: "factors" }), h("span", { class: "product-value" }));
        grid.append(cells[k]);
      });
      return h("div", { class: "sum-group" }, ...(shape[0] > 1 ? [h("p", { class: "note sum-of" })] : []), grid);
    }));
  }

  return {
    element,

    /**
     * @param {Case} given @param {Pass} pass @param {Visit} visit @param {number} phase of the walk: terms after it are still to come
     * @param {Term[]} [choice] the window's elements of which one is taken, where the pass itself only has that one
     */
    show(given, pass, visit, phase, choice) {
      terms = choice ?? visit.terms;
      const until = choice ? terms.length : phase;
      const compares = pass.function === "max_pool2d" || choice !== undefined;
      const grouped = { forward: "arithmetic.subtotal.in", inputGrad: "arithmetic.subtotal.out" }[/** @type {string} */ (pass.name)] ?? "arithmetic.subtotal.in";
      const winner = compares ? terms.slice(0, until + 1).findLast(({ changes }) => changes) : undefined;
      build(grouped);
      const shade = shades(compares ? "input" : pass.name, terms.map(({ product }) => product));
      terms.forEach((term, k) => {
        const cell = cells[k];
        const [top, value] = /** @type {HTMLElement[]} */ ([...cell.children]);
        cell.className = `product${!term.inside ? " outside" : ""}${k > until ? " later" : ""}${k === phase && !choice ? " now" : ""}${term === winner ? " winner" : ""}`;
        top.textContent = term.factors.length > 1 && term.inside ? term.factors.map(factor).join(" × ") : "";
        const text = term.inside ? fitted(term.product, 6) : "–";
        if (term.inside) paintCell(cell, shade(term.product), cell.textContent ?? "");
        else {
          cell.style.backgroundColor = cell.style.color = "";
          delete cell.dataset.fill;
        }
        value.textContent = text;
      });
      [...groups.children].forEach((group, g) => {
        const total = terms.reduce((sum, { inside, product, place }, k) => (inside && place[0] === g && k <= until ? sum + product : sum), 0);
        group.querySelector(".sum-of")?.replaceChildren(t(grouped, { c: g, total: short(total, 6) }));
      });
      title.replaceChildren(h("b", {}, targetName(pass, visit)));
      const rotated = given.op === "conv" && pass.name === (given.flip ? "forward" : "inputGrad");
      rotation.hidden = !rotated;
      rotation.textContent = rotated ? t("arithmetic.rotated", { over: LETTERS[/** @type {import("../lib/arithmetic.js").Name} */ (pass.slides)] }) : "";
      tell(given, pass, visit, phase);
    },
    repaint() {
      for (const cell of cells) delete cell.dataset.fill;
    },
  };

  /** @param {Case} given @param {Pass} pass @param {Visit} visit @param {number} phase */
  function tell(given, pass, visit, phase) {
    const done = pass.scatter || phase >= pass.taps - 1;
    const last = visit.terms[Math.max(0, Math.min(phase, pass.taps - 1))];
    const sofar = phase < 0 ? visit.start : last.after;
    const outside = visit.terms.filter(({ inside }) => !inside).length;
    line.replaceChildren(lineOf());
    result.replaceChildren(...(done ? [h("span", { class: "sum-name" }, `${targetName(pass, visit)} ${pass.scatter ? "+=" : "="} `), h("b", { dataset: { value: visit.value } }, short(visit.value, 7))]
      : [h("span", { class: "sum-name" }, pass.function === "max_pool2d" ? "best = " : "total = "), h("b", {}, short(pass.function === "max_pool2d" ? sofar.best : sofar.total, 7))]));

    function lineOf() {
      if (pass.name === "update") return `${short(Number(last.after.parameter), 7)} − ${short(given.lr, 7)} · ${factor(last.factors[1])}`;
      if (pass.function === "max_pool2d") return t("arithmetic.max.line", { count: visit.terms.length - outside });
      if (pass.function === "max_pool2d_input_grad") return t("arithmetic.max.back", { grad: short(visit.value, 6) });
      if (pass.function === "avg_pool2d_input_grad") return t("arithmetic.avg.back", { grad: short(last.factors[0], 6), count: pass.taps, share: short(visit.value, 6) });
      const sum = visit.terms.reduce((all, { inside, product }, k) => (inside && k <= phase ? all + product : all), 0);
      const left = outside ? ` (${t("arithmetic.outside", { count: outside })})` : "";
      if (pass.function === "avg_pool2d") return `Σ = ${short(sum, 7)}, ÷ ${pass.taps}${left}`;
      const bias = pass.name === "forward" ? `, + b = ${short(visit.start.total, 7)}` : "";
      return `Σ = ${short(sum, 7)}${bias}${left}`;
    }
  }
}
