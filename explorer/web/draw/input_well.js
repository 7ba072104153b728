/** The place of the picture that a model of pictures is shown, where a model of ink has the pad; the tools stand beside it. */

import { canvas, h } from "../parts/dom.js";
import { copy } from "./strip_stage.js";

export function createWell() {
  const picture = canvas(1, 1, { class: "well-picture", role: "img", dataset: { i18nAria: "input.picture" } });
  const frame = h("div", { class: "well-field", hidden: true });
  const place = h("div", { class: "well-place" }, picture, frame);
  const tools = h("div", { class: "well-tools" });
  return {
    element: h("div", { class: "well" }, h("div", { class: "well-frame" }, place), tools),
    /** Where the buttons stand. */
    tools,
    /** @param {HTMLCanvasElement} shown */
    show(shown) {
      copy(shown, picture);
      const wide = shown.width >= shown.height;
      Object.assign(place.style, {
        width: wide ? "100%" : "auto",
        height: wide ? "auto" : "100%",
        aspectRatio: `${shown.width} / ${shown.height}`,
      });
      picture.classList.toggle("pixels", shown.width < 100);
    },
    /** Outline a part, in shares of the picture; null takes the outline away. @param {import("../lib/field.js").Rectangle | null} part */
    outline(part) {
      frame.hidden = part === null;
      if (!part) return;
      const share = (/** @type {number} */ u) => `${100 * u}%`;
      const { left, top, width, height } = part;
      Object.assign(frame.style, { left: share(left), top: share(top), width: share(width), height: share(height) });
    },
  };
}
