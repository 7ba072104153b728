/** The curves of a run, live: loss and accuracy, learning rate, gradient norms; other runs beside it. */

import { percent } from "../parts/percent.js";
import { smoothed } from "../lib/axes.js";
import { COLOURS, createChart } from "../parts/chart.js";
import { h } from "../parts/dom.js";
import { csv } from "../lib/export.js";
import { save } from "../parts/save.js";
import { t } from "../parts/i18n.js";
import { curvesOf, gradientsOf, nothing } from "../lib/telling.js";

/** @typedef {import("../lib/telling.js").Telling} Telling */
/** @typedef {import("../lib/telling.js").Followed} Followed */
/** @typedef {import("../lib/telling.js").Point} Point */
/** @typedef {import("../parts/chart.js").Curve} Curve */

/** @param {{ onpick: (step: number) => void }} options  a step was chosen in a chart */
export function createCurves({ onpick }) {
  const [loss, accuracy, gradients] = ["loss", "accuracy", "gradients"].map((name) =>
    createChart({ label: `train.chart.${name}`, height: name === "gradients" ? 200 : 240, onpick }),
  );
  const smoothing = h("input", {
    type: "range",
    min: 0,
    max: 0.98,
    step: 0.02,
    value: 0.6,
    dataset: { control: "smoothing" },
    oninput: () => draw(),
  });
  const log = h("input", { type: "checkbox", dataset: { control: "log" }, onchange: () => draw() });
  const saver = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "train.csv", i18nTitle: "train.csv.why" },
    onclick: () => save(csv(tableOf(watched?.telling ?? nothing())), `${name}.csv`),
  });
  const thinned = h("p", { class: "note", hidden: true });
  const element = h(
    "section",
    { class: "train-curves", dataset: { i18nAria: "train.curves" } },
    h("div", { class: "curves-bar" }, field("train.smoothing", smoothing), field("train.log", log), saver, thinned),
    h("p", { class: "note curves-note", dataset: { i18n: "train.chart.lines" } }),
    h(
      "div",
      { class: "charts" },
      part("train.chart.loss", loss),
      part("train.chart.accuracy", accuracy),
      part("train.chart.gradients", gradients),
    ),
  );
  let name = "";
  /** @type {Followed | null} */
  let watched = null;
  /** @type {Map<string, Telling>} */
  let others = new Map();

  function draw() {
    if (!watched) return;
    const { telling, every } = watched;
    thinned.hidden = every === 1;
    thinned.textContent = t("train.chart.thinned", { every: every.toLocaleString("en") });
    const weight = Number(smoothing.value);
    const beside = [...others].filter(([other]) => other !== name);
    const told = [{ run: beside.length ? name : "", curves: curvesOf(telling) }];
    for (const [run, its] of beside) told.push({ run, curves: curvesOf(its) });
    const axes = { x: t("train.chart.step"), xText: (/** @type {number} */ step) => step.toLocaleString("en") };
    loss.show(
      told.flatMap(({ run, curves }, k) =>
        pair(run, curves.loss, curves.heldLoss, weight, COLOURS[k % COLOURS.length]),
      ),
      { ...axes, y: t("train.chart.nats"), yLog: log.checked },
    );
    accuracy.show(
      told.flatMap(({ run, curves }, k) =>
        pair(run, curves.accuracy, curves.heldAccuracy, weight, COLOURS[k % COLOURS.length]),
      ),
      { ...axes, y: t("train.chart.share"), yText: percent },
    );
    gradients.show(
      gradientsOf(telling).map(({ name: layer, points }) => ({ name: layer, points: smoothed(points, weight) })),
      { ...axes, y: "‖dL/dw‖", yLog: true },
    );
  }

  return {
    element,
    /** @param {string} run @param {Followed} told @param {Map<string, Telling>} compared */
    show(run, told, compared) {
      [name, watched, others] = [run, told, compared];
      draw();
    },
    /** Mark the moment in view. @param {number} step */
    mark(step) {
      for (const chart of [loss, accuracy, gradients]) chart.mark(step);
    },
  };
}

/** A setting of the charts, its name beside it. @param {string} key @param {HTMLElement} control */
const field = (key, control) =>
  h(
    "label",
    { class: "setting inline", dataset: { i18nTitle: `${key}.why` } },
    h("span", { class: "setting-name", dataset: { i18n: key } }),
    control,
  );

/** A chart under its name. @param {string} key @param {ReturnType<typeof createChart>} chart */
const part = (key, chart) => h("section", { class: "chart-part" }, h("h3", { dataset: { i18n: key } }), chart.element);

/**
 * A run's two curves in one colour: what it learned from is a full line, what was held back a dashed one.
 * @param {string} run "" where it is the only one @param {Point[]} training @param {Point[]} held @param {number} weight of the smoothing
 * @param {string} colour @returns {Curve[]}
 */
function pair(run, training, held, weight, colour) {
  const named = (/** @type {string} */ words) => (run ? t("train.chart.of", { run, part: words }) : words);
  return [
    {
      name: named(t("train.chart.training")),
      points: smoothed(training, weight),
      faint: weight > 0 ? training : undefined,
      colour,
    },
    ...(held.length ? [{ name: named(t("train.chart.held")), points: held, dots: true, dashed: true, colour }] : []),
  ];
}

/** The curves as a table. @param {Telling} telling */
const tableOf = ({ batches, kept }) => [
  ["step", "training loss", "training accuracy", "learning rate", "held-out loss", "held-out accuracy"],
  ...batches.map((event) => [event.step, event.loss ?? "nan", event.accuracy, event.learning_rate, "", ""]),
  ...kept
    .filter(({ validation }) => validation)
    .map(({ step, validation }) => [step, "", "", "", validation?.loss ?? "nan", validation?.accuracy ?? ""]),
];
