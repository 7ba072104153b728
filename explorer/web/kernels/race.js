/**
 * Which of the two ways paints faster here: measured on a few frames of a drag, each until its pixels are there. The name
 * of a driver tells less: a card may be slow, and a processor that stands for one is.
 */

import { smallestOf } from "../lib/numbers.js";
import { createChain } from "./chain.js";
import { FIRST } from "../lib/kernels_state.js";

/** The picture's side, pixels; rows and columns of the kernel; frames that are timed after one that makes ready. */
const [SIDE, TAPS, FRAMES] = [256, 5, 3];

/** The shortest time of a frame, ms. @param {(frame: number) => void} paint */
function fastest(paint) {
  paint(0);
  const times = Array.from({ length: FRAMES }, (_, k) => {
    const started = performance.now();
    paint(k + 1);
    return performance.now() - started;
  });
  return smallestOf(times);
}

/**
 * @param {import("./webgl.js").Painter} painter
 * @param {(link: import("./chain.js").Link, look: import("./painting.js").Look) => unknown} imageOf paints by typed arrays
 */
export function cardIsFaster(painter, imageOf) {
  const chain = createChain();
  const planes = [1, 2, 3].map((c) => Float64Array.from({ length: SIDE * SIDE }, (_, k) => (k * (2 * c + 1)) & 255));
  const field = { width: SIDE, height: SIDE, planes, version: 0 };
  const look = /** @type {const} */ ({ show: "clamp", extent: { lowest: 0, highest: 255 } });
  /** A moment of a drag: one weight moves. @param {number} frame @param {import("./chain.js").Depth} depth */
  const moved = (frame, depth) => {
    const values = Array.from({ length: TAPS * TAPS }, (_, k) => (k === 7 ? 1 + frame : 1) / TAPS ** 2);
    const stage = { ...FIRST, kernel: { rows: TAPS, columns: TAPS, values }, normalise: false };
    return /** @type {import("./chain.js").Link} */ (chain.run(field, [stage], 0, depth, Infinity)[0]);
  };
  const arrays = fastest((frame) => imageOf(moved(frame, frame ? "ahead" : "summed"), look));
  const card = fastest((frame) => {
    const { laid, divisor, bias } = moved(frame, "laid");
    if (laid) painter.paint(laid.surrounded, laid.kernel, laid.geometry, divisor, bias, false);
    painter.finish();
  });
  return card < arrays;
}
