/** The picture of one step's maps: a bitmap of one pixel a unit, enlarged by the page, with outlines and frames over it. */

import { h, canvas, hide } from "../dom.js";
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

/** @param {MapLayout} map @param {number} channels maps shown */
export function createPicture(map, channels) {
  let laid = map;
  let base = gridOf(map, channels);
  let grid = base;
  /** @type {ImageData | undefined} */
  let image;
  const picture = canvas(base.width, base.height, { class: "maps", tabindex: 0, role: "img" });
  const overlay = canvas(1, 1, { class: "field", hidden: true });
  const mark = h("div", { class: "cell-mark", hidden: true });
  const source = h("div", { class: "cell-mark source", hidden: true });
  const names = map.columns === 1 ? map.labels : [];
  const shares = names.map(() => h("i", { class: "class-share" }));
  const labels = h(
    "ol",
    { class: "class-names", "aria-hidden": "true" },
    ...names.map((label, k) => h("li", { title: label }, h("span", {}, label), shares[k])),
  );
  const context = () => /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));

  /** Put a frame around a cell, or hide it. @param {HTMLElement} frame @param {Cell | null} cell */
  function place(frame, cell) {
    hide(frame, !cell);
    if (!cell) return;
    const { x, y, width, height } = rectangleOf(grid, cell);
    Object.assign(frame.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
  }

  /** Draw the maps `times` as large. @param {number} times */
  function resize(times) {
    grid = enlarged(base, times);
    Object.assign(picture.style, { width: `${grid.width}px`, height: `${grid.height}px`, clipPath: outlineOf(grid) });
    labels.style.lineHeight = `${grid.zoom}px`;
    hide(overlay, true);
    place(mark, null);
    place(source, null);
  }

  return {
    element: h("div", { class: "maps-frame" }, picture, overlay, mark, source, ...(names.length ? [labels] : [])),
    canvas: picture,
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
      Object.assign(picture, { width: Math.max(1, base.width), height: Math.max(1, base.height) });
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
     * @param {Uint8Array[][] | undefined} blocks @param {ArrayLike<number>} shown the channel of each map @param {string} colour
     */
    outline(blocks, shown, colour) {
      hide(overlay, !blocks);
      if (!blocks) return;
      if (overlay.width !== grid.width || overlay.height !== grid.height)
        Object.assign(overlay, { width: grid.width, height: grid.height });
      const pen = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
      pen.clearRect(0, 0, grid.width, grid.height);
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      const places = Array.from(shown).slice(0, grid.channels);
      for (const block of blocks) {
        for (const { x, y, width, height } of rectanglesOf(block.slice(-laid.size.length), laid, grid, places)) {
          pen.strokeRect(x + 1, y + 1, Math.max(1, width - 2), Math.max(1, height - 2));
        }
      }
    },
  };
}
