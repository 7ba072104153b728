/** A picture file of any kind the browser reads becomes RGBA bytes; what was changed on the way is said in notes. */

import { canvas } from "./dom.js";
import { factsOf } from "../lib/files.js";
import { onPaper } from "../lib/shading.js";

/** The longest side that is computed at; larger pictures are scaled down. */
export const LONGEST = 1024;

/** @typedef {import("../lib/files.js").Note} Note */
/** @typedef {{ picture: import("../lib/pictures.js").Picture, notes: Note[] }} Upload */

/** Why a file was refused, in words of the page. */
export class Refused extends Error {
  /** @param {string} key @param {Record<string, string | number>} numbers */
  constructor(key, numbers) {
    super(key);
    this.numbers = numbers;
  }
}

/** @param {File} file @returns {Promise<Upload>} @throws {Refused} */
export async function opened(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const facts = factsOf(bytes);
  const name = file.name;
  if (facts && !facts.complete) throw new Refused("kernels.refused.cut", { name, kind: facts.kind.toUpperCase() });
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    imageOrientation: "from-image",
    premultiplyAlpha: "none",
  }).catch(() => {
    throw new Refused(facts ? "kernels.refused.broken" : "kernels.refused.unknown", { name });
  });
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((length) => Math.max(1, Math.round(length * scale)));
  const picture = pictureOf(bitmap, width, height);
  /** @type {Note[]} */
  const notes = [{ key: "kernels.note.file", numbers: { name, width: bitmap.width, height: bitmap.height } }];
  for (const note of facts?.notes ?? []) notes.push({ key: `kernels.note.${note}` });
  if (scale < 1) notes.push({ key: "kernels.note.scaled", numbers: { width, height } });
  const paper = onPaper(picture.data);
  if (paper) notes.push({ key: `kernels.note.alpha.${paper}` });
  bitmap.close();
  return { picture, notes };
}

/** @param {CanvasImageSource} source @param {number} width @param {number} height @returns {import("../lib/pictures.js").Picture} */
export function pictureOf(source, width, height) {
  const surface = canvas(width, height);
  const context = /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d", { willReadFrequently: true }));
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}
