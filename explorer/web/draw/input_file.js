/** A picture file as something the network can be shown: decoded here in the browser, made grey, and scaled down. */

import { opened, pictureOf, Refused } from "../parts/upload.js";
import { canvas } from "../parts/dom.js";
import { largestOf, smallestOf } from "../lib/numbers.js";

/** The longest side that a request carries, pixels; explorer/screen/inputs.py holds it to this. */
export const LONGEST = 140;
const SHORTEST = 4;
/** Share of red, green and blue in the grey. Source: ITU-R BT.601, as Pillow's mode "L". */
const LUMA = [0.299, 0.587, 0.114];

/** Width and height that fit into the longest side. @param {number} width @param {number} height */
export function fitted(width, height) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return [width, height].map((side) => Math.max(SHORTEST, Math.round(side * scale)));
}

/** @param {ArrayLike<number>} rgba @returns {Uint8Array} */
export const greyOf = (rgba) =>
  Uint8Array.from({ length: rgba.length / 4 }, (_, k) =>
    Math.round(LUMA.reduce((sum, share, c) => sum + share * rgba[4 * k + c], 0)),
  );

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** @param {File} file @returns {Promise<import("../lib/link.js").PictureSource>} @throws {Refused} */
export async function pictureSource(file) {
  const { picture, notes } = await opened(file);
  const surface = canvas(picture.width, picture.height);
  /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d")).putImageData(
    new ImageData(picture.data, picture.width, picture.height),
    0,
    0,
  );
  const [width, height] = fitted(picture.width, picture.height);
  const grey = greyOf(pictureOf(surface, width, height).data);
  if (largestOf(grey) - smallestOf(grey) < 12) throw new Refused("input.refused.plain", { name: file.name });
  const told = notes.filter(({ key }) => key !== "kernels.note.scaled"); // it is scaled once more here
  if (width < picture.width) told.push({ key: "kernels.note.scaled", numbers: { width, height } });
  return { width, height, data: base64(grey), name: file.name, notes: told };
}
