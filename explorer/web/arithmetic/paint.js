/** The colours of numbers in cells, pale enough for the digits and the marks of the window to stand out. */

import { colourTable, tableIndex } from "../lib/colour.js";
import { page } from "../parts/page.js";
import { peakOf } from "../parts/swatch.js";
import { largestOf, smallestOf } from "../lib/numbers.js";

/** The part of a scale that is used. */
const STRENGTH = { diverging: 0.6, grey: 0.5 };

/** The colours of each scale's table. @type {Map<Uint32Array, number[][]>} */
const palettes = new Map();

/** @param {import("../lib/colour.js").Scale} scale @returns {(t: number) => number[]} the colour at a place of it */
function paletteOf(scale) {
  const table = colourTable(scale, page.get("dark"));
  const palette =
    palettes.get(table) ?? Array.from(table, (word) => [word & 255, (word >> 8) & 255, (word >> 16) & 255]);
  palettes.set(table, palette);
  return (t) => palette[tableIndex(scale, t)];
}

/** The ends of a scale and the colour of a number on it. @typedef {{ low: number, high: number, shade: (value: number) => number[] }} Shading */

/**
 * How the numbers of a tensor are coloured: the input in grey from its lowest to its highest (0 included), all others
 * about 0. @param {string} name @param {ArrayLike<number>} values @returns {Shading}
 */
export function shadingOf(name, values) {
  const finite = Array.from(values).filter(Number.isFinite);
  if (name === "input") {
    const [low, high] = [smallestOf(finite, 0), largestOf(finite, 0)];
    const at = paletteOf("grey");
    return { low, high, shade: (value) => at(high > low ? (STRENGTH.grey * (value - low)) / (high - low) : 0) };
  }
  const [peak, at] = [peakOf(finite), paletteOf("diverging")];
  return { low: -peak, high: peak, shade: (value) => at(peak > 0 ? (STRENGTH.diverging * value) / peak : value * 0) };
}

/** @param {string} name @param {ArrayLike<number>} values */
export const shades = (name, values) => shadingOf(name, values).shade;
