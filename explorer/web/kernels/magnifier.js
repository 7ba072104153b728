/**
 * One output value, opened: the patch of the picture, times the kernel, is the products; their sum, divided and shifted,
 * is the value. Nothing is rounded before the sum.
 */

import { h } from "../parts/dom.js";
import { fitted } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { onscreen } from "../parts/onscreen.js";
import { diverging, paintCell, peakOf } from "../parts/swatch.js";

const LARGEST_CELL = 54;
const SMALLEST_CELL = 25;
/** Height of a grid, where the cells can be that small. */
const TALLEST = 220;
/** Below this width the grids stand one under the other, and the sum under them. */
const NARROW = 640;
const DIGIT = 0.62;
const MOST_DIGITS = 5;
const CHANNELS = ["red", "green", "blue"];

/** @typedef {ReturnType<typeof import("../lib/conv.js").termsOf>["terms"]} Terms */
/**
 * What is opened. `sums`, `values` and `levels` hold one number per channel; `levels` is null where a colour is no level; `colours` the picture's colour under each tap, `colour` the result's.
 * @typedef {{ y: number, x: number, pinned: boolean, terms: Terms[], sums: number[], values: number[], levels: number[] | null, colours: number[][], colour: number[],
 *   divisor: number, bias: number, rows: number, columns: number, flip: boolean }} Opened
 */

/** @param {{ onlight: (tap: number) => void }} options `onlight` is called with the tap that is pointed at, or -1 */
export function createMagnifier({ onlight }) {
  let channel = 0;
  /** @type {Opened | null} */
  let opened = null;
  let [digits, shape] = [5, ""];
  const heading = h("h3", { class: "magnifier-title" });
  const choice = h(
    "div",
    { class: "channel-choice", role: "group", dataset: { i18nAria: "kernels.magnifier.channel" } },
    ...CHANNELS.map((name, c) =>
      h("button", {
        type: "button",
        class: "tool",
        dataset: { i18n: `kernels.channel.${name}`, channel: c },
        onclick: () => choose(c),
      }),
    ),
  );
  const grids = ["patch", "weights", "products"].map((name) => ({
    name,
    grid: h("div", { class: "magnified", dataset: { part: name } }),
    cells: /** @type {HTMLElement[]} */ ([]),
  }));
  const sign = (/** @type {string} */ text) => h("span", { class: "magnifier-sign", "aria-hidden": "true" }, text);
  const [patch, weights, products] = grids.map(({ name, grid }) =>
    h(
      "figure",
      { class: "magnifier-part" },
      grid,
      h("figcaption", { class: "note", dataset: { i18n: `kernels.magnifier.${name}` } }),
    ),
  );
  const sum = h("div", { class: "magnifier-sum" });
  const reading = h("output", { class: "magnifier-reading note", "aria-live": "polite" });
  const whole = h("p", { class: "magnifier-whole" });
  const full = h(
    "details",
    { class: "magnifier-full", ontoggle: () => writeOut() },
    h("summary", { dataset: { i18n: "kernels.magnifier.full" } }),
    whole,
  );
  const frame = h("div", { class: "magnifier-grids" }, patch, sign("×"), weights, sign("="), products, sign("→"), sum);
  const element = h(
    "section",
    { class: "magnifier", dataset: { i18nAria: "kernels.magnifier.title" } },
    h("div", { class: "magnifier-head" }, heading, choice, reading),
    frame,
    full,
  );

  /** @param {number} c */
  function choose(c) {
    channel = c;
    paint();
  }

  function size() {
    if (!opened || !frame.clientWidth) return;
    const one = frame.clientWidth < NARROW ? Math.min(200, frame.clientWidth - 50) : (frame.clientWidth - 330) / 3;
    const side = Math.max(
      SMALLEST_CELL,
      Math.min(LARGEST_CELL, Math.floor(one / opened.columns), Math.floor(TALLEST / opened.rows)),
    );
    const font = Math.max(9, Math.min(16, Math.round(side * 0.3)));
    digits = Math.min(MOST_DIGITS, Math.max(3, Math.floor((side - 2) / (font * DIGIT))));
    frame.style.setProperty("--side", `${side}px`);
    frame.style.setProperty("--font", `${font}px`);
  }
  new ResizeObserver(() => {
    size();
    paint();
  }).observe(frame);

  function build() {
    if (!opened || shape === `${opened.rows} ${opened.columns}`) return;
    shape = `${opened.rows} ${opened.columns}`;
    for (const part of grids) {
      part.cells = Array.from({ length: opened.rows * opened.columns }, (_, k) =>
        h("span", { class: "magnified-cell", dataset: { tap: k } }),
      );
      part.grid.style.setProperty("--columns", String(opened.columns));
      part.grid.replaceChildren(...part.cells);
    }
    size();
  }

  function paint() {
    if (!opened) return;
    channel = Math.min(channel, opened.terms.length - 1);
    const terms = opened.terms[channel];
    const weightPeak = peakOf(terms.map(({ weight }) => weight));
    const productPeak = peakOf(terms.map(({ product }) => product));
    terms.forEach((term, k) => {
      paintCell(grids[0].cells[k], /** @type {Opened} */ (opened).colours[k], fitted(term.value, digits));
      grids[0].cells[k].classList.toggle("padding", !term.inside);
      paintCell(grids[1].cells[k], diverging(term.weight, weightPeak), fitted(term.weight, digits));
      paintCell(grids[2].cells[k], diverging(term.product, productPeak), fitted(term.product, digits));
    });
    choice.hidden = opened.terms.length === 1;
    [...choice.children].forEach((button, c) => button.setAttribute("aria-pressed", String(c === channel)));
    heading.textContent = t("kernels.magnifier.pixel", { y: opened.y, x: opened.x });
    tellSum();
    writeOut();
  }

  function tellSum() {
    if (!opened) return;
    const { sums, values, levels, colour, divisor, bias } = opened;
    const line = (/** @type {string} */ text, /** @type {string} */ kind = "") =>
      h("span", { class: `sum-line ${kind}` }, text);
    const level = levels && Math.round(levels[channel]);
    const plain = divisor === 1 && bias === 0;
    Object.assign(sum.dataset, { sum: sums[channel], value: values[channel], shown: level });
    sum.replaceChildren(
      line(`Σ = ${short(sums[channel], 6)}`, plain ? "value" : ""),
      ...(divisor === 1 ? [] : [line(`÷ ${short(divisor, 6)}`)]),
      ...(bias === 0 ? [] : [line(`${bias < 0 ? "−" : "+"} ${short(Math.abs(bias), 6)}`)]),
      ...(plain ? [] : [line(`= ${short(values[channel], 6)}`, "value")]),
      h(
        "span",
        { class: "sum-shown" },
        h("span", { class: "sum-swatch", style: { backgroundColor: `rgb(${colour})` } }),
        line(level === null ? t("kernels.magnifier.coloured") : t("kernels.magnifier.shown", { level })),
      ),
    );
  }

  /** Every product in words, for reading aloud, copying and checking. */
  function writeOut() {
    if (!opened || !full.open) return;
    const terms = opened.terms[channel];
    whole.textContent = `${terms.map(({ value, weight }) => `${short(value, 6)}·${weight < 0 ? `(${short(weight, 6)})` : short(weight, 6)}`).join(" + ")} = ${short(opened.sums[channel], 6)}`;
  }

  /** @param {number} tap */
  function light(tap) {
    for (const { cells } of grids) cells.forEach((cell, k) => cell.classList.toggle("lit", k === tap));
    const term = opened?.terms[channel][tap];
    reading.textContent = term
      ? t(term.inside ? "kernels.magnifier.term" : "kernels.magnifier.padding", {
          row: term.row,
          column: term.column,
          value: short(term.value, 6),
          weight: short(term.weight, 6),
          product: short(term.product, 6),
        })
      : t(opened?.flip ? "kernels.magnifier.flipped" : "kernels.magnifier.hint");
    onlight(term ? tap : -1);
  }
  frame.addEventListener("pointerover", (/** @type {PointerEvent} */ event) => {
    const cell = /** @type {HTMLElement} */ (event.target).closest?.(".magnified-cell");
    light(cell ? Number(/** @type {HTMLElement} */ (cell).dataset.tap) : -1);
  });
  frame.addEventListener("pointerleave", () => light(-1));

  return {
    element,
    get channel() {
      return channel;
    },
    /** @param {Opened | null} next */
    show(next) {
      opened = next;
      onscreen.set({ magnified: next });
      element.hidden = !next;
      element.classList.toggle("pinned", next?.pinned ?? false);
      build();
      paint();
    },
    rest: () => light(-1),
    repaint: paint,
  };
}
