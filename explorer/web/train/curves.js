/** The curves of a run, live: loss and accuracy, learning rate, gradient norms; other runs beside it. */

import { percent } from "../parts/prediction.js";
import { smoothed } from "../lib/axes.js";
import { COLOURS, createChart } from "../parts/chart.js";
import { h } from "../parts/dom.js";
import { csv } from "../lib/export.js";
import { save } from "../parts/save.js";
import { t } from "../parts/i18n.js";
import { curvesOf, gradientsOf } from "../lib/telling.js";

/** @typedef {import("../lib/telling.js").Telling} Telling */
/** @typedef {import("../lib/telling.js").Followed} Followed */
/** @typedef {import("../lib/telling.js").Point} Point */
/** @typedef {import("../parts/chart.js").Curve} Curve */

export function createCurves() {
  const [loss, accuracy, gradients] = ["loss", "accuracy", "gradients"].map((name) =>
    createChart({ label: `train.chart.${name}`, height: name === "gradients" ? 200 : 240 }),
  );
  const smoothing = h("input", {
    type: "range",
    min: 0,
    max: 0.98,
    step: 0.02,
    value: 0.8,
    dataset: { control: "smoothing" },
    oninput: () => draw(),
  });
  const log = h("input", { type: "checkbox", dataset: { control: "log" }, onchange: () => draw() });
  const saver = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "train.csv", i18nTitle: "train.csv.why" },
    onclick: () => save(csv(table()), `${name}.csv`),
  });
  const thinned = h("p", { class: "note", hidden: true });
  const field = (/** @type {string} */ key, /** @type {any} */ control) =>
    h(
      "label",
      { class: "setting inline", dataset: { i18nTitle: `${key}.why` } },
      h("span", { class: "setting-name", dataset: { i18n: key } }),
      control,
    );
  const part = (/** @type {string} */ key, /** @type {any} */ chart) =>
    h("section", { class: "chart-part" }, h("h3", { dataset: { i18n: key } }), chart.element);
  const element = h(
    "section",
    { class: "train-curves", dataset: { i18nAria: "train.curves" } },
    h("div", { class: "curves-bar" }, field("train.smoothing", smoothing), field("train.log", log), saver, thinned),
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
    const own = curvesOf(telling);
    const beside = [...others]
      .filter(([other]) => other !== name)
      .map(([other, told]) => ({ other, curves: curvesOf(told) }));
    /** @param {string} words @param {Point[]} points @param {number} k @returns {Curve} */
    const line = (words, points, k) => ({
      name: words,
      points: smoothed(points, weight),
      faint: weight > 0 ? points : undefined,
      colour: COLOURS[k],
    });
    /** @param {string} words @param {Point[]} points @param {number} k @returns {Curve} */
    const judged = (words, points, k) => ({
      name: words,
      points,
      dots: true,
      colour: COLOURS[k],
    });
    const axes = { x: t("train.chart.step"), xText: (/** @type {number} */ step) => step.toLocaleString("en") };
    loss.show(
      [
        line(t("train.chart.training"), own.loss, 0),
        ...(own.heldLoss.length ? [judged(t("train.chart.held"), own.heldLoss, 1)] : []),
        ...beside.map(({ other, curves }, k) => line(other, curves.loss, k + 2)),
      ],
      { ...axes, y: t("train.chart.nats"), yLog: log.checked },
    );
    accuracy.show(
      [
        line(t("train.chart.training"), own.accuracy, 0),
        ...(own.heldAccuracy.length ? [judged(t("train.chart.held"), own.heldAccuracy, 1)] : []),
        ...beside.map(({ other, curves }, k) => judged(other, curves.heldAccuracy, k + 2)),
      ],
      { ...axes, y: t("train.chart.share"), yText: percent },
    );
    gradients.show(
      gradientsOf(telling).map(({ name: layer, points }, k) => ({
        name: layer,
        points: smoothed(points, weight),
        colour: COLOURS[k % COLOURS.length],
      })),
      { ...axes, y: "‖dL/dw‖", yLog: true },
    );
  }

  function table() {
    const { batches = [], kept = [] } = watched?.telling ?? {};
    return [
      ["step", "training loss", "training accuracy", "learning rate", "held-out loss", "held-out accuracy"],
      ...batches.map((event) => [event.step, event.loss ?? "nan", event.accuracy, event.learning_rate, "", ""]),
      ...kept
        .filter(({ validation }) => validation)
        .map(({ step, validation }) => [step, "", "", "", validation?.loss ?? "nan", validation?.accuracy ?? ""]),
    ];
  }

  return {
    element,
    /** @param {string} run @param {Followed} told @param {Map<string, Telling>} compared */
    show(run, told, compared) {
      [name, watched, others] = [run, told, compared];
      draw();
    },
  };
}
