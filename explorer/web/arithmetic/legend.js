/** What the colours of a canvas mean: a ramp from its lowest to its highest number, by the function that paints the canvas, with a mark at one of them. */

import { canvas, h } from "../parts/dom.js";
import { short } from "../lib/numbers.js";

/** Pixels of the ramp. */
const WIDTH = 128;

export function createLegend() {
  const ramp = canvas(WIDTH, 1, { class: "ramp" });
  const mark = h("span", { class: "ramp-mark", hidden: true });
  const [low, high] = [h("span"), h("span")];
  const element = h(
    "div",
    { class: "map-legend", "aria-hidden": "true" },
    low,
    h("div", { class: "ramp-frame" }, ramp, mark),
    high,
  );
  const [place, frame] = [/** @type {CanvasRenderingContext2D} */ (ramp.getContext("2d")), new ImageData(WIDTH, 1)];
  let ends = { low: 0, high: 0 };

  return {
    element,
    /** @param {import("./paint.js").Shading} shading */
    show(shading) {
      ends = shading;
      for (let x = 0; x < WIDTH; x++)
        frame.data.set([...shading.shade(ends.low + (x / (WIDTH - 1)) * (ends.high - ends.low)), 255], 4 * x);
      place.putImageData(frame, 0, 0);
      [low.textContent, high.textContent] = [short(ends.low, 3), short(ends.high, 3)];
    },
    /** @param {number | null} value */
    point(value) {
      const at = value === null ? NaN : (value - ends.low) / (ends.high - ends.low);
      mark.hidden = !(at >= 0 && at <= 1);
      if (!mark.hidden) mark.style.left = `${100 * at}%`;
    },
  };
}
