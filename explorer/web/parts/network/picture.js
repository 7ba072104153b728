/** The picture of one step's maps: a bitmap of one pixel a unit, enlarged by the page, with outlines and frames over it. */

import { h, canvas, hide, svg } from "../dom.js";
import {
  cellAt,
  enlarged,
  gridOf,
  originOf,
  outlineOf,
  paintMaps,
  rectangleOf,
  rectanglesOf,
} from "../../lib/layout.js";
import { largestOf } from "../../lib/numbers.js";

/** @typedef {import("../../lib/layout.js").Cell} Cell */
/** @typedef {import("../../lib/layout.js").Grid} Grid */
/** @typedef {NonNullable<import("./column.js").Step["map"]>} MapLayout */

/** Room for class names beside a vector of scores: for a letter, at most, and for the bars of their probabilities, px. */
const LETTER = 7,
  NAMES = 96,
  SHARES = 34;

/** A bitmap is kept for maps that take up less of it, down to one part in so many: a new one costs a browser a millisecond. */
const SPARE = 4;

/** @param {MapLayout} map @param {number} channels maps shown */
export function createPicture(map, channels) {
  let laid = map;
  let base = gridOf(map, channels);
  let grid = base;
  /** @type {ImageData | undefined} */
  let image;
  const bitmap = canvas(base.width, base.height);
  const surface = /** @type {HTMLElement} */ (h("div", { class: "maps", tabindex: 0, role: "img" }, bitmap));
  const outlines = svg("path"); // a second bitmap for each step would cost as much again as that of its maps
  const overlay = svg("svg", { class: "field", "aria-hidden": "true" }, outlines);
  const mark = h("div", { class: "cell-mark", hidden: true });
  const source = h("div", { class: "cell-mark source", hidden: true });
  const names = map.columns === 1 ? map.labels : [];
  const shares = names.map(() => h("i", { class: "class-share" }));
  const labels = h(
    "ol",
    { class: "class-names", "aria-hidden": "true" },
    ...names.map((label, k) => h("li", { title: label }, h("span", {}, label), shares[k])),
  );
  const context = () => /** @type {CanvasRenderingContext2D} */ (bitmap.getContext("2d"));

  /** Put a frame around a cell, or hide it. @param {HTMLElement} frame @param {Cell | null} cell */
  function place(frame, cell) {
    hide(frame, !cell);
    if (!cell) return;
    const { x, y, width, height } = rectangleOf(grid, cell);
    Object.assign(frame.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
  }

  /** @param {string} path of the outlines over the maps */
  function trace(path) {
    if (outlines.getAttribute("d") !== path) outlines.setAttribute("d", path);
  }

  /** Draw the maps `times` as large. @param {number} times */
  function resize(times) {
    grid = enlarged(base, times);
    Object.assign(surface.style, { width: `${grid.width}px`, height: `${grid.height}px`, clipPath: outlineOf(grid) });
    Object.assign(bitmap.style, { width: `${bitmap.width * times}px`, height: `${bitmap.height * times}px` });
    labels.style.lineHeight = `${grid.zoom}px`;
    trace("");
    place(mark, null);
    place(source, null);
  }

  return {
    element: h("div", { class: "maps-frame" }, surface, overlay, mark, source, ...(names.length ? [labels] : [])),
    /** What is pointed at and has the keyboard's focus. */
    surface,
    get grid() {
      return grid;
    },
    /** How the maps lie now: a vector's rows and columns may differ from the step's own. */
    get map() {
      return laid;
    },
    get width() {
      return (
        grid.width + (names.length ? SHARES + Math.min(NAMES, LETTER * largestOf(names.map((name) => name.length))) : 0)
      );
    },
    resize,

    /** Lay the maps out anew; what is painted is gone. @param {MapLayout} nextMap @param {Grid} nextGrid */
    lay(nextMap, nextGrid) {
      [laid, base, image] = [nextMap, nextGrid, undefined];
      const [width, height] = [Math.max(1, base.width), Math.max(1, base.height)];
      const fits = width <= bitmap.width && height <= bitmap.height;
      if (fits && bitmap.width * bitmap.height <= SPARE * width * height)
        context().clearRect(0, 0, bitmap.width, bitmap.height);
      else Object.assign(bitmap, { width, height });
      resize(1);
    },

    /** @param {Uint8Array} codes of all maps @param {Uint32Array[]} lookups the colour of each code, for each map */
    paint(codes, lookups) {
      image ??= context().createImageData(base.width, base.height);
      const words = new Uint32Array(image.data.buffer);
      if (lookups.length < base.channels) words.fill(0); // the last page of channels may hold fewer maps
      paintMaps(words, base, codes, lookups.slice(0, base.channels));
      context().putImageData(image, 0, 0);
    },

    clear() {
      context().clearRect(0, 0, base.width, base.height);
    },

    /** Show the probability of each class beside its score. @param {number[]} probabilities */
    share(probabilities) {
      shares.forEach((bar, k) => (bar.style.transform = `scaleX(${probabilities[k] ?? 0})`));
    },

    /** @param {number} x @param {number} y in the page's pixels from the picture's corner */
    cellAt: (x, y) => cellAt(grid, x, y),

    /** Where a map stands. @param {number} place among the maps shown */
    mapAt: (place) => ({
      ...originOf(grid, place),
      width: Math.round(grid.columns * grid.zoom),
      height: Math.round(grid.rows * grid.zoom),
    }),

    /** @param {Cell | null} cell */
    mark: (cell) => place(mark, cell),
    /** @param {Cell | null} cell */
    light: (cell) => place(source, cell),

    /**
     * Outline blocks of cells; none takes the outlines away.
     * @param {Uint8Array[][]} blocks @param {ArrayLike<number>} shown the channel of each map @param {"made" | "makes"} relation the cell that is read is made of them, or makes them
     */
    outline(blocks, shown, relation) {
      overlay.setAttribute("data-relation", relation);
      const places = Array.from(shown).slice(0, grid.channels);
      const framed = blocks.flatMap((block) => rectanglesOf(block.slice(-laid.size.length), laid, grid, places));
      const sides = framed.map(({ x, y, width, height }) => [
        x + 1,
        y + 1,
        Math.max(1, width - 2),
        Math.max(1, height - 2),
      ]);
      trace(sides.map(([x, y, width, height]) => `M${x} ${y}h${width}v${height}h${-width}z`).join(""));
    },
  };
}
