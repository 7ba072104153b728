/**
 * One plane of numbers drawn on a canvas, for those too large for a cell each in the page. What only changes with the numbers
 * is kept as a picture; the marks of the walk are drawn over it.
 */

import { canvas } from "../parts/dom.js";
import { fitted } from "../lib/editing.js";
import { inkOn } from "../lib/colour.js";

/** Cells from this side on stand apart, and from this one on hold their number; as many characters as fit at this part of the side each. */
const [GAPPED, READABLE, CHARACTER, FONT] = [8, 24, 0.21, 0.36];

/** Opacity of padding and of what is not written yet, and of what is never read. */
const [FAINT, UNREAD] = [0.35, 0.3];

/**
 * `ring`: padding drawn around; `marks`: kinds of cells, counted row by row with the padding; `written`, `unread`: by index in
 * `values`.
 * @typedef {{ rows: number, columns: number, values: ArrayLike<number>, shade: (value: number) => number[], ring: import("../lib/arithmetic.js").Ring,
 *   written?: ArrayLike<number>, unread?: ArrayLike<number>, side: number, marks: Map<number, string> }} Plane
 */

/** Columns of a plane with its padding. @param {{ columns: number, ring: import("../lib/arithmetic.js").Ring }} plane */
export const acrossOf = ({ columns, ring }) => columns + ring.left + ring.right;
/** Rows of a plane with its padding. @param {Plane} plane */
const downOf = ({ rows, ring }) => rows + ring.top + ring.bottom;

/** @param {Record<string, any>} attributes of the canvas */
export function createSheet(attributes) {
  const element = canvas(1, 1, { class: "sheet", ...attributes });
  const pen = /** @type {CanvasRenderingContext2D} */ (element.getContext("2d"));
  const [base, pixels] = [canvas(1, 1), canvas(1, 1)];
  /** @type {Plane | null} */
  let shown = null;
  let scale = 1;

  /** The left and upper edge of a cell. @param {Plane} plane @param {number} row @param {number} column */
  const corner = ({ ring, side }, row, column) => [(column + ring.left) * side, (row + ring.top) * side];

  /** One pixel for each cell. @param {Plane} plane */
  function colours({ rows, columns, values, shade, written, unread }) {
    const image = new ImageData(columns, rows);
    for (let k = 0; k < rows * columns; k++) {
      if (written && !written[k]) continue;
      image.data.set(shade(values[k]), 4 * k);
      image.data[4 * k + 3] = unread && !unread[k] ? 255 * UNREAD : 255;
    }
    [pixels.width, pixels.height] = [columns, rows];
    /** @type {CanvasRenderingContext2D} */ (pixels.getContext("2d")).putImageData(image, 0, 0);
  }

  /** @param {Plane} plane @param {string} faint */
  function paint(plane, faint) {
    const { rows, columns, values, shade, written, side } = plane;
    const ground = /** @type {CanvasRenderingContext2D} */ (base.getContext("2d"));
    const [width, height] = [acrossOf(plane) * side, downOf(plane) * side];
    [base.width, base.height] = [element.width, element.height];
    ground.setTransform(scale, 0, 0, scale, 0, 0);
    ground.imageSmoothingEnabled = false;
    colours(plane);
    const [left, top] = corner(plane, 0, 0);
    ground.drawImage(pixels, left, top, columns * side, rows * side);
    if (side >= GAPPED) {
      for (let x = left + side - 1; x < width; x += side) ground.clearRect(x, 0, 1, height);
      for (let y = top + side - 1; y < height; y += side) ground.clearRect(0, y, width, 1);
    }
    ground.globalCompositeOperation = "destination-over";
    ground.globalAlpha = FAINT;
    ground.fillStyle = faint;
    ground.fillRect(0, 0, width, height);
    if (side < READABLE) return;
    ground.globalCompositeOperation = "source-over";
    ground.globalAlpha = 1;
    ground.font = `${Math.round(side * FONT)}px system-ui, sans-serif`;
    [ground.textAlign, ground.textBaseline] = ["center", "middle"];
    for (let k = 0; k < rows * columns; k++) {
      if (written && !written[k]) continue;
      const [x, y] = corner(plane, Math.floor(k / columns), k % columns);
      ground.fillStyle = inkOn(shade(values[k]));
      ground.fillText(fitted(values[k], Math.floor(1 / CHARACTER)), x + side / 2, y + side / 2 + 1);
    }
  }

  function overlay() {
    if (!shown) return;
    const plane = shown;
    const style = getComputedStyle(element);
    const token = (/** @type {string} */ name) => style.getPropertyValue(name).trim() || "#000";
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, element.width, element.height);
    pen.drawImage(base, 0, 0);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    const line = Math.max(1, Math.min(3, plane.side / 12));
    const [ink, accent, { side }] = [token("--cs-text"), token("--cs-accent"), plane];
    const width = acrossOf(plane);
    /** @type {{ x: number, y: number, kind: string }[]} */
    const strong = [];
    pen.fillStyle = ink;
    for (const [place, kind] of plane.marks) {
      const column = place % width;
      const [x, y] = [column * side, Math.floor(place / width) * side];
      if (/ now|target|partner/.test(kind)) strong.push({ x, y, kind });
      if (!plane.marks.has(place - width)) pen.fillRect(x, y, side, line);
      if (!plane.marks.has(place + width)) pen.fillRect(x, y + side - line, side, line);
      if (column === 0 || !plane.marks.has(place - 1)) pen.fillRect(x, y, line, side);
      if (column === width - 1 || !plane.marks.has(place + 1)) pen.fillRect(x + side - line, y, line, side);
    }
    pen.lineWidth = line * 1.5;
    for (const { x, y, kind } of strong) {
      pen.strokeStyle = /target|partner/.test(kind) ? accent : ink;
      pen.strokeRect(x + pen.lineWidth / 2, y + pen.lineWidth / 2, side - pen.lineWidth, side - pen.lineWidth);
    }
  }

  return {
    element,
    /** @param {Plane} next @param {boolean} fresh whether numbers or sizes changed, not the marks alone */
    show(next, fresh) {
      shown = next;
      if (fresh) {
        scale = globalThis.devicePixelRatio || 1;
        const [width, height] = [acrossOf(next) * next.side, downOf(next) * next.side];
        [element.width, element.height] = [Math.round(width * scale), Math.round(height * scale)];
        [element.style.width, element.style.height] = [`${width}px`, `${height}px`];
        paint(next, getComputedStyle(element).getPropertyValue("--cs-line").trim() || "#ccc");
      }
      overlay();
    },
    /** The row and column under the pointer, padding included, or null. @param {PointerEvent | MouseEvent} event @returns {[number, number] | null} */
    cellAt(event) {
      if (!shown) return null;
      const box = element.getBoundingClientRect();
      const column = Math.floor(((event.clientX - box.left) / box.width) * acrossOf(shown)) - shown.ring.left;
      const row = Math.floor(((event.clientY - box.top) / box.height) * downOf(shown)) - shown.ring.top;
      return row >= 0 && row < shown.rows && column >= 0 && column < shown.columns ? [row, column] : null;
    },
    /** Where a cell lies on the element, in pixels. @param {number} row @param {number} column */
    placeOf(row, column) {
      const [left, top] = shown ? corner(shown, row, column) : [0, 0];
      return { left, top, side: shown?.side ?? 0 };
    },
  };
}
