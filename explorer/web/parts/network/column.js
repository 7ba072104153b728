/** One column of the network view: a step's facts, the maps of its channels, and the cell that is pointed at. */

import { h } from "../dom.js";
import { floatsFromBase64, fromBase64, readout, valueOf } from "../../lib/codes.js";
import { cellAfterKey, mapCell, tensorIndex } from "../../lib/layout.js";
import { largestOf, short } from "../../lib/numbers.js";
import { t } from "../i18n.js";
import { factLines, fedWords } from "./facts.js";
import { createPicture } from "./picture.js";
import { isFlat, lookupsOf } from "./shades.js";
import { createSwap } from "./swap.js";

/**
 * One step as `describe` sends it. `index` is -1 for the model's input.
 * @typedef {{ index: number, op: string, path: string, shape: number[], from: string[], parents: number[], explained: boolean, call: number | null,
 *   parameters: string, learned: string[], field: string, scale: import("../../lib/colour.js").Scale, low: number, high: number, message: string,
 *   map: { channels: number, rows: number, columns: number, count: number, block: number, size: number[], perPage: number, labels: string[] } | null }} Step
 */
/** A page of maps; `channels` and their `strengths` where they are sorted. @typedef {{ step: number, first: number, scales: string, data: string, channels?: number[], strengths?: (number | null)[] }} Maps */
/** @typedef {import("../../lib/layout.js").Cell} Cell */

/** Widths in px: of a column's padding and border, of its narrowest content, and of a column folded to its name. */
const FRAME = 22,
  NARROWEST = 132,
  FOLDED = 36;

/**
 * @param {Step} step
 * @param {{ tell: (column: any, found: any) => void, swaps: string[], onpage: () => void, onopen: (place: any) => void, onpoint: (place: any) => void,
 *   onfold: () => void }} options
 */
export function createColumn(step, { tell, swaps, onpage, onopen, onpoint, onfold }) {
  const { map } = step;
  const pages = map ? Math.ceil(map.channels / map.perPage) : 0;
  const shownChannels = (/** @type {number} */ first) => (map ? Math.min(map.perPage, map.channels - first) : 0);
  const picture = map && createPicture(map, shownChannels(0));
  /** The scale of each map here, and the codes of all of them. */
  let scales = new Float32Array(0);
  let codes = new Uint8Array(0);
  /** The channel of each map, and what it was sorted by. @type {ArrayLike<number>} */
  let channels = [];
  /** @type {(number | null)[] | undefined} */
  let strengths;
  /** @type {Cell | null} */
  let pointed = null;
  let focused = false;
  let folded = false;
  let dirty = false;
  /** @type {import("./facts.js").Fed | null} */
  let made = null;

  const name = () => (step.index < 0 ? t("network.input") : step.op);
  const fold = h("button", { type: "button", class: "fold", onclick: onfold });
  const title = h(
    "h3",
    {},
    h("span", { class: "step-number" }, step.index < 0 ? "" : String(step.index + 1)),
    h("span", { class: "step-op", dataset: step.index < 0 ? { i18n: "network.input" } : {} }, name()),
    fold,
  );
  const facts = h("p", { class: "step-facts" });
  const time = h("p", { class: "step-time", dataset: { i18nTitle: "network.time.why" } });
  const change = h("p", { class: "step-change" });
  const swap = createSwap(step, swaps);
  const range = h("span", {});
  const turn = (/** @type {number} */ by, /** @type {string} */ icon, /** @type {string} */ words) =>
    h(
      "button",
      {
        type: "button",
        class: "tool small",
        dataset: { i18nTitle: words },
        title: t(words),
        "aria-label": t(words),
        onclick: () => flip(by),
      },
      icon,
    );
  const pager =
    pages > 1
      ? h("div", { class: "pager" }, turn(-1, "◀", "network.previous"), range, turn(1, "▶", "network.next"))
      : "";
  const frame = picture?.element ?? h("p", { class: "note plain-box" }, step.message);
  const element = h(
    "section",
    { class: step.explained ? "step" : "step unknown", dataset: { step: step.index, op: step.op } },
    h("header", {}, title, time, facts, swap.element, change),
    pager,
    frame,
  );

  const column = {
    step,
    element,
    visible: false,
    first: 0,
    peak: 0,
    backward: false,
    /** Which drawing the maps are of. */
    version: 0,

    get width() {
      return folded ? FOLDED : FRAME + Math.max(NARROWEST, picture?.width ?? 0);
    },

    /** Show the column as its name alone. @param {boolean} on */
    fold(on) {
      folded = on;
      element.classList.toggle("folded", on);
      fold.setAttribute("aria-expanded", String(!on));
      fold.title = t(on ? "network.unfold.step" : "network.fold.step", { name: name() });
      fold.setAttribute("aria-label", fold.title);
      fold.textContent = on ? "+" : "−";
    },

    /** @param {number} times */
    resize(times) {
      picture?.resize(times);
      if (pointed) point(null);
    },

    /** The step with the colour scale its maps have now: gradients have a sign. @returns {Step} */
    scaled: () => (column.backward ? { ...step, scale: "diverging" } : step),

    /** Whether maps should be asked for. @param {number} version the drawing's */
    wants: (version) => map !== null && !folded && column.version !== version,

    /** @param {Maps} answer @param {number} largest |value| of the whole step @param {boolean} backward the maps are gradients */
    take(answer, largest, backward) {
      column.backward = backward;
      scales = floatsFromBase64(answer.scales);
      codes = fromBase64(answer.data);
      strengths = answer.strengths;
      channels = answer.channels ?? Array.from(scales, (_, k) => answer.first + k);
      column.peak = largest;
      dirty = true;
    },

    /** Paint what changed, or everything; a column off screen waits until it is seen. @param {"map" | "layer" | "network"} scope @param {number} networkPeak @param {boolean} all */
    paint(scope, networkPeak, all) {
      dirty ||= all;
      if (!dirty || !column.visible || folded || !scales.length || !picture || !map) return;
      dirty = false;
      picture.paint(
        codes,
        lookupsOf(
          column.scaled(),
          scales,
          codes,
          map.count,
          scope === "map" ? null : scope === "layer" ? column.peak : networkPeak,
        ),
      );
    },

    /** @param {Cell | null} cell */
    read(cell) {
      if (!cell || !map || cell.channel >= scales.length) return null;
      const scale = scales[cell.channel];
      const position = cell.row * map.columns + cell.column;
      const value = valueOf(codes[cell.channel * map.count + position], scale);
      const vector = map.size.length === 1;
      const label = !vector
        ? null
        : map.labels.length
          ? map.labels[position]
          : t("network.position", { index: position });
      return {
        value,
        scale,
        label,
        text: readout(value, scale),
        channel: channels[cell.channel],
        strength: strengths?.[cell.channel],
        row: cell.row * map.block,
        column: cell.column * map.block,
        flat: isFlat(codes, map.count, cell.channel),
      };
    },

    /** @param {number[] | null} index */
    light(index) {
      const cell = index && map ? mapCell(map, index) : null;
      const place = cell ? Array.from(channels).indexOf(cell.channel) : -1;
      picture?.light(cell && place >= 0 ? { ...cell, channel: place } : null);
    },

    /**
     * Outline cells: what the pointed cell is made of, or what it influences.
     * @param {import("../../lib/field.js").Block[] | undefined} blocks @param {string} colour
     */
    outline: (blocks, colour) => picture?.outline(folded ? undefined : blocks, channels, colour),

    /** Say which of the step's parameters somebody changed. @param {Record<string, { count: number, of: number, largest: number }>} changed by name */
    markChanges(changed) {
      const mine = step.learned.filter((parameter) => changed[parameter]);
      const swapped = swap.refresh();
      if (!mine.length && !swapped && !change.textContent) return;
      element.classList.toggle("changed", mine.length > 0 || swapped);
      const largest = largestOf(mine.map((parameter) => changed[parameter].largest));
      change.textContent = mine.length
        ? t("network.changed", { largest: short(largest, 2) })
        : swapped
          ? t("swap.done")
          : "";
      change.title = mine
        .map((parameter) =>
          t("network.changed.why", {
            name: parameter,
            ...changed[parameter],
            largest: short(changed[parameter].largest, 2),
          }),
        )
        .join("\n");
    },

    /** @param {number} milliseconds of the step in the latest pass */
    sayTime(milliseconds) {
      time.textContent = `${short(milliseconds, 2)} ms`;
    },

    /** Say how the picture became the model's input. @param {import("./facts.js").Fed} fed */
    sayFed(fed) {
      made = fed;
      time.textContent = fedWords(fed);
      time.classList.add("fed");
    },

    /** Read the pointed cell again after its maps changed. */
    retell() {
      if (pointed) tell(column, column.read(pointed));
    },

    /** Show the channels from the first again. */
    rewind() {
      column.first = 0;
      column.version = 0;
      sayRange();
    },

    relabel() {
      facts.replaceChildren(...factLines(step));
      picture?.canvas.setAttribute(
        "aria-label",
        t("network.picture", { name: step.path || name(), shape: step.shape.join("×") }),
      );
      if (made) column.sayFed(made);
      column.fold(folded);
      sayRange();
    },
  };

  function flip(/** @type {number} */ by) {
    if (!map) return;
    const last = (pages - 1) * map.perPage;
    column.first = Math.min(last, Math.max(0, column.first + by * map.perPage));
    column.version = 0;
    scales = new Float32Array(0);
    picture?.clear();
    sayRange();
    onpage();
  }

  function sayRange() {
    if (map)
      range.textContent = t("network.range", {
        first: column.first,
        last: column.first + shownChannels(column.first) - 1,
        channels: map.channels,
      });
  }

  function point(/** @type {Cell | null} */ cell) {
    pointed = cell;
    picture?.mark(cell);
    tell(column, column.read(cell));
    const index = tensorCell();
    if (index) onpoint({ step: step.index, cell: index });
  }

  /** The pointed cell's index in the tensor. */
  const tensorCell = () =>
    pointed && map
      ? tensorIndex(map, step.shape.length, { ...pointed, channel: channels[pointed.channel] ?? pointed.channel })
      : null;

  function open() {
    const cell = tensorCell();
    if (cell && (column.backward || step.index >= 0))
      onopen({ step: step.index, of: column.backward ? "output" : "", cell });
  }

  if (picture) {
    const { canvas } = picture;
    for (const kind of ["pointermove", "pointerdown"]) {
      canvas.addEventListener(kind, (event) => {
        const { offsetX, offsetY } = /** @type {PointerEvent} */ (event);
        point(picture.cellAt(offsetX, offsetY));
      });
    }
    canvas.addEventListener("click", open);
    canvas.addEventListener("pointerleave", () => {
      if (!focused) point(null);
    });
    canvas.addEventListener("focus", () => {
      if (!canvas.matches(":focus-visible")) return;
      focused = true;
      point(pointed ?? { channel: 0, row: 0, column: 0 });
    });
    canvas.addEventListener("blur", () => {
      focused = false;
      point(null);
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") open();
      const next = cellAfterKey(picture.grid, pointed ?? { channel: 0, row: 0, column: 0 }, event.key);
      if (!next) return;
      focused = true;
      point(next);
      event.preventDefault();
    });
  }
  column.relabel();
  return column;
}
