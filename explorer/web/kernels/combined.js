/** Where two kernels of the chain could be one: that kernel, what it saves or costs, and the check that it gives the same. */

import { discrepancy, merged, together } from "../lib/composition.js";
import { h } from "../parts/dom.js";
import { fitted } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { LARGEST } from "../lib/kernels.js";
import { short } from "../lib/numbers.js";
import { diverging, paintCell, peakOf } from "../parts/swatch.js";

/** Output values that the check computes both ways. */
const CHECKED = 400;
/** A kernel larger than this is named, not drawn. */
const LARGEST_DRAWN = 31;
const DIGITS = 4;

/** @typedef {import("../lib/kernels_state.js").Stage} Stage */
/** @typedef {import("./chain.js").Link} Link */

/**
 * The kernel in view and the one after it, or before it at the end, of those that are on; null without any.
 * @param {Stage[]} stages @param {number} at @returns {[number, number] | null}
 */
function neighbours(stages, at) {
  const applied = stages.flatMap(({ on }, k) => (on ? [k] : []));
  const place = applied.indexOf(at);
  if (place < 0 || applied.length < 2) return null;
  return place + 1 < applied.length ? [at, applied[place + 1]] : [applied[place - 1], at];
}

/** @param {{ onmerge: (first: number, second: number, stage: Stage) => void }} options */
export function createCombined({ onmerge }) {
  const words = h("p", { class: "combined-words" });
  const check = h("p", { class: "note combined-check" });
  const grid = h("div", { class: "combined-grid", role: "img", dataset: { i18nAria: "kernels.combined.grid" } });
  const merge = h("button", {
    type: "button",
    class: "tool wide",
    dataset: { tool: "merge", i18n: "kernels.combined.merge", i18nTitle: "kernels.combined.merge.why" },
  });
  const element = h(
    "section",
    { class: "combined", hidden: true, dataset: { i18nAria: "kernels.combined" } },
    grid,
    h("div", { class: "combined-side" }, words, check, merge),
  );

  /** @param {import("../lib/conv.js").Kernel} kernel */
  function draw({ rows, columns, values }) {
    grid.hidden = Math.max(rows, columns) > LARGEST_DRAWN;
    if (grid.hidden) return;
    const written = Math.max(rows, columns) <= 9;
    const peak = peakOf(values);
    grid.style.setProperty("--columns", String(columns));
    grid.classList.toggle("written", written);
    if (grid.children.length !== values.length)
      grid.replaceChildren(...values.map(() => h("span", { class: "combined-cell" })));
    values.forEach((value, k) => {
      const cell = /** @type {HTMLElement} */ (grid.children[k]);
      paintCell(cell, diverging(value, peak), written ? fitted(value, DIGITS) : "");
      cell.title = short(value, 6);
    });
  }

  return {
    element,

    /**
     * Say what the kernel in view and its neighbour are together.
     * @param {Stage[]} stages @param {number} at @param {(Link | null)[]} links
     */
    show(stages, at, links) {
      const pair = neighbours(stages, at);
      const [one, two] = pair ? [links[pair[0]], links[pair[1]]] : [null, null];
      element.hidden = !pair || !one?.laid || !two?.laid || !two.sums;
      if (!pair || !one?.laid || !two?.laid || !two.sums) return;
      const [first, second] = pair;
      const paddings = [one, two].map((link) => {
        const { rows, columns } = /** @type {import("./engine.js").Layout} */ (link.laid).geometry;
        return {
          before: /** @type {[number, number]} */ ([rows.before, columns.before]),
          after: /** @type {[number, number]} */ ([rows.after, columns.after]),
        };
      });
      const both = together(stages[first], stages[second], paddings);
      const numbers = { first: first + 1, second: second + 1 };
      grid.hidden = check.hidden = merge.hidden = !both;
      element.dataset.linear = String(both !== null);
      if (!both) {
        words.textContent = t(`kernels.combined.${stages[first].pass}`, numbers);
        return;
      }
      const { rows, columns } = two.laid.geometry;
      const [each, all] = [[first, second].map((k) => stages[k].kernel.values.length), both.kernel.values.length];
      words.textContent = t("kernels.combined.words", {
        ...numbers,
        rows: both.kernel.rows,
        columns: both.kernel.columns,
        apart: each.join(" + "),
        all,
      });
      draw(both.kernel);
      const { largest, count } = discrepancy(
        both,
        one.laid.planes[0],
        one.laid.geometry.rows.size,
        one.laid.geometry.columns.size,
        two.sums[0],
        rows.output,
        columns.output,
        two.divisor,
        two.bias,
        CHECKED,
      );
      check.textContent = count
        ? t("kernels.combined.check", { count, largest: short(largest, 2) })
        : t("kernels.combined.edge");
      Object.assign(check.dataset, { largest, count });
      const stage = merged(both, stages[first], stages[second], LARGEST);
      merge.hidden = stage === null;
      merge.onclick = () => stage && onmerge(first, second, stage);
    },
  };
}
