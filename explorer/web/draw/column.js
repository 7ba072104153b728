/** One column of the network view: a step's facts, the maps of its channels, and the cell that is pointed at. */

import { h, canvas } from "../lib/dom.js";
import { colourTable, positionOf, tableIndex } from "../lib/colour.js";
import { floatsFromBase64, fromBase64, readout, valueOf } from "../lib/codes.js";
import { runs } from "../lib/field.js";
import { cellAfterKey, cellAt, gridOf, mapCell, originOf, outlineOf, paintMaps, tensorIndex } from "../lib/layout.js";
import { short } from "../lib/numbers.js";
import { t } from "../lib/i18n.js";
import { page } from "../lib/store.js";

/**
 * One step as `describe` sends it. `index` is -1 for the model's input.
 * @typedef {{ index: number, op: string, path: string, shape: number[], from: string[], parameters: string, learned: string[], field: string,
 *   scale: import("../lib/colour.js").Scale, low: number, high: number, message: string,
 *   map: { channels: number, rows: number, columns: number, count: number, block: number, size: number[], perPage: number, labels: string[] } | null }} Step
 */
/** @typedef {{ step: number, first: number, scales: string, data: string }} Maps */

/**
 * @param {Step} step
 * @param {{ tell: (column: any, found: any) => void, onpage: () => void, onopen: (place: any) => void, onpoint: (place: any) => void }} options
 */
export function createColumn(step, { tell, onpage, onopen, onpoint }) {
  const { map } = step;
  const pages = map ? Math.ceil(map.channels / map.perPage) : 0;
  const shownChannels = (/** @type {number} */ first) => (map ? Math.min(map.perPage, map.channels - first) : 0);
  const grid = map ? gridOf(map, shownChannels(0)) : null;
  /** The scale of each map here, and the codes of all of them. */
  let scales = new Float32Array(0);
  let codes = new Uint8Array(0);
  /** @type {ImageData | undefined} */
  let image;
  const context = () => /** @type {CanvasRenderingContext2D} */ (picture?.getContext("2d"));
  /** @type {{ channel: number, row: number, column: number } | null} */
  let pointed = null;
  let focused = false;

  const picture = grid && canvas(grid.width, grid.height, { class: "maps", tabindex: 0, role: "img", style: { clipPath: outlineOf(grid) } });
  const overlay = grid && canvas(grid.width, grid.height, { class: "field", hidden: true });
  const mark = h("div", { class: "cell-mark", hidden: true });
  const source = h("div", { class: "cell-mark source", hidden: true });
  const title = h("h3", {},
    h("span", { class: "step-number" }, step.index < 0 ? "" : String(step.index + 1)),
    h("span", { class: "step-op", dataset: step.index < 0 ? { i18n: "network.input" } : {} }, step.index < 0 ? t("network.input") : step.op));
  const facts = h("p", { class: "step-facts" });
  const change = h("p", { class: "step-change" });
  const range = h("span", {});
  const turn = (/** @type {number} */ by, /** @type {string} */ icon, /** @type {string} */ words) =>
    h("button", { type: "button", class: "tool small", dataset: { i18nTitle: words }, title: t(words), "aria-label": t(words), onclick: () => flip(by) }, icon);
  const pager = pages > 1 ? h("div", { class: "pager" }, turn(-1, "◀", "network.previous"), range, turn(1, "▶", "network.next")) : "";
  const frame = picture
    ? h("div", { class: "maps-frame" }, picture, overlay ?? "", mark, source, ...(grid && map?.labels.length ? [labelList(map.labels, grid.zoom)] : []))
    : h("p", { class: "note plain-box" }, step.message);
  const element = h("section", { class: "step", dataset: { step: step.index, op: step.op } }, h("header", {}, title, facts, change), pager, frame);

  const column = {
    step, element, visible: false, first: 0, peak: 0, backward: false,

    /** The step with the colour scale its maps have now: gradients have a sign. @returns {Step} */
    scaled: () => (column.backward ? { ...step, scale: "diverging" } : step),

    /** @param {Maps} answer @param {number} largest |value| of the whole step @param {boolean} backward the maps are gradients */
    take(answer, largest, backward) {
      column.backward = backward;
      scales = floatsFromBase64(answer.scales);
      codes = fromBase64(answer.data);
      column.peak = largest;
    },

    /** @param {"map" | "layer" | "network"} scope @param {number} networkPeak */
    paint(scope, networkPeak) {
      if (!scales.length || !map || !grid || !picture) return;
      image ??= context().createImageData(grid.width, grid.height);
      const words = new Uint32Array(image.data.buffer);
      if (scales.length < grid.channels) words.fill(0); // the last page of channels may hold fewer maps
      paintMaps(words, grid, codes, lookupsFor(scope === "map" ? null : scope === "layer" ? column.peak : networkPeak));
      context().putImageData(image, 0, 0);
    },

    /** @param {{ channel: number, row: number, column: number } | null} cell */
    read(cell) {
      if (!cell || !map || cell.channel >= scales.length) return null;
      const scale = scales[cell.channel];
      const position = cell.row * map.columns + cell.column;
      const value = valueOf(codes[cell.channel * map.count + position], scale);
      const vector = map.size.length === 1;
      const label = !vector ? null : map.labels.length ? map.labels[position] : t("network.position", { index: position });
      return {
        value, scale, label, text: readout(value, scale), channel: column.first + cell.channel,
        row: cell.row * map.block, column: cell.column * map.block,
      };
    },

    /** @param {number[] | null} index */
    light(index) {
      const cell = index && map ? mapCell(map, index) : null;
      const shown = cell !== null && cell.channel >= column.first && cell.channel < column.first + scales.length;
      place(source, shown && cell ? { ...cell, channel: cell.channel - column.first } : null);
    },

    /**
     * Outline cells: what the pointed cell is made of, or what it influences.
     * @param {import("../lib/field.js").Block[] | undefined} blocks @param {"sources" | "influence"} kind
     */
    outline(blocks, kind) {
      if (!overlay || !grid || !map) return;
      overlay.hidden = !blocks;
      if (!blocks) return;
      const pen = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
      pen.clearRect(0, 0, grid.width, grid.height);
      pen.strokeStyle = getComputedStyle(overlay).getPropertyValue(kind === "sources" ? "--cs-accent" : "--cs-mark");
      pen.lineWidth = 2;
      for (const { x, y, width, height } of blocks.flatMap((block) => rectangles(block.slice(-map.size.length), map, grid, column.first))) {
        pen.strokeRect(x + 1, y + 1, Math.max(1, width - 2), Math.max(1, height - 2));
      }
    },

    /** Say which of the step's parameters somebody changed. @param {Record<string, { count: number, of: number, largest: number }>} changed by name */
    markChanges(changed) {
      const mine = step.learned.filter((name) => changed[name]);
      element.classList.toggle("changed", mine.length > 0);
      const largest = Math.max(...mine.map((name) => changed[name].largest));
      change.textContent = mine.length ? t("network.changed", { largest: short(largest, 2) }) : "";
      change.title = mine.map((name) => t("network.changed.why", { name, ...changed[name], largest: short(changed[name].largest, 2) })).join("\n");
    },

    /** Read the pointed cell again after its maps changed. */
    retell() {
      if (pointed) tell(column, column.read(pointed));
    },

    relabel() {
      facts.replaceChildren(...factLines(step));
      picture?.setAttribute("aria-label", t("network.picture", { name: step.path || step.op, shape: step.shape.join("×") }));
    },
  };

  /**
   * The colour of each code for each map. On its own scale every map of a signed step has the same colours.
   * @param {number | null} full the value at the end of the colour scale, null for each map's own largest
   */
  function lookupsFor(full) {
    const shown = column.scaled();
    if (full === null && shown.scale === "diverging") return Array(scales.length).fill(lookupOf(shown, 1, 1));
    return Array.from(scales, (scale) => lookupOf(shown, scale, full ?? scale));
  }

  function flip(/** @type {number} */ by) {
    if (!map || !grid) return;
    const last = (pages - 1) * map.perPage;
    column.first = Math.min(last, Math.max(0, column.first + by * map.perPage));
    scales = new Float32Array(0);
    context().clearRect(0, 0, grid.width, grid.height);
    sayRange();
    onpage();
  }

  function sayRange() {
    if (map) range.textContent = t("network.range", { first: column.first, last: column.first + shownChannels(column.first) - 1, channels: map.channels });
  }

  function point(/** @type {typeof pointed} */ cell) {
    pointed = cell;
    place(mark, cell);
    tell(column, column.read(cell));
    const index = tensorCell();
    if (index) onpoint({ step: step.index, cell: index });
  }

  /** Put a frame around a cell, or hide it. @param {any} frame @param {typeof pointed} cell */
  function place(frame, cell) {
    frame.hidden = !cell;
    if (!cell || !grid) return;
    const { x, y } = originOf(grid, cell.channel);
    Object.assign(frame.style, {
      left: `${x + cell.column * grid.zoom}px`, top: `${y + cell.row * grid.zoom}px`, width: `${grid.zoom}px`, height: `${grid.zoom}px`,
    });
  }

  /** The pointed cell's index in the tensor. */
  const tensorCell = () =>
    pointed && map ? tensorIndex(map, step.shape.length, { ...pointed, channel: pointed.channel + column.first }) : null;

  function open() {
    const cell = tensorCell();
    if (cell && (column.backward || step.index >= 0)) onopen({ step: step.index, of: column.backward ? "output" : "", cell });
  }

  if (picture && grid) {
    for (const kind of ["pointermove", "pointerdown"]) {
      picture.addEventListener(kind, (event) => {
        const { offsetX, offsetY } = /** @type {PointerEvent} */ (event);
        point(cellAt(grid, offsetX, offsetY));
      });
    }
    picture.addEventListener("click", open);
    picture.addEventListener("pointerleave", () => { if (!focused) point(null); });
    picture.addEventListener("focus", () => {
      if (!picture.matches(":focus-visible")) return;
      focused = true;
      point(pointed ?? { channel: 0, row: 0, column: 0 });
    });
    picture.addEventListener("blur", () => { focused = false; point(null); });
    picture.addEventListener("keydown", (event) => {
      if (event.key === "Enter") open();
      const next = cellAfterKey(grid, pointed ?? { channel: 0, row: 0, column: 0 }, event.key);
      if (!next) return;
      focused = true;
      point(next);
      event.preventDefault();
    });
  }
  column.relabel();
  sayRange();
  return column;
}

/** The colour of each of the 256 codes. @param {Step} step @param {number} scale of the codes @param {number} full the value at the scale's end */
function lookupOf(step, scale, full) {
  const table = colourTable(step.scale, page.get("dark"));
  return Uint32Array.from({ length: 256 }, (_, code) => table[tableIndex(step.scale, positionOf(step, valueOf(code, scale), full))]);
}

/**
 * Where a block of cells lies in a picture: a rectangle for each run of rows and of columns, in each map.
 * @param {Uint8Array[]} block the axes of one sample @param {NonNullable<Step["map"]>} map @param {import("../lib/layout.js").Grid} grid
 * @param {number} first channel shown
 */
function rectangles(block, map, grid, first) {
  const { zoom, columns } = grid;
  if (block.length === 1) {
    const rows = runs(block[0]).flatMap(([start, length]) => byRows(start, length, columns));
    return rows.map(([row, column, length]) => ({ x: column * zoom, y: row * zoom, width: length * zoom, height: zoom }));
  }
  const pixels = (/** @type {[number, number]} */ [start, length]) =>
    [Math.floor(start / map.block) * zoom, (Math.floor((start + length - 1) / map.block) - Math.floor(start / map.block) + 1) * zoom];
  const across = runs(block[block.length - 1]).map(pixels);
  const down = block.length === 3 ? runs(block[1]).map(pixels) : [[0, zoom]];
  const found = [];
  for (let channel = 0; channel < grid.channels; channel++) {
    if (!block[0][first + channel]) continue;
    const { x, y } = originOf(grid, channel);
    for (const [top, height] of down) for (const [left, width] of across) found.push({ x: x + left, y: y + top, width, height });
  }
  return found;
}

/** A run of a vector's values as runs in its rows; whole rows are one. @param {number} start @param {number} length @param {number} columns @returns {[number, number, number][]} */
function byRows(start, length, columns) {
  /** @type {[number, number, number][]} */
  const found = [];
  for (let at = start; at < start + length; ) {
    const column = at % columns;
    const taken = Math.min(columns - column, start + length - at);
    found.push([Math.floor(at / columns), column, taken]);
    at += taken;
  }
  return found;
}

/** The classes beside a vector of scores, one line a cell. @param {string[]} labels @param {number} height px */
function labelList(labels, height) {
  return h("ol", { class: "labels", "aria-hidden": "true" }, ...labels.map((label) => h("li", { style: { height: `${height}px` } }, label)));
}

/** @param {Step} step */
function factLines(step) {
  const lines = [h("span", { class: "fact shape", title: t("network.shape.why") }, step.shape.join(" × "))];
  if (step.path) lines.push(h("span", { class: "fact path" }, step.path));
  if (step.from.length) lines.push(h("span", { class: "fact", title: t("network.from.why") }, t("network.from", { list: step.from.map((name) => (name === "input" ? t("network.input") : name)).join(" + ") })));
  if (step.parameters) lines.push(h("span", { class: "fact", title: t("network.parameters.why") }, t("network.parameters", { count: step.parameters })));
  if (step.field) lines.push(h("span", { class: "fact", title: t("network.field.why") }, t("network.field", { field: step.field })));
  if (step.map && step.map.block > 1) lines.push(h("span", { class: "fact" }, t("network.thumbnail", { block: step.map.block })));
  return lines;
}
