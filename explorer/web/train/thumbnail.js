/** A small grey picture. */

import { fromBase64 } from "../lib/codes.js";
import { canvas } from "../parts/dom.js";

/** A grey picture as it came: 0 black. @param {{ width: number, height: number, data: string }} picture */
export function thumbnail({ width, height, data }) {
  const codes = fromBase64(data);
  const surface = canvas(width, height, { class: "thumbnail" });
  const image = new ImageData(width, height);
  codes.forEach((code, k) => image.data.set([255 - code, 255 - code, 255 - code, 255], 4 * k));
  /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d")).putImageData(image, 0, 0);
  return surface;
}
