/** A picture as something the network can be shown: decoded here in the browser, grey or in colours, and scaled down. */

import { opened, pictureOf, Refused } from "../parts/upload.js";
import { canvas } from "../parts/dom.js";
import { largestOf, smallestOf } from "../lib/numbers.js";
import { planesOf } from "../lib/shading.js";

/** The longest side that a request carries, pixels; explorer/screen/inputs.py holds it to this. */
export const LONGEST = 384;
const SHORTEST = 4;
/** Greys that lie closer together than this, of 255, are no ink on paper. */
const PLAIN = 12;

/** Width and height that fit into the longest side. @param {number} width @param {number} height */
export function fitted(width, height) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return [width, height].map((side) => Math.max(SHORTEST, Math.round(side * scale)));
}

/** The bytes that travel: one for each pixel of a picture without colours, else red, green and blue. @param {Uint8ClampedArray} rgba @returns {Uint8Array} */
export function bytesOf(rgba) {
  let coloured = false;
  for (let at = 0; at < rgba.length && !coloured; at += 4)
    coloured = rgba[at] !== rgba[at + 1] || rgba[at] !== rgba[at + 2];
  const channels = coloured ? 3 : 1;
  return Uint8Array.from({ length: (rgba.length / 4) * channels }, (_, k) =>
    coloured ? rgba[4 * Math.floor(k / 3) + (k % 3)] : rgba[4 * k],
  );
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * @param {import("../lib/pictures.js").Picture} picture @param {string} name @param {import("../lib/files.js").Note[]} notes
 * @returns {import("../lib/link.js").PictureSource}
 */
export function sourceOf(picture, name, notes) {
  const [width, height] = fitted(picture.width, picture.height);
  const told = notes.filter(({ key }) => key !== "kernels.note.scaled"); // it is scaled once more here
  if (width < picture.width) told.push({ key: "kernels.note.scaled", numbers: { width, height } });
  return { width, height, data: base64(bytesOf(scaled(picture, width, height).data)), name, notes: told };
}

/** @param {import("../lib/pictures.js").Picture} picture @param {number} width @param {number} height */
function scaled(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  const surface = canvas(picture.width, picture.height);
  /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d")).putImageData(
    new ImageData(picture.data, picture.width, picture.height),
    0,
    0,
  );
  return pictureOf(surface, width, height);
}

/**
 * @param {File} file @param {boolean} ink whether there has to be ink on it @returns {Promise<import("../lib/link.js").PictureSource>}
 * @throws {Refused}
 */
export async function pictureSource(file, ink) {
  const { picture, notes } = await opened(file);
  const [greys] = planesOf(picture.data, "grey");
  if (ink && largestOf(greys) - smallestOf(greys) < PLAIN)
    throw new Refused("input.refused.plain", { name: file.name });
  return sourceOf(picture, file.name, notes);
}
