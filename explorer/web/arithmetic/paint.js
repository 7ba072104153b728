/** The colours of numbers in cells, pale enough for the digits and the marks of the window to stand out. */

import { colour } from "../lib/colour.js";
import { page } from "../lib/store.js";
import { peakOf } from "../kernels/swatch.js";

/** The part of a scale that is used. */
const STRENGTH = { diverging: 0.6, grey: 0.5 };

/**
 * The colour of each number of a tensor: the input in grey from its lowest to its highest (0 included), all others
 * about 0. @param {string} name @param {ArrayLike<number>} values @returns {(value: number) => number[]}
 */
export function shades(name, values) {
  const finite = Array.from(values).filter(Number.isFinite);
  const dark = page.get("dark");
  if (name === "input") {
    const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
    return (value) => colour("grey", high > low ? (STRENGTH.grey * (value - low)) / (high - low) : 0, dark);
  }
  const peak = peakOf(finite);
  return (value) => colour("diverging", peak > 0 ? (STRENGTH.diverging * value) / peak : value * 0, dark);
}
