/** A feature map with its exact values, as the server sends it. */

import { planesOf, shade } from "./shading.js";

/** @typedef {{ width: number, height: number, values: Float64Array, name: string }} FeatureMap  values in row-major order, exactly the tensor's float32 */
/** @typedef {import("./pictures.js").Picture} Picture */

/** @param {import("./contract/kernels.js").MapAnswer} answer @returns {FeatureMap} */
export function mapFrom({ width, height, name, values }) {
  const bytes = Uint8Array.from(atob(values), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return {
    width,
    height,
    name,
    values: Float64Array.from({ length: bytes.length / 4 }, (_, k) => view.getFloat32(4 * k, true)),
  };
}

/** The planes that are convolved: of a map its values, of a picture its colours. @param {Picture | FeatureMap} picture @param {"rgb" | "grey"} channels */
export const planesFrom = (picture, channels) =>
  "values" in picture ? [picture.values] : planesOf(picture.data, channels);

/** Of all values. @param {Picture | FeatureMap} picture */
export function extentFrom(picture) {
  if (!("values" in picture)) return { lowest: 0, highest: 255 };
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of picture.values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return { lowest, highest };
}

/** RGBA bytes to paint: a map is painted with its sign, about 0. @param {Picture | FeatureMap} picture @param {boolean} dark @returns {Uint8ClampedArray<ArrayBuffer>} */
export function bytesOf(picture, dark) {
  if (!("values" in picture)) return picture.data;
  const bytes = new Uint8ClampedArray(4 * picture.values.length);
  shade(bytes, [picture.values], 1, 0, "signed", extentFrom(picture), dark);
  return bytes;
}
