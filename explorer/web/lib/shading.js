/**
 * From sums to what is seen. Two stages, both of which the page states in words:
 *
 *   value = sums / divisor + bias                    the output of the operator: what is read out, never rounded
 *   shown = clamp(value), clamp(|value|), (value − lowest) / (highest − lowest) · 255, or, with its sign,
 *           127.5 + value / peak · 127.5             what is painted, in 0–255; peak is the largest |value|
 *
 * With its sign a single plane is painted on the diverging scale, where 0 is the background.
 */

import { colourTable, tableIndex } from "./colour.js";

/** @typedef {"clamp" | "absolute" | "rescale" | "signed"} Show */
/** What of its values a kernel hands on to the next. @typedef {"values" | "absolute" | "clamp"} Pass */
/** Of all values: the lowest and highest, and how many of `count` lie below 0 and above 255. @typedef {{ lowest: number, highest: number, below: number, above: number, count: number }} Extent */

/** What the sums are divided by: the kernel's sum, or 1 where that is not wanted or would divide by 0. @param {boolean} normalise @param {number} sum */
export const divisorOf = (normalise, sum) => (normalise && Math.abs(sum) > 1e-9 ? sum : 1);

/** Differences below this are rounding of the sums, in levels. */
const ROUNDING = 1e-6;

/** Of no values. @type {Extent} */
export const EMPTY = { lowest: Infinity, highest: -Infinity, below: 0, above: 0, count: 0 };

/** An extent with further values. @param {Extent} extent @param {Float64Array} sums @param {number} divisor @param {number} bias @returns {Extent} */
export function widened(extent, sums, divisor, bias) {
  const scale = 1 / divisor;
  let { lowest, highest, below, above } = extent;
  for (let k = 0; k < sums.length; k++) {
    const value = sums[k] * scale + bias;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
    if (value < -ROUNDING) below++;
    else if (value > 255 + ROUNDING) above++;
  }
  return { lowest, highest, below, above, count: extent.count + sums.length };
}

/** @param {Float64Array[]} planes sums @param {number} divisor @param {number} bias */
export const extentOf = (planes, divisor, bias) =>
  planes.reduce((extent, plane) => widened(extent, plane, divisor, bias), EMPTY);

/** The largest |value|. @param {{ lowest: number, highest: number }} extent */
export const peakOf = ({ lowest, highest }) => Math.max(Math.abs(lowest), Math.abs(highest));

/** The ways of showing that ask for the extent of all values first. @param {Show} show */
export const needsExtent = (show) => show === "rescale" || show === "signed";

/**
 * What a value is painted as, before rounding, on the scale 0–255.
 * @param {number} value @param {Show} show @param {{ lowest: number, highest: number }} extent
 */
export function shown(value, show, extent) {
  const { lowest, highest } = extent;
  const peak = peakOf(extent);
  const level =
    show === "absolute"
      ? Math.abs(value)
      : show === "rescale"
        ? highest > lowest
          ? ((value - lowest) / (highest - lowest)) * 255
          : value
        : show === "signed"
          ? 127.5 + (peak > 0 ? (value / peak) * 127.5 : 0)
          : value;
  return Math.min(255, Math.max(0, level));
}

/**
 * The colour of one pixel, whose values are one for each plane.
 * @param {number[]} values @param {Show} show @param {{ lowest: number, highest: number }} extent @param {boolean} dark @returns {number[]}
 */
export function colourOf(values, show, extent, dark) {
  if (show === "signed" && values.length === 1) {
    const peak = peakOf(extent);
    const word = colourTable("diverging", dark)[tableIndex("diverging", peak > 0 ? values[0] / peak : 0)];
    return [word & 255, (word >> 8) & 255, (word >> 16) & 255];
  }
  const levels = values.map((value) => Math.round(shown(value, show, extent)));
  return levels.length === 3 ? levels : [levels[0], levels[0], levels[0]];
}

/** The values that the next kernel gets. @param {Float64Array[]} out @param {Float64Array[]} sums @param {number} divisor @param {number} bias @param {Pass} pass */
export function handOn(out, sums, divisor, bias, pass) {
  const scale = 1 / divisor;
  sums.forEach((plane, c) => {
    const values = out[c];
    for (let k = 0; k < plane.length; k++) values[k] = plane[k] * scale + bias;
    if (pass === "absolute") for (let k = 0; k < values.length; k++) values[k] = Math.abs(values[k]);
    else if (pass === "clamp")
      for (let k = 0; k < values.length; k++) values[k] = Math.min(255, Math.max(0, values[k]));
  });
}

/**
 * Paint one plane (grey) or three (red, green, blue) as RGBA bytes.
 * @param {Uint8ClampedArray} bytes 4 for each element @param {Float64Array[]} planes sums @param {number} divisor @param {number} bias
 * @param {Show} show @param {{ lowest: number, highest: number }} extent @param {boolean} dark the theme, whose background is 0 on the diverging scale
 */
export function shade(bytes, planes, divisor, bias, show, extent, dark) {
  const peak = peakOf(extent);
  if (show === "signed" && planes.length === 1) {
    diverge(bytes, planes[0], peak > 0 ? 1 / (divisor * peak) : 0, peak > 0 ? bias / peak : 0, dark);
    return;
  }
  const [stretch, zero] =
    show === "rescale" && extent.highest > extent.lowest
      ? [255 / (extent.highest - extent.lowest), extent.lowest]
      : show === "signed"
        ? [peak > 0 ? 127.5 / peak : 0, peak > 0 ? -peak : 0]
        : [1, 0];
  const scale = stretch / divisor;
  const offset = show === "signed" && peak === 0 ? 127.5 : (bias - zero) * stretch;
  const absolute = show === "absolute";
  const [red, green, blue] = planes.length === 3 ? planes : [planes[0], planes[0], planes[0]];
  for (let k = 0, at = 0; k < red.length; k++, at += 4) {
    let r = red[k] * scale + offset,
      g = green[k] * scale + offset,
      b = blue[k] * scale + offset;
    if (absolute) {
      r = Math.abs(r);
      g = Math.abs(g);
      b = Math.abs(b);
    }
    bytes[at] = r; // Uint8ClampedArray clamps and rounds
    bytes[at + 1] = g;
    bytes[at + 2] = b;
    bytes[at + 3] = 255;
  }
}

/** Paint sum · scale + offset, from −1 to 1, on the diverging scale. @param {Uint8ClampedArray} bytes @param {Float64Array} plane @param {number} scale @param {number} offset @param {boolean} dark */
function diverge(bytes, plane, scale, offset, dark) {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, plane.length);
  const table = colourTable("diverging", dark);
  for (let k = 0; k < plane.length; k++) words[k] = table[tableIndex("diverging", plane[k] * scale + offset)];
}

/**
 * The planes of a picture's RGBA bytes: red, green and blue, or one of grey by ITU-R BT.601, in Pillow's integers
 * (`Image.convert("L")`), so that both languages read the same grey.
 * @param {Uint8ClampedArray} bytes @param {"rgb" | "grey"} channels @returns {Float64Array[]}
 */
export function planesOf(bytes, channels) {
  const planes = Array.from({ length: channels === "rgb" ? 3 : 1 }, () => new Float64Array(bytes.length / 4));
  const [red, green, blue] = planes;
  for (let k = 0, at = 0; k < red.length; k++, at += 4) {
    if (channels === "rgb") {
      red[k] = bytes[at];
      green[k] = bytes[at + 1];
      blue[k] = bytes[at + 2];
    } else red[k] = (19595 * bytes[at] + 38470 * bytes[at + 1] + 7471 * bytes[at + 2] + 0x8000) >> 16;
  }
  return planes;
}

/** Greys of a picture on paper that lie closer together than this, of 255, show nothing (core/data/picture.py). */
const FAINT = 10;

/**
 * Lay colours with transparency on white, or on black where nothing could be seen on white, in place.
 * @param {Uint8ClampedArray} bytes RGBA, not premultiplied @returns {"white" | "black" | null} null: nothing was transparent
 */
export function onPaper(bytes) {
  let any = false;
  for (let at = 3; at < bytes.length && !any; at += 4) any = bytes[at] < 255;
  if (!any) return null;
  const [white, black] = [255, 0].map((paper) => laidOn(bytes, paper));
  const faint = spreadOf(white) < FAINT && spreadOf(black) >= FAINT;
  bytes.set(faint ? black : white);
  return faint ? "black" : "white";
}

/** @param {Uint8ClampedArray} bytes RGBA @param {number} paper */
function laidOn(bytes, paper) {
  const laid = bytes.slice();
  for (let at = 0; at < laid.length; at += 4) {
    const alpha = laid[at + 3] / 255;
    for (let c = 0; c < 3; c++) laid[at + c] = laid[at + c] * alpha + paper * (1 - alpha);
    laid[at + 3] = 255;
  }
  return laid;
}

/** How far the lightest and the darkest grey lie apart. @param {Uint8ClampedArray} bytes RGBA */
function spreadOf(bytes) {
  const [greys] = planesOf(bytes, "grey");
  let [low, high] = [255, 0];
  for (const grey of greys) [low, high] = [Math.min(low, grey), Math.max(high, grey)];
  return high - low;
}
