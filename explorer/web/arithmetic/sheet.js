/**
 * One plane of numbers drawn on a canvas, for those too large for a cell each in the page. What only changes with the numbers
 * is kept as a picture; the marks of the walk are drawn over it.
 */

import { canvas } from "../lib/dom.js";
import { fitted } from "../lib/editing.js";
import { inkOn } from "../lib/colour.js";

/** Cells from this side on hold their number; as many characters as fit at this part of the side each. */
const [READABLE, CHARACTER, FONT] = [24, 0.21, 0.36];

/**
 * `ring`: padding drawn around; `marks`: kinds of cells by "row column", counted from the plane's first; `written`, `unread`: by
 * index in `values`.
 * @typedef {{ rows: number, columns: number, values: ArrayLike<number>, shade: (value: number) => number[], ring: import("../lib/arithmetic.js").Ring,
 *   written?: ArrayLike<number>, unread?: ArrayLike<number>, side: number, marks: Map<string, string> }} Plane
 */

/** @param {Record<string, any>} attributes of the canvas */
export function createSheet(attributes) {
  const element = canvas(1, 1, { class: "sheet", ...attributes });
  const pen = /** @type {CanvasRenderingContext2D} */ (element.getContext("2d"));
  const base = canvas(1, 1);
  /** @type {Plane | null} */
  let shown = null;
  let scale = 1;

  /** @param {Plane} plane */
  const across = ({ columns, ring }) => columns + ring.left + ring.right;
  /** @param {Plane} plane */
  const down = ({ rows, ring }) => rows + ring.top + ring.bottom;
  /** The left and upper edge of a cell. @param {Plane} plane @param {number} row @param {number} column */
  const corner = ({ ring, side }, row, column) => [(column + ring.left) * side, (row + ring.top) * side];

  /** @param {Plane} plane @param {string} faint */
  function paint(plane, faint) {
    const { rows, columns, values, shade, written, unread, side } = plane;
    const ground = /** @type {CanvasRenderingContext2D} */ (base.getContext("2d"));
    [base.width, base.height] = [element.width, element.height];
    ground.setTransform(scale, 0, 0, scale, 0, 0);
    ground.fillStyle = faint;
    ground.globalAlpha = 0.35;
    ground.fillRect(0, 0, across(plane) * side, down(plane) * side);
    const gap = side >= 8 ? 1 : 0;
    ground.font = `${Math.round(side * FONT)}px system-ui, sans-serif`;
    [ground.textAlign, ground.textBaseline] = ["center", "middle"];
    for (let k = 0; k < rows * columns; k++) {
      if (written && !written[k]) continue;
      const [x, y] = corner(plane, Math.floor(k / columns), k % columns);
      const rgb = shade(values[k]);
      ground.globalAlpha = unread && !unread[k] ? 0.3 : 1;
      ground.fillStyle = `rgb(${rgb[0]}, ${rgb[1]}, ${rgb[2]})`;
      ground.fillRect(x, y, side - gap, side - gap);
      if (side < READABLE) continue;
      ground.fillStyle = inkOn(rgb);
      ground.fillText(fitted(values[k], Math.floor(1 / CHARACTER)), x + side / 2, y + side / 2 + 1);
    }
    ground.globalAlpha = 1;
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
    const strong = [];
    pen.fillStyle = ink;
    for (const [place, kind] of plane.marks) {
      const [row, column] = place.split(" ").map(Number);
      const [x, y] = corner(plane, row, column);
      if (/ now|target|partner/.test(kind)) strong.push({ x, y, kind });
      if (!plane.marks.has(`${row - 1} ${column}`)) pen.fillRect(x, y, side, line);
      if (!plane.marks.has(`${row + 1} ${column}`)) pen.fillRect(x, y + side - line, side, line);
      if (!plane.marks.has(`${row} ${column - 1}`)) pen.fillRect(x, y, line, side);
      if (!plane.marks.has(`${row} ${column + 1}`)) pen.fillRect(x + side - line, y, line, side);
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
        const [width, height] = [across(next) * next.side, down(next) * next.side];
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
      const column = Math.floor(((event.clientX - box.left) / box.width) * across(shown)) - shown.ring.left;
      const row = Math.floor(((event.clientY - box.top) / box.height) * down(shown)) - shown.ring.top;
      return row >= 0 && row < shown.rows && column >= 0 && column < shown.columns ? [row, column] : null;
    },
    /** Where a cell lies on the element, in pixels. @param {number} row @param {number} column */
    placeOf(row, column) {
      const [left, top] = shown ? corner(shown, row, column) : [0, 0];
      return { left, top, side: shown?.side ?? 0 };
    },
  };
}
