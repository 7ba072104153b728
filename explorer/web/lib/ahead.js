/**
 * A picture painted ahead of its sums: while one weight moves, every frame is one step from sums that stay as they are,
 *
 *   value = (sum + weight · plane[tap]) / divisor + bias
 *
 * so that nothing but the picture is written, and no rounding adds up from frame to frame: convolution is linear in its
 * kernel.
 */

import { accumulate } from "./conv.js";
import { EMPTY, widened } from "./shading.js";

/** How far one weight has moved, and where its tap lies in a padded plane, from the window's first element. @typedef {{ weight: number, offset: number }} Change */
/** @typedef {import("./conv.js").Geometry} Geometry */

/** Values of this size and more are not painted here. */
const REACH = 2 ** 19;
/** A picture's rows are looked through in so many parts, one a frame: two seconds at 60 frames a second. */
const PARTS = 120;

/**
 * Whether every value that a kernel can make of planes up to `peak` can be painted here.
 * @param {number[]} weights @param {number} peak @param {number} divisor @param {number} bias
 */
export function paintable(weights, peak, divisor, bias) {
  const most = weights.reduce((sum, weight) => sum + Math.abs(weight), 0) * peak;
  return most / Math.abs(divisor) + Math.abs(bias) + 1 < REACH;
}

/**
 * What each whole number from −REACH on is painted as: looked up, it takes no branch, which a picture half beyond 0–255
 * would mislead at every other pixel.
 * @param {boolean} absolute
 */
function levelsOf(absolute) {
  const levels = new Uint8Array(2 * REACH).fill(255, REACH + 255);
  if (absolute) levels.fill(255, 0, REACH - 254);
  for (let level = 0; level < 255; level++) {
    levels[REACH + level] = level;
    if (absolute) levels[REACH - level] = level;
  }
  return levels;
}
/** Made when they are first looked up. @type {Partial<Record<"clamp" | "absolute", Uint8Array>>} */
const LEVELS = {};

/**
 * Paint what `shade` paints.
 * @param {Uint8ClampedArray} bytes RGBA, 4 for each output element @param {Float64Array[]} sums one plane (grey) or three
 * @param {Float64Array[]} planes padded @param {Change} change @param {Geometry} geometry
 * @param {number} divisor @param {number} bias @param {"clamp" | "absolute"} show
 */
export function paintAhead(bytes, sums, planes, { weight, offset }, { rows, columns }, divisor, bias, show) {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, sums[0].length);
  const levels = (LEVELS[show] ??= levelsOf(show === "absolute"));
  const [red, green, blue] = sums.length === 3 ? sums : [sums[0], sums[0], sums[0]];
  const [reds, greens, blues] = sums.length === 3 ? planes : [planes[0], planes[0], planes[0]];
  const [scale, lift, step] = [1 / divisor, bias + REACH + 0.5, columns.stride];
  for (let y = 0, k = 0; y < rows.output; y++) {
    let at = y * rows.stride * columns.padded + offset;
    for (const end = k + columns.output; k < end; k++, at += step) {
      const r = levels[((red[k] + weight * reds[at]) * scale + lift) | 0];
      const g = levels[((green[k] + weight * greens[at]) * scale + lift) | 0];
      const b = levels[((blue[k] + weight * blues[at]) * scale + lift) | 0];
      words[k] = (255 << 24) | (b << 16) | (g << 8) | r;
    }
  }
}

/**
 * The extent of the values, found some rows at a time: done when all are looked through.
 * @param {Float64Array[]} sums @param {Float64Array[]} planes padded @param {Change} change @param {Geometry} geometry
 * @param {number} divisor @param {number} bias @returns {Generator<void, import("./shading.js").Extent, void>}
 */
export function* extentAhead(sums, planes, { weight, offset }, { rows, columns }, divisor, bias) {
  const row = new Float64Array(columns.output);
  const part = Math.ceil(rows.output / PARTS);
  let extent = EMPTY;
  for (let y = 0; y < rows.output; y++) {
    for (let c = 0; c < sums.length; c++) {
      row.set(sums[c].subarray(y * row.length, (y + 1) * row.length));
      accumulate(
        row,
        1,
        row.length,
        planes[c],
        0,
        columns.stride,
        [y * rows.stride * columns.padded + offset],
        [weight],
      );
      extent = widened(extent, row, divisor, bias);
    }
    if ((y + 1) % part === 0) yield;
  }
  return extent;
}
