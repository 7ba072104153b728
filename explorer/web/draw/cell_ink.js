/** The ink as an opened number sees it: ink × gradient over the model's input, with its scale and a sentence. */

import { h } from "../parts/dom.js";
import { floatsFromBase64 } from "../lib/codes.js";
import { newestOnly } from "../lib/live.js";
import { short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { plain, termed } from "../parts/network/term.js";
import { createRamp } from "../parts/network/ramp.js";
import { createInkPicture } from "./ink_picture.js";

/** How long the drawing has to rest before it is asked for, ms. */
const REST_MS = 150;
/** Why there is no map of it, where that is not said as of a class's score. */
const OF_NUMBERS = ["zero", "not_differentiable"];

/** @typedef {import("../lib/contract/draw.js").NumberInk} NumberInk */
/** @typedef {import("../lib/link.js").Place} Place */

/** Why there is no map. @param {{ reason: string, message: string }} note */
const missing = ({ reason, message }) =>
  OF_NUMBERS.includes(reason) ? t(`cell.ink.${reason}`, { message }) : t(`why.note.${reason}`, { message });

/** @param {{ request: import("../lib/contract/draw.js").Request }} options */
export function createCellInk({ request }) {
  const picture = createInkPicture({ class: "cell-ink-picture" });
  const ramp = createRamp();
  const words = h("p", { class: "note cell-ink-words" });
  const element = h(
    "figure",
    { class: "cell-ink", hidden: true },
    picture.element,
    ramp.element,
    h("figcaption", {}, h("h3", { dataset: { i18n: "cell.ink" } }), words),
  );
  let due = 0;
  /** @type {NumberInk | null} */
  let shown = null;

  /** @param {NumberInk | null} answer */
  function show(answer) {
    shown = answer;
    if (!answer) {
      words.textContent = "";
      picture.clear();
      picture.name(t("cell.ink"));
      return;
    }
    const values = answer.values ? floatsFromBase64(answer.values) : new Float32Array(0);
    ramp.show(picture.show({ rows: answer.rows ?? 1, columns: answer.columns ?? 1, ink: answer.ink, values }));
    const sums = [1, -1].map((sign) => values.reduce((sum, value) => sum + Math.max(0, sign * value), 0));
    const told = answer.note
      ? missing(answer.note)
      : t("cell.ink.words", { up: short(sums[0], 3), down: short(sums[1], 3), sum: short(answer.sum ?? 0, 3) });
    words.replaceChildren(...termed(told));
    picture.name(`${t("cell.ink")}: ${plain(told)}`);
  }

  show(null);
  const ask = newestOnly(
    (/** @type {Place} */ place) => request("number_ink", place),
    (answer, place) => {
      if (page.get("cells").at(-1)?.cell === place.cell) show(answer);
    },
    (error) => {
      show(null);
      words.textContent = error.message;
    },
  );

  return {
    element,

    /** The number or the ink is another one. @param {Place} place */
    refresh(place) {
      const value = (place.of === "" && place.step >= 0) || place.of === "class";
      element.hidden = !value;
      clearTimeout(due);
      if (value) due = window.setTimeout(() => ask(place), REST_MS);
    },

    /** Another number is opened: what is shown is not of it. */
    clear: () => show(null),
    redraw: () => show(shown),
  };
}
