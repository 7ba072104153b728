/** The chart of a measurement: time, rate or memory against the work, both logarithmic, and how fast the time grows. */

import { COLOURS, createChart } from "../parts/chart.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { bytesText, countText, timeText } from "./lab_results.js";

/** @typedef {import("./lab_results.js").Point} Point */

/** What the y axis can show: its value of a point, null where it was not seen, and its words. @type {Record<string, { of: (point: Point) => number | null, text: (value: number) => string }>} */
const SHOWN = {
  time: { of: ({ median }) => median, text: timeText },
  rate: { of: ({ gflops }) => gflops, text: (value) => short(value, 3) },
  memory: { of: ({ peak }) => peak, text: bytesText },
};

/** @param {string[]} ways all that there are: a way keeps its colour */
export function createLabChart(ways) {
  /** @type {import("./lab_results.js").Results | null} */
  let results = null;
  let shown = "time";
  const chart = createChart({ height: 340, label: "lab.chart" });
  const choices = Object.keys(SHOWN).map((name) =>
    h("button", {
      type: "button",
      class: "tool wide",
      "aria-pressed": String(name === shown),
      dataset: { i18n: `lab.axis.${name}`, axis: name },
      onclick: () => {
        shown = name;
        for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.axis === name));
        draw();
      },
    }),
  );
  const growth = h("ul", { class: "lab-growth" });
  const colour = (/** @type {string} */ way) => COLOURS[ways.indexOf(way) % COLOURS.length];

  function draw() {
    if (!results) return;
    const { of, text } = SHOWN[shown];
    const curves = ways
      .map((way) => ({ way, found: (results?.points ?? []).filter((point) => point.way === way && of(point)) }))
      .filter(({ found }) => found.length);
    chart.show(
      curves.map(({ way, found }) => ({
        name: t(`lab.way.${way}`),
        colour: colour(way),
        dots: true,
        hollow: found.map(({ estimated }) => estimated),
        points: found.map((point) => /** @type {[number, number]} */ ([point.products, of(point)])),
      })),
      {
        x: t("lab.axis.products"),
        y: t(`lab.axis.${shown}.unit`),
        xLog: true,
        yLog: true,
        xText: countText,
        yText: text,
      },
    );
    growth.replaceChildren(
      ...[...results.growth].map(([way, { exponent }]) =>
        h(
          "li",
          { dataset: { way, exponent } },
          h("span", { class: "chart-swatch", style: { backgroundColor: colour(way) } }),
          t(`lab.way.${way}`),
          h("span", { class: "lab-power" }, "n", h("sup", {}, exponent.toFixed(2).replace("-", "−"))),
        ),
      ),
    );
  }

  return {
    element: h(
      "section",
      { class: "lab-part" },
      h(
        "div",
        { class: "lab-head" },
        h("h4", { dataset: { i18n: "lab.chart" } }),
        h("div", { class: "lab-axes", role: "group", dataset: { i18nAria: "lab.axis" } }, ...choices),
      ),
      chart.element,
      h("p", { class: "note", dataset: { i18n: "lab.chart.marks" } }),
      growth,
    ),
    /** @param {import("./lab_results.js").Results} given */
    show(given) {
      results = given;
      draw();
    },
  };
}
