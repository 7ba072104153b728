/** Cells with a number on a colour: the text is black or white, whichever can be read. */

import { colourTable, inkOn, tableIndex } from "../lib/colour.js";
import { page } from "./page.js";

/** Paint a cell only where something changed: most frames change few cells. @param {HTMLElement} cell @param {number[]} rgb @param {string} text */
export function paintCell(cell, [r, g, b], text) {
  const fill = `rgb(${r}, ${g}, ${b})`;
  if (cell.dataset.fill !== fill) {
    cell.dataset.fill = fill;
    cell.style.backgroundColor = fill;
    cell.style.color = inkOn([r, g, b]);
  }
  if (cell.textContent !== text) cell.textContent = text;
}

/** The colour of value / full on the diverging scale. @param {number} value @param {number} full */
export function diverging(value, full) {
  const word = colourTable("diverging", page.get("dark"))[tableIndex("diverging", full > 0 ? value / full : 0)];
  return [word & 255, (word >> 8) & 255, (word >> 16) & 255];
}

/** @param {number[]} values */
export const peakOf = (values) => values.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
