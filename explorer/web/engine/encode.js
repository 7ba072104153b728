/** Numbers as answers carry them: the twin of `explorer/wire/trace.py` and `explorer/wire/numbers.py`, which lib/codes.js reads. */

import { STEPS, ZERO } from "../lib/codes.js";

/** Bytes that one call of `fromCharCode` takes. */
const CHUNK = 8192;

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  const quick = /** @type {{ toBase64?: () => string }} */ (bytes);
  if (quick.toBase64) return quick.toBase64();
  let binary = "";
  for (let k = 0; k < bytes.length; k += CHUNK) binary += String.fromCharCode(...bytes.subarray(k, k + CHUNK));
  return btoa(binary);
}

/** Float32 numbers, little-endian. @param {Float32Array} numbers */
export const floatsToBase64 = (numbers) =>
  toBase64(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));

/** The largest |value| that is finite. @param {Float32Array} values */
export function peakOf(values) {
  let peak = 0;
  for (let k = 0; k < values.length; k++) {
    const magnitude = Math.abs(values[k]);
    if (magnitude > peak && magnitude < Infinity) peak = magnitude;
  }
  return peak;
}

/** A number with its first digits. @param {number} value @param {number} [digits] */
export const rounded = (value, digits = 6) => Number(value.toPrecision(digits));

/** Maps of `count` values each as codes, with one scale for each. @param {Float32Array[]} maps */
export function codesOf(maps) {
  const count = maps.length ? maps[0].length : 0;
  const scales = Float32Array.from(maps, peakOf);
  const codes = new Uint8Array(maps.length * count);
  for (let map = 0, k = 0; map < maps.length; map++) {
    const values = maps[map];
    const factor = Math.fround(STEPS / (scales[map] > 0 ? scales[map] : 1));
    for (let at = 0; at < count; at++, k++) {
      const value = values[at];
      codes[k] = value - value === 0 ? Math.fround(Math.fround(value * factor) + (ZERO + 0.5)) : 0;
    }
  }
  return { scales: floatsToBase64(scales), data: toBase64(codes) };
}

/** A square picture, intensity in [0, 1], as grey bytes. @param {Float32Array} picture @param {number} side */
export const greyOf = (picture, side) => ({ side, data: toBase64(greyCodes(picture)) });

/** @param {Float32Array} picture */
export const greyCodes = (picture) =>
  Uint8Array.from(picture, (intensity) => Math.fround(Math.fround(Math.min(Math.max(intensity, 0), 1) * 255) + 0.5));
