/** A kernel learned before one's eyes: from a picture and its result, by gradient descent, or why it cannot be. */

import { createPlayer } from "../parts/player.js";
import { createChart } from "../parts/chart.js";
import { canvas, h, reducedMotion } from "../parts/dom.js";
import { fitted } from "../lib/editing.js";
import { fillWords, t } from "../parts/i18n.js";
import { LARGEST } from "../lib/kernels.js";
import { planesFrom } from "../lib/maps.js";
import { short } from "../lib/numbers.js";
import { descended, descentOf, equationsOf, momentsOf } from "../lib/recovery.js";
import { extentOf, needsExtent, shade } from "../lib/shading.js";
import { page } from "../parts/page.js";
import { applied, isCut, pairOf } from "./pair.js";
import { diverging, paintCell, peakOf } from "../parts/swatch.js";
import { opened, Refused } from "../parts/upload.js";
import { verdictOf } from "./verdict.js";

/** ms a moment at speed 1. */
const PACE = 60;
const FROM = ["stage", "painted", "hidden", "file"];
/** Pixels of a kernel's grid and of its cells; from `NARROW` columns on there is room for fewer digits. */
const [GRID, LARGEST_CELL, LEAST_CELL, NARROW, UNWRITTEN] = [172, 52, 12, 4, 6];

/** @typedef {import("./pair.js").Pair} Pair */
/** A lesson under way. @typedef {{ pair: Pair, descent: import("../lib/recovery.js").Descent, moments: number[], shape: { rows: number, columns: number }, of: unknown[], leftOut: boolean, hidden: boolean }} Lesson */

/**
 * @param {{ view: () => { stage: import("../lib/kernels_state.js").Stage, link: import("./chain.js").Link | null }, onuse: (kernel: import("../lib/conv.js").Kernel, bias: number) => void }} options
 * `view`: the kernel in view and what it makes; `onuse`: take the learned kernel over
 */
export function createLearning({ view, onuse }) {
  /** @type {Lesson | null} */
  let lesson = null;
  /** @type {ReturnType<typeof descended> | null} */
  let now = null;
  let revealed = false;
  /** @type {(import("../lib/pictures.js").Picture & { name: string }) | null} */
  let after = null;

  const from = h(
    "select",
    { dataset: { control: "learn.from", i18nAria: "kernels.learn.from" }, onchange: () => showAsked() },
    ...FROM.map((value) => h("option", { value, dataset: { i18n: `kernels.learn.from.${value}` } })),
  );
  const count = (/** @type {string} */ key, /** @type {number} */ most, /** @type {number} */ value) =>
    h("input", {
      type: "number",
      class: "number-field",
      min: key === "seed" ? 0 : 1,
      max: most,
      step: 1,
      value,
      dataset: { control: `learn.${key}`, i18nAria: `kernels.learn.${key}` },
    });
  const [rows, columns, seed] = [count("rows", LARGEST, 3), count("columns", LARGEST, 3), count("seed", 99999, 1)];
  const leave = h("input", { type: "checkbox", dataset: { control: "learn.leave" } });
  const leaving = h(
    "label",
    { class: "switch", dataset: { i18nTitle: "kernels.learn.leave.why" } },
    leave,
    h("span", { dataset: { i18n: "kernels.learn.leave" } }),
  );
  const seeding = h(
    "label",
    { class: "setting-parts" },
    h("span", { class: "note", dataset: { i18n: "kernels.learn.seed" } }),
    seed,
  );
  const file = h("input", {
    type: "file",
    accept: "image/*",
    class: "learn-file",
    tabindex: -1,
    "aria-hidden": "true",
    onchange: () => take(file.files?.[0]),
  });
  const open = h("button", {
    type: "button",
    class: "tool wide",
    dataset: { i18n: "kernels.learn.open", tool: "learn-open" },
    onclick: () => file.click(),
  });
  const start = h("button", {
    type: "button",
    class: "action",
    dataset: { i18n: "kernels.learn.start", tool: "learn-start" },
    onclick: begin,
  });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });

  const player = createPlayer({ pace: () => PACE, onshow: (at) => show(at), words: "transport.moment" });
  const grids = ["learned", "truth", "difference"].map((name) => ({
    name,
    grid: h("div", { class: "magnified learn-grid", role: "img", dataset: { part: name } }),
  }));
  const caption = (/** @type {string} */ name) =>
    h("figcaption", { class: "note", dataset: { i18n: `kernels.learn.${name}` } });
  const figures = grids.map(({ name, grid }) => h("figure", { class: "magnifier-part" }, grid, caption(name)));
  const pictures = ["now", "target"].map((name) => ({
    name,
    surface: canvas(1, 1, {
      class: "learn-picture",
      role: "img",
      dataset: { part: name, i18nAria: `kernels.learn.${name}` },
    }),
  }));
  const reveal = h("button", {
    type: "button",
    class: "tool wide",
    dataset: { i18n: "kernels.learn.reveal", tool: "learn-reveal" },
    onclick: () => {
      revealed = true;
      show(player.at);
    },
  });
  const use = h("button", {
    type: "button",
    class: "tool wide",
    dataset: { i18n: "kernels.learn.use", i18nTitle: "kernels.learn.use.why", tool: "learn-use" },
    onclick: () => {
      if (lesson && now) onuse({ ...lesson.shape, values: [...now.values] }, now.bias);
    },
  });
  const chart = createChart({ height: 210, label: "kernels.learn.curve" });
  const facts = h("p", { class: "note learn-facts" });
  const verdict = h("p", { class: "learn-verdict", role: "status" });
  const body = h(
    "div",
    { class: "learn-body", hidden: true },
    player.element,
    h(
      "div",
      { class: "learn-flow" },
      h(
        "div",
        { class: "learn-side" },
        h(
          "div",
          { class: "learn-pictures" },
          ...pictures.map(({ name, surface }) => h("figure", { class: "learn-figure" }, surface, caption(name))),
        ),
        verdict,
        facts,
      ),
      h(
        "div",
        { class: "learn-side" },
        h("div", { class: "learn-grids" }, ...figures),
        h("div", { class: "setting-parts" }, reveal, use),
        chart.element,
      ),
    ),
  );
  const element = h(
    "section",
    {
      class: "learn",
      dataset: { i18nAria: "kernels.learn" },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (lesson) player.onkey(event);
      },
    },
    h("h3", { class: "learn-title", dataset: { i18n: "kernels.learn" } }),
    h("p", { class: "note", dataset: { i18n: "kernels.learn.what" } }),
    h(
      "div",
      { class: "learn-asked" },
      from,
      h(
        "span",
        { class: "setting-parts", dataset: { i18nTitle: "kernels.size.why" } },
        rows,
        h("span", { class: "times", "aria-hidden": "true" }, "×"),
        columns,
      ),
      seeding,
      open,
      file,
      leaving,
      start,
    ),
    problem,
    body,
  );

  function showAsked() {
    seeding.hidden = from.value !== "hidden";
    open.hidden = from.value !== "file";
    leaving.hidden = from.value !== "file" && from.value !== "painted";
  }

  /** @param {File | undefined} chosen */
  async function take(chosen) {
    file.value = "";
    if (!chosen) return;
    try {
      const { picture } = await opened(chosen);
      after = { ...picture, name: chosen.name };
      begin();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      complain(error.message, error.numbers);
    }
  }

  /** @param {string} key @param {Record<string, string | number>} [numbers] */
  function complain(key, numbers = {}) {
    problem.textContent = key && t(key, numbers);
    problem.hidden = !key;
    if (key) stop();
  }

  function stop() {
    lesson = now = null;
    body.hidden = true;
  }

  /** What a lesson depends on: when it changes the lesson is over. */
  function depends() {
    const { stage, link } = view();
    return [
      link?.input.planes,
      link?.input.version,
      from.value === "hidden" || from.value === "file" ? null : stage.kernel,
      ...[stage.stride, stage.dilation, stage.padding].map(String),
      stage.mode,
      stage.flip,
      stage.normalise,
      stage.bias,
      stage.show,
    ];
  }

  function begin() {
    const { stage, link } = view();
    const shape = { rows: Number(rows.value), columns: Number(columns.value) };
    const whole = Object.values(shape).every((taps) => Number.isInteger(taps) && taps >= 1 && taps <= LARGEST);
    if (!whole) return complain("kernels.learn.lack.shape", { most: LARGEST });
    if (!link) return complain("kernels.learn.lack.none");
    const given = after && { ...after, planes: planesFrom(after, link.input.planes.length === 3 ? "rgb" : "grey") };
    const pair = pairOf(
      { from: /** @type {import("./pair.js").From} */ (from.value), ...shape, seed: Number(seed.value) },
      stage,
      link,
      given,
    );
    if ("reason" in pair) return complain(`kernels.learn.lack.${pair.reason}`, pair.numbers);
    const leftOut = !leaving.hidden && leave.checked;
    const equations = equationsOf(
      pair.surrounded,
      pair.targets,
      pair.geometry,
      leftOut ? (c, k) => !isCut(pair.targets[c][k]) : null,
    );
    if (!equations.count) return complain("kernels.learn.lack.cut");
    const descent = descentOf(equations);
    complain("");
    lesson = {
      pair,
      descent,
      moments: momentsOf(descent.steps),
      shape,
      of: depends(),
      leftOut,
      hidden: from.value === "hidden",
    };
    revealed = false;
    body.hidden = false;
    build();
    player.extend(lesson.moments.length);
    player.seek(0);
    const play = /** @type {HTMLElement} */ (player.element.querySelector("[data-tool=play]"));
    play.focus();
    if (!reducedMotion()) play.click();
  }

  function build() {
    if (!lesson) return;
    const { shape, pair } = lesson;
    for (const { grid } of grids) {
      grid.style.setProperty("--columns", String(shape.columns));
      grid.style.setProperty(
        "--side",
        `${Math.max(LEAST_CELL, Math.min(LARGEST_CELL, Math.floor(GRID / shape.columns)))}px`,
      );
      grid.replaceChildren(
        ...Array.from({ length: shape.rows * shape.columns }, () => h("span", { class: "magnified-cell" })),
      );
    }
    for (const { surface } of pictures)
      [surface.width, surface.height] = [pair.geometry.columns.output, pair.geometry.rows.output];
    paint(pictures[1].surface, pair.targets);
  }

  /** @param {HTMLCanvasElement} surface @param {Float64Array[]} planes */
  function paint(surface, planes) {
    if (!lesson) return;
    const { show: how } = view().stage;
    const look = lesson.pair.painted ? "clamp" : lesson.hidden ? "signed" : how;
    const extent = needsExtent(look) ? extentOf(lesson.pair.targets, 1, 0) : { lowest: 0, highest: 255 };
    const image = new ImageData(surface.width, surface.height);
    shade(image.data, planes, 1, 0, look, extent, page.get("dark"));
    /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d")).putImageData(image, 0, 0);
  }

  /** @param {number} at a moment of the descent */
  function show(at) {
    if (!lesson) return;
    const { pair, descent, moments, shape } = lesson;
    const step = moments[at];
    now = descended(descent, step);
    const known = pair.truth && (!lesson.hidden || revealed || at === moments.length - 1) ? pair.truth : null;
    const { values } = now;
    const parts = [
      values,
      known?.kernel.values ?? null,
      known ? values.map((value, k) => value - known.kernel.values[k]) : null,
    ];
    const peak = Math.max(peakOf(values), known ? peakOf(known.kernel.values) : 0);
    parts.forEach((part, n) => {
      figures[n].hidden = part === null;
      part?.forEach((value, k) =>
        paintCell(
          /** @type {HTMLElement} */ (grids[n].grid.children[k]),
          diverging(value, peak),
          shape.columns < UNWRITTEN ? fitted(value, shape.columns < NARROW ? 5 : 4) : "",
        ),
      );
      grids[n].grid.setAttribute("aria-label", part ? part.map((value) => short(value, 5)).join(", ") : "");
    });
    reveal.hidden = !lesson.hidden || known !== null;
    paint(
      pictures[0].surface,
      applied(pair.surrounded, { ...shape, values }, pair.geometry).map((plane) =>
        plane.map((sum) => sum + /** @type {NonNullable<typeof now>} */ (now).bias),
      ),
    );
    const errors = moments.map((k) => /** @type {[number, number]} */ ([k + 1, descended(descent, k).error]));
    chart.show(
      [
        { name: t("kernels.learn.error"), points: errors.slice(0, at + 1) },
        { name: t("kernels.learn.ahead"), points: errors.slice(at), colour: "#9aa3b2" },
      ],
      {
        x: t("kernels.learn.step"),
        y: t("kernels.learn.error"),
        xLog: true,
        yLog: true,
        xText: (value) => Math.round(value - 1).toLocaleString("en"),
      },
    );
    const { equations, rank, condition, rate } = descent;
    facts.textContent = t("kernels.learn.facts", {
      count: equations.count.toLocaleString("en"),
      all: equations.all.toLocaleString("en"),
      taps: equations.taps,
      rank,
      condition: rank ? short(condition, 3) : "–",
      rate: rank ? short(rate, 3) : "–",
      last: moments[moments.length - 1].toLocaleString("en"),
    });
    const { key, numbers, good } = verdictOf({ ...lesson, step, last: at === moments.length - 1, now });
    verdict.textContent = key.map((each) => t(each, numbers)).join(" ");
    verdict.classList.toggle("good", good);
    Object.assign(element.dataset, {
      step,
      error: now.error,
      rank,
      steps: moments[moments.length - 1],
      bias: now.bias,
    });
  }

  showAsked();
  return {
    element,
    /** The picture or the kernel may have changed: a lesson about the old ones is over. */
    follow() {
      const { stage } = view();
      if (!lesson && document.activeElement !== rows && document.activeElement !== columns)
        [rows.value, columns.value] = [String(stage.kernel.rows), String(stage.kernel.columns)];
      if (!lesson || depends().every((value, k) => value === lesson?.of[k])) return;
      stop();
      complain("kernels.learn.lack.changed");
    },
    relabel() {
      fillWords(element);
      if (!lesson) return;
      paint(pictures[1].surface, lesson.pair.targets);
      show(player.at);
    },
  };
}
