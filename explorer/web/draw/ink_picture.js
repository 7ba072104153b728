/** A map over the model's input: cells in colour under the outline of the ink. */

import { h, canvas } from "../parts/dom.js";
import { fromBase64 } from "../lib/codes.js";
import { packed } from "../parts/network/ramp.js";

/** Pixels of the outline's bitmap along the longer side. */
const OUTLINE = 448;
/** The code from which a pixel counts as ink. */
const INKED = 128;

/** Values row by row, with the input as grey bytes, or without. @typedef {{ rows: number, columns: number, values: Float32Array, ink: import("../lib/contract/draw.js").Why["ink"] }} InkMap */

/** @param {{ class: string, tabindex?: number }} attributes of the frame's class, and whether its cells take the focus */
export function createInkPicture({ class: name, tabindex }) {
  const picture = canvas(1, 1, { class: "why-cells", tabindex, role: "img" });
  const outline = canvas(1, 1, { class: "why-ink" });
  const frame = h("div", { class: `why-frame ${name}` }, picture, outline);
  const penOf = (/** @type {HTMLCanvasElement} */ of) => /** @type {CanvasRenderingContext2D} */ (of.getContext("2d"));

  /** @param {InkMap} map */
  function paint({ rows, columns, values }) {
    [picture.width, picture.height] = [columns, rows];
    const image = penOf(picture).createImageData(columns, rows);
    const words = new Uint32Array(image.data.buffer);
    const full = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    values.forEach((value, k) => {
      words[k] = packed(value, full);
    });
    penOf(picture).putImageData(image, 0, 0);
    return full;
  }

  /** Draw the border between ink and ground, pixel edge by pixel edge. @param {InkMap} map */
  function trace({ ink, ...size }) {
    const { rows, columns } = ink ?? size;
    frame.style.aspectRatio = `${columns} / ${rows}`;
    const unit = OUTLINE / Math.max(rows, columns);
    [outline.width, outline.height] = [Math.round(columns * unit), Math.round(rows * unit)];
    if (!ink) return;
    const codes = fromBase64(ink.data);
    const inked = (/** @type {number} */ y, /** @type {number} */ x) =>
      y >= 0 && x >= 0 && y < rows && x < columns && codes[y * columns + x] >= INKED;
    const pen = penOf(outline);
    Object.assign(pen, { strokeStyle: getComputedStyle(outline).color, lineWidth: 2.5, lineCap: "round" });
    pen.beginPath();
    for (let y = 0; y <= rows; y++) {
      for (let x = 0; x <= columns; x++) {
        if (inked(y, x) !== inked(y - 1, x)) (pen.moveTo(x * unit, y * unit), pen.lineTo((x + 1) * unit, y * unit));
        if (inked(y, x) !== inked(y, x - 1)) (pen.moveTo(x * unit, y * unit), pen.lineTo(x * unit, (y + 1) * unit));
      }
    }
    pen.stroke();
  }

  return {
    element: frame,
    picture,

    /** Show a map; returns the value at the end of its colour scale. @param {InkMap} map */
    show(map) {
      const full = paint(map);
      trace(map);
      return full;
    },

    clear() {
      [picture.width, outline.width] = [1, 1];
    },

    /** What the picture is to those who do not see it. @param {string} words */
    name(words) {
      picture.setAttribute("aria-label", words);
    },
  };
}
