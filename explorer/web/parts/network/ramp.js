/** A legend for one picture: its colours from −full to full, and where the pointed value stands. */

import { h, hide, canvas } from "../dom.js";
import { colourTable, tableIndex } from "../../lib/colour.js";
import { valueOf } from "../../lib/codes.js";
import { short } from "../../lib/numbers.js";
import { page } from "../page.js";

const WIDTH = 181;

/** A value's place on a scale that ends at ±full. @param {number} value @param {number} full */
const placeOf = (value, full) => (full > 0 ? value / full : value * 0);

/** The packed colour of a value on a scale that ends at ±full. @param {number} value @param {number} full */
export const packed = (value, full) =>
  colourTable("diverging", page.get("dark"))[tableIndex("diverging", placeOf(value, full))];

/** The packed colours of the 256 codes of a map. @param {number} scale of the codes @param {number} full the value at the scale's end */
export const lookupOf = (scale, full) =>
  Uint32Array.from({ length: 256 }, (_, code) => packed(valueOf(code, scale), full));

export function createRamp() {
  const ramp = canvas(WIDTH, 1, { class: "ramp", role: "img", dataset: { i18nAria: "legend.ramp" } });
  const marker = h("span", { class: "ramp-mark", hidden: true });
  const [low, high] = [h("span", {}), h("span", {})];
  let full = 0;
  return {
    element: h(
      "div",
      { class: "ramp-frame" },
      ramp,
      marker,
      h("div", { class: "ramp-ticks" }, low, h("span", {}, "0"), high),
    ),

    /** @param {number} end the value at the scale's end */
    show(end) {
      full = end;
      const context = /** @type {CanvasRenderingContext2D} */ (ramp.getContext("2d"));
      const image = context.createImageData(WIDTH, 1);
      const words = new Uint32Array(image.data.buffer);
      for (let x = 0; x < WIDTH; x++) words[x] = packed((2 * x) / (WIDTH - 1) - 1, 1);
      context.putImageData(image, 0, 0);
      [low.textContent, high.textContent] = [short(-end, 3), short(end, 3)];
      hide(marker, true);
    },

    /** @param {number | null} value */
    mark(value) {
      hide(marker, value === null || Number.isNaN(value));
      if (value !== null) marker.style.left = `${50 * (placeOf(value, full) + 1)}%`;
    },
  };
}
