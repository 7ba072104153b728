/**
 * From sums to what is seen. Two stages, both of which the page states in words:
 *
 *   value = sums / divisor + bias                    the output of the operator: what is read out, never rounded
 *   shown = clamp(value), clamp(|value|), or (value − lowest) / (highest − lowest) · 255      what is painted, in 0–255
 */

/** @typedef {"clamp" | "absolute" | "rescale"} Show */
/** Of all values: the lowest and highest, and how many of `count` lie below 0 and above 255. @typedef {{ lowest: number, highest: number, below: number, above: number, count: number }} Extent */

/** What the sums are divided by: the kernel's sum, or 1 where that is not wanted or would divide by 0. @param {boolean} normalise @param {number} sum */
export const divisorOf = (normalise, sum) => (normalise && Math.abs(sum) > 1e-9 ? sum : 1);

/** Differences below this are rounding of the sums, in levels. */
const ROUNDING = 1e-6;

/** @param {Float64Array[]} planes sums @param {number} divisor @param {number} bias @returns {Extent} */
export function extentOf(planes, divisor, bias) {
  const scale = 1 / divisor;
  let [lowest, highest, below, above] = [Infinity, -Infinity, 0, 0];
  for (const plane of planes) {
    for (let k = 0; k < plane.length; k++) {
      const value = plane[k] * scale + bias;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
      if (value < -ROUNDING) below++;
      else if (value > 255 + ROUNDING) above++;
    }
  }
  return { lowest, highest, below, above, count: planes.length * planes[0].length };
}

/**
 * What a value is painted as, before rounding, on the scale 0–255.
 * @param {number} value @param {Show} show @param {{ lowest: number, highest: number }} extent
 */
export function shown(value, show, { lowest, highest }) {
  const level = show === "absolute" ? Math.abs(value) : show === "rescale" ? (highest > lowest ? ((value - lowest) / (highest - lowest)) * 255 : value) : value;
  return Math.min(255, Math.max(0, level));
}

/**
 * Paint one plane (grey) or three (red, green, blue) as RGBA bytes.
 * @param {Uint8ClampedArray} bytes 4 for each element @param {Float64Array[]} planes sums @param {number} divisor @param {number} bias
 * @param {Show} show @param {Extent} extent
 */
export function shade(bytes, planes, divisor, bias, show, extent) {
  const stretch = show === "rescale" && extent.highest > extent.lowest ? 255 / (extent.highest - extent.lowest) : 1;
  const scale = stretch / divisor;
  const offset = (bias - (stretch === 1 ? 0 : extent.lowest)) * stretch;
  const absolute = show === "absolute";
  const [red, green, blue] = planes.length === 3 ? planes : [planes[0], planes[0], planes[0]];
  for (let k = 0, at = 0; k < red.length; k++, at += 4) {
    let r = red[k] * scale + offset, g = green[k] * scale + offset, b = blue[k] * scale + offset;
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

/** Lay colours with transparency on white, in place; true if there were any. @param {Uint8ClampedArray} bytes RGBA, not premultiplied */
export function onWhite(bytes) {
  let any = false;
  for (let at = 0; at < bytes.length; at += 4) {
    const alpha = bytes[at + 3] / 255;
    if (alpha === 1) continue;
    any = true;
    for (let c = 0; c < 3; c++) bytes[at + c] = bytes[at + c] * alpha + 255 * (1 - alpha);
    bytes[at + 3] = 255;
  }
  return any;
}
