/** One column of the network view: a step's facts, the maps of its channels, and the cell that is pointed at. */

import { h } from "../dom.js";
import { floatsFromBase64, fromBase64, readout, valueOf, ZERO } from "../../lib/codes.js";
import { cellAfterKey, filling, GAP, gridOf, lineOf, mapCell, stripOf, tensorIndex } from "../../lib/layout.js";
import { largestOf, short } from "../../lib/numbers.js";
import { t } from "../i18n.js";
import { factLines, fedWords } from "./facts.js";
import { kindOf, shortName } from "./kinds.js";
import { createPicture } from "./picture.js";
import { saysOf } from "./says.js";
import { isFlat, lookupsOf } from "./shades.js";
import { createSwap } from "./swap.js";

/** @typedef {import("../../lib/contract/network.js").Step} Step */
/** @typedef {import("../../lib/contract/network.js").Maps} Maps */
/** @typedef {import("../../lib/layout.js").Cell} Cell */
/** @typedef {import("../../lib/link.js").Place} Place */
/**
 * How a column stands on the track: "brief" with its first maps, "whole" with all of them and its facts, "stub" as its name alone.
 * `side`: of a map, px; `most`: maps of a brief column; `width`, `height`: room for the maps of a whole one; `turned`: a row instead.
 * @typedef {{ look: "brief" | "whole" | "stub", side: number, most: number, width: number, height: number, turned: boolean, zoom: number }} Stand
 */

/**
 * @param {Step} step
 * @param {{ onpoint: (column: Column, cell: Cell | null) => void, swaps: string[], onpage: () => void, onopen: (column: Column, cell: Cell, byTouch: boolean) => void,
 *   onfold: () => void, ongrow: () => void, marked: () => number[] | null }} options
 *   `onpoint` with the cell that is pointed at, or none any more; `onopen` with the one that was chosen; `marked` tells the
 *   tensor's element that is kept in view, if it is one of this step
 */
export function createColumn(step, { onpoint, swaps, onpage, onopen, onfold, ongrow, marked }) {
  const { map } = step;
  const pages = map ? Math.ceil(map.channels / map.perPage) : 0;
  const onPage = (/** @type {number} */ first) => (map ? Math.min(map.perPage, map.channels - first) : 0);
  const picture = map && createPicture(map, onPage(0));
  /** @type {Stand} */
  let stand = { look: "brief", side: 0, most: 0, width: 0, height: 0, turned: false, zoom: 1 };
  /** The scale of each map here, and the codes of all of them. */
  let scales = new Float32Array(0);
  let codes = new Uint8Array(0);
  /** The channel of each map, and what it was sorted by. @type {ArrayLike<number>} */
  let channels = [];
  /** @type {(number | string)[] | undefined} */
  let strengths;
  /** A channel that has to be among the maps shown. @type {number | null} */
  let kept = null;
  let dirty = false;
  /** @type {import("./facts.js").Fed | null} */
  let made = null;

  const name = () => (step.index < 0 ? t("network.input") : step.op);
  const fold = h("button", { type: "button", class: "fold", onclick: onfold });
  const open = h("button", { type: "button", class: "step-open", onclick: ongrow });
  const shape = h("span", { class: "step-shape" }, step.shape.slice(1).join("×") || String(step.shape[0] ?? ""));
  const title = h(
    "h3",
    {},
    h("span", { class: "step-number" }, step.index < 0 ? "" : String(step.index + 1)),
    h("span", { class: "step-op", dataset: step.index < 0 ? { i18n: "network.input" } : {} }, name()),
    fold,
  );
  const says = h("p", { class: "step-says" });
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
  const more = h("button", { type: "button", class: "step-more", hidden: true, onclick: ongrow });
  const element = h(
    "section",
    {
      class: step.explained ? "step" : "step unknown",
      dataset: { step: step.index, op: step.op, kind: kindOf(step), look: "brief" },
    },
    h("header", { class: "step-head" }, open, shape),
    h("div", { class: "step-told" }, title, says, swap.element, change, time, facts, pager),
    frame,
    more,
  );

  /** Maps that the column has room for now. */
  const room = () => (stand.look === "whole" ? onPage(column.first) : Math.min(stand.most, map?.channels ?? 0));

  const column = {
    step,
    element,
    visible: false,
    first: 0,
    peak: 0,
    backward: false,
    /** Which drawing the maps are of. */
    version: 0,

    /** What the column needs beside its frame and padding, px. */
    get content() {
      return picture ? picture.width : 0;
    },

    /** Whether the values are the scores of named classes, for which there has to be room. */
    get named() {
      return map !== null && map.columns === 1 && map.labels.length > 0;
    },

    /** What outlines over the maps depend on: how large they are and whose. */
    get standing() {
      return `${stand.look} ${picture?.grid.zoom} ${Array.from(channels).slice(0, room())}`;
    },

    /** @param {Stand} next */
    stand(next) {
      stand = next;
      element.dataset.look = next.look;
      element.classList.toggle("folded", next.look === "stub");
      fold.setAttribute("aria-expanded", String(next.look !== "stub"));
      if (!map || !picture) return;
      const shown = room();
      if (next.look === "whole") {
        const [width, height] = [next.width, next.height];
        const vector = map.channels === 1 && map.columns > 1 && map.size.length === 1;
        const laid = vector ? stripOf(map, width, height) : map;
        picture.lay(laid, next.height ? filling(laid, shown, width, height) : gridOf(laid, shown));
        picture.resize(next.zoom);
      } else if (next.look === "brief") {
        const side = next.side * next.zoom;
        const long = next.most * (side + GAP * next.zoom);
        if (map.size.length > 1) picture.lay(map, lineOf(map, shown, side, next.turned, GAP * next.zoom));
        else if (map.columns === 1) picture.lay(map, lineOf(map, 1, Math.min(18 * next.zoom * map.rows, long), false));
        else {
          const laid = next.turned ? stripOf(map, long, side) : stripOf(map, side, long);
          picture.lay(laid, lineOf(laid, 1, laid.zoom * Math.max(laid.rows, laid.columns), false));
        }
      }
      dirty = true;
      tellMore();
    },

    /** The step with the colour scale its maps have now: gradients have a sign. @returns {Step} */
    scaled: () => (column.backward ? { ...step, scale: "diverging" } : step),

    /** Whether maps should be asked for. @param {number} version the drawing's */
    wants: (version) =>
      map !== null && stand.look !== "stub" && (column.version !== version || scales.length < room() || missesKept()),

    /** What to ask for: the step, the first place in order, how many maps, and the channels among them. @param {boolean} hold the channels that are shown */
    wanted(hold) {
      if (stand.look === "whole") return [step.index, column.first];
      const held = hold ? Array.from(channels).slice(0, room()) : [];
      if (kept !== null && !held.includes(kept)) held.splice(Math.min(held.length, room() - 1), 1, kept);
      return [step.index, 0, room(), ...held];
    },

    /** Keep a channel among the maps, or none. @param {number | null} channel */
    keep(channel) {
      kept = channel;
    },

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
      if (!dirty || !column.visible || stand.look === "stub" || !scales.length || !picture || !map) return;
      dirty = false;
      const full = scope === "map" ? null : scope === "layer" ? column.peak : networkPeak;
      const shown = scales.subarray(0, picture.grid.channels);
      picture.paint(codes, lookupsOf(column.scaled(), shown, codes, map.count, full));
    },

    /** @param {Cell | null} cell */
    read(cell) {
      if (!cell || !picture || !map || cell.channel >= scales.length) return null;
      const { columns } = picture.map;
      const scale = scales[cell.channel];
      const position = cell.row * columns + cell.column;
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

    /** The cell of the largest |value| among those shown. @returns {Cell | null} */
    strongest() {
      if (!map || !picture || !scales.length) return null;
      const largest = scales
        .subarray(0, picture.grid.channels)
        .reduce((best, scale, k, all) => (scale > all[best] ? k : best), 0);
      const own = codes.subarray(largest * map.count, (largest + 1) * map.count);
      const at = own.reduce((best, code, k) => (Math.abs(code - ZERO) > Math.abs(own[best] - ZERO) ? k : best), 0);
      const { columns } = picture.map;
      return { channel: largest, row: Math.floor(at / columns), column: at % columns };
    },

    /** Mark the cell that is read. @param {Cell | null} cell */
    mark: (cell) => picture?.mark(cell && stand.look !== "stub" ? cell : null),

    /** Where a tensor's element is among the maps shown, null where it is not. @param {number[]} index @returns {Cell | null} */
    cellOf(index) {
      if (!picture || stand.look === "stub" || index.length !== step.shape.length) return null;
      const cell = mapCell(picture.map, index);
      const place = Array.from(channels).indexOf(cell.channel);
      return place >= 0 && place < picture.grid.channels ? { ...cell, channel: place } : null;
    },

    /** The tensor's element of a cell. @param {Cell} cell @returns {number[] | null} */
    indexOf: (cell) =>
      picture &&
      tensorIndex(picture.map, step.shape.length, { ...cell, channel: channels[cell.channel] ?? cell.channel }),

    /** The channel of a tensor's element. @param {number[]} index */
    channelOf: (index) => (map && index.length === step.shape.length ? mapCell(map, index).channel : null),

    /** @param {number[] | null} index */
    light: (index) => picture?.light(index && column.cellOf(index)),

    /**
     * Outline cells: what the pointed cell is made of, or what it influences.
     * @param {import("../../lib/field.js").Block[] | undefined} blocks @param {string} colour
     */
    outline: (blocks, colour) => picture?.outline(stand.look === "stub" ? undefined : blocks, channels, colour),

    /** Show the probability of each class, where the step's values are the classes' scores. @param {number[]} probabilities */
    share: (probabilities) => picture?.share(probabilities),

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

    /** @param {number | null} milliseconds of the step in the latest pass */
    sayTime(milliseconds) {
      time.textContent = `${short(milliseconds, 2)} ms`;
    },

    /** Say how the picture became the model's input. @param {import("./facts.js").Fed} fed */
    sayFed(fed) {
      made = fed;
      time.textContent = fedWords(fed);
      time.classList.add("fed");
    },

    /** Show the channels from the first again. */
    rewind() {
      column.first = 0;
      column.version = 0;
      sayRange();
    },

    relabel() {
      facts.replaceChildren(...factLines(step));
      says.textContent = saysOf(step);
      picture?.canvas.setAttribute(
        "aria-label",
        t("network.picture", { name: step.path || name(), shape: step.shape.join("×") }),
      );
      const told = step.path || name();
      open.textContent = step.index < 0 || step.op === "input" ? told : shortName(step.op);
      open.title = t("network.grow", { name: told, op: step.op });
      open.setAttribute("aria-label", `${open.textContent}: ${open.title}`);
      fold.title = t("network.fold.step", { name: name() });
      fold.setAttribute("aria-label", fold.title);
      fold.textContent = "−";
      if (made) column.sayFed(made);
      sayRange();
      tellMore();
    },
  };

  /** A kept channel whose map is not here. */
  const missesKept = () =>
    kept !== null && stand.look === "brief" && !Array.from(channels).slice(0, room()).includes(kept);

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
        last: column.first + onPage(column.first) - 1,
        channels: map.channels,
      });
  }

  /** How many maps a brief column leaves out. */
  function tellMore() {
    const left = map ? map.channels - room() : 0;
    more.hidden = stand.look !== "brief" || left <= 0;
    more.textContent = `+${left}`;
    more.title = t("network.more", { count: left });
  }

  if (picture) {
    const { canvas } = picture;
    /** The keyboard's cell. @type {Cell | null} */
    let at = null;
    let focused = false;
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") onpoint(column, picture.cellAt(event.offsetX, event.offsetY));
    });
    canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") onpoint(column, focused ? at : null);
    });
    canvas.addEventListener("click", (event) => {
      const cell = picture.cellAt(event.offsetX, event.offsetY);
      if (cell) onopen(column, cell, /** @type {PointerEvent} */ (event).pointerType === "touch");
    });
    canvas.addEventListener("focus", () => {
      if (!canvas.matches(":focus-visible")) return;
      focused = true;
      const index = marked();
      at = (index && column.cellOf(index)) ?? at ?? { channel: 0, row: 0, column: 0 };
      onpoint(column, at);
    });
    canvas.addEventListener("blur", () => {
      focused = false;
      onpoint(column, null);
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && at) onopen(column, at, false);
      const next = cellAfterKey(picture.grid, at ?? { channel: 0, row: 0, column: 0 }, event.key);
      if (!next) return;
      [at, focused] = [next, true];
      onpoint(column, at);
      event.preventDefault();
    });
  }
  column.relabel();
  return column;
}
/** @typedef {ReturnType<typeof createColumn>} Column */
