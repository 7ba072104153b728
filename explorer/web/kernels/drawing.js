/** The drawing on the Draw page's pad as a picture: white ink on black, as networks see digits. */

import { canvas } from "../parts/dom.js";
import { inkStroke, PEN } from "../parts/pad.js";

const SIDE = 280;

/** @param {import("../lib/strokes.js").Stroke[]} strokes @param {number} pen the pen's width as a multiple of MNIST's @returns {import("../lib/pictures.js").Picture} */
export function drawnPicture(strokes, pen) {
  const surface = canvas(SIDE, SIDE);
  const context = /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d", { willReadFrequently: true }));
  context.fillStyle = "#000000";
  context.fillRect(0, 0, SIDE, SIDE);
  context.strokeStyle = context.fillStyle = "#ffffff";
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = PEN * pen * SIDE;
  for (const stroke of strokes) inkStroke(context, stroke, SIDE);
  return { width: SIDE, height: SIDE, data: context.getImageData(0, 0, SIDE, SIDE).data };
}
