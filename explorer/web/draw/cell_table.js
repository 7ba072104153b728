/** The table twin of a picture: its exact numbers, fetched when somebody looks. */

import { h } from "../parts/dom.js";
import { numberOf, short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";

/** More numbers than this are not laid out: they can be saved instead. */
const MOST = 4096;

/**
 * @param {{ words: string, load: () => Promise<number[][]>, marked?: () => [number, number] | null }} options  `words`: a key of
 *   the catalogue; `load`: the rows, when they are wanted; `marked`: row and column of the opened cell
 */
export function createTable({ words, load, marked = () => null }) {
  const place = h("div", { class: "table-frame", tabindex: 0, role: "region", dataset: { i18nAria: words } });
  const element = h(
    "details",
    { class: "table-twin", ontoggle: fill },
    h("summary", { dataset: { i18n: words } }),
    place,
  );
  let asked = 0;

  async function fill() {
    if (!element.open) return;
    const turn = ++asked;
    try {
      const rows = await load();
      if (turn === asked)
        place.replaceChildren(
          rows.length * rows[0].length > MOST
            ? t("cell.table.large", { rows: rows.length, columns: rows[0].length })
            : tableOf(rows, marked()),
        );
    } catch (error) {
      if (turn === asked) place.textContent = /** @type {Error} */ (error).message;
    }
  }

  return { element, /** The numbers may be others now. */ refresh: () => void fill() };
}

/** @param {number[][]} rows @param {[number, number] | null} mark */
function tableOf(rows, mark) {
  return h(
    "table",
    { class: "numbers-table" },
    h("thead", {}, h("tr", {}, h("th", {}), ...rows[0].map((_, column) => h("th", { scope: "col" }, String(column))))),
    h(
      "tbody",
      {},
      ...rows.map((row, y) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, String(y)),
          ...row.map((value, x) =>
            h(
              "td",
              { title: String(numberOf(value)), class: mark && mark[0] === y && mark[1] === x ? "marked" : undefined },
              short(value, 4),
            ),
          ),
        ),
      ),
    ),
  );
}
