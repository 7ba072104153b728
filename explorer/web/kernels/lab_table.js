/** The figures of a measurement as a table, size by size. */

import { h } from "../parts/dom.js";
import { csv } from "../lib/export.js";
import { save } from "../parts/save.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { bytesText, countText, rowsOf, sizesOf, timeText } from "./lab_results.js";

const COLUMNS = ["way", "median", "quartiles", "rate", "memory", "error"];

export function createTable() {
  /** @type {{ results: import("./lab_results.js").Results, settings: import("./lab_settings.js").Settings } | null} */
  let told = null;
  const table = h("table", { class: "lab-table" });
  const saver = h("button", {
    type: "button",
    class: "tool wide",
    dataset: { i18n: "lab.csv", i18nTitle: "lab.csv.why", tool: "lab-csv" },
    onclick: () => told && save(csv(rowsOf(told.results, told.settings)), "speed.csv"),
  });
  const head = h(
    "thead",
    {},
    h(
      "tr",
      {},
      ...COLUMNS.map((name) =>
        h("th", { scope: "col", dataset: { i18n: `lab.column.${name}`, i18nTitle: `lab.column.${name}.why` } }),
      ),
    ),
  );

  /** @param {import("./lab_results.js").Point} point */
  function row({ way, size, median, lower, upper, gflops, peak, error, estimated }) {
    const cells = [
      timeText(median),
      `${timeText(lower)} – ${timeText(upper)}`,
      short(gflops, 3),
      peak === null ? "–" : bytesText(peak),
      short(error, 2),
    ];
    return h(
      "tr",
      { class: estimated ? "estimated" : "", dataset: { way, size } },
      h(
        "th",
        { scope: "row" },
        t(`lab.way.${way}`),
        ...(estimated
          ? [h("span", { class: "lab-estimated", title: t("lab.estimated.why") }, t("lab.estimated"))]
          : []),
      ),
      ...cells.map((text) => h("td", {}, text)),
    );
  }

  return {
    element: h(
      "section",
      { class: "lab-part" },
      h("div", { class: "lab-head" }, h("h4", { dataset: { i18n: "lab.table" } }), saver),
      h("div", { class: "lab-scroll", tabindex: 0, role: "region", dataset: { i18nAria: "lab.table" } }, table),
    ),
    /** @param {import("./lab_results.js").Results} results @param {import("./lab_settings.js").Settings} settings */
    show(results, settings) {
      told = { results, settings };
      table.replaceChildren(
        head,
        ...sizesOf(results).map((size) => {
          const points = results.points.filter((point) => point.size === size);
          const words = t("lab.table.size", { size, count: countText(points[0].products) });
          return h(
            "tbody",
            {},
            h("tr", { class: "lab-size" }, h("th", { scope: "rowgroup", colspan: COLUMNS.length }, words)),
            ...points.map(row),
          );
        }),
      );
    },
  };
}
