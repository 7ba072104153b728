/** The picture of one step's maps: a bitmap of one pixel a unit, enlarged by the page, with outlines and frames over it. */

import { h, canvas } from "../dom.js";
import { cellAt, enlarged, gridOf, originOf, outlineOf, paintMaps, rectanglesOf } from "../../lib/layout.js";

/** @typedef {import("../../lib/layout.js").Cell} Cell */
/** @typedef {NonNullable<import("./column.js").Step["map"]>} MapLayout */

/** Room for the longest class name beside a vector of scores, px. */
const LABELS = 96;

/** @param {MapLayout} map @param {number} channels maps shown */
export function createPicture(map, channels) {
  const base = gridOf(map, channels);
  let grid = base;
  /** @type {ImageData | undefined} */
  let image;
  const picture = canvas(base.width, base.height, { class: "maps", tabindex: 0, role: "img" });
  const overlay = canvas(1, 1, { class: "field", hidden: true });
  const mark = h("div", { class: "cell-mark", hidden: true });
  const source = h("div", { class: "cell-mark source", hidden: true });
  const labels =
    base.columns === 1 && map.labels.length
      ? [
          h(
            "ol",
            { class: "labels", "aria-hidden": "true" },
            ...map.labels.map((label) => h("li", { title: label }, label)),
          ),
        ]
      : [];
  const context = () => /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));

  /** Put a frame around a cell, or hide it. @param {any} frame @param {Cell | null} cell */
  function place(frame, cell) {
    frame.hidden = !cell;
    if (!cell) return;
    const { x, y } = originOf(grid, cell.channel);
    const side = `${grid.zoom}px`;
    Object.assign(frame.style, {
      left: `${x + cell.column * grid.zoom}px`,
      top: `${y + cell.row * grid.zoom}px`,
      width: side,
      height: side,
    });
  }

  return {
    element: h("div", { class: "maps-frame" }, picture, overlay, mark, source, ...labels),
    canvas: picture,
    get grid() {
      return grid;
    },
    get width() {
      return grid.width + (labels.length ? LABELS : 0);
    },

    /** Draw the maps `times` as large. @param {number} times */
    resize(times) {
      grid = enlarged(base, times);
      Object.assign(picture.style, { width: `${grid.width}px`, height: `${grid.height}px`, clipPath: outlineOf(grid) });
      for (const list of labels) list.style.lineHeight = `${grid.zoom}px`;
      overlay.hidden = true;
      place(mark, null);
      place(source, null);
    },

    /** @param {Uint8Array} codes of all maps @param {Uint32Array[]} lookups the colour of each code, for each map */
    paint(codes, lookups) {
      image ??= context().createImageData(base.width, base.height);
      const words = new Uint32Array(image.data.buffer);
      if (lookups.length < base.channels) words.fill(0); // the last page of channels may hold fewer maps
      paintMaps(words, base, codes, lookups);
      context().putImageData(image, 0, 0);
    },

    clear() {
      context().clearRect(0, 0, base.width, base.height);
    },

    /** @param {number} x @param {number} y in the page's pixels from the picture's corner */
    cellAt: (x, y) => cellAt(grid, x, y),

    /** @param {Cell | null} cell */
    mark: (cell) => place(mark, cell),
    /** @param {Cell | null} cell */
    light: (cell) => place(source, cell),

    /**
     * Outline blocks of cells; none takes the outlines away.
     * @param {Uint8Array[][] | undefined} blocks @param {ArrayLike<number>} shown the channel of each map @param {string} colour
     */
    outline(blocks, shown, colour) {
      overlay.hidden = !blocks;
      if (!blocks) return;
      if (overlay.width !== grid.width || overlay.height !== grid.height)
        Object.assign(overlay, { width: grid.width, height: grid.height });
      const pen = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
      pen.clearRect(0, 0, grid.width, grid.height);
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      for (const block of blocks) {
        for (const { x, y, width, height } of rectanglesOf(block.slice(-map.size.length), map, grid, shown)) {
          pen.strokeRect(x + 1, y + 1, Math.max(1, width - 2), Math.max(1, height - 2));
        }
      }
    },
  };
}
