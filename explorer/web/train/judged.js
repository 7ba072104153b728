/** How the network does at a moment: confusion matrix, wrong answers as pictures, activations with their dead units. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { createConfusion } from "./confusion.js";
import { createWrong } from "./wrong.js";

/** @typedef {import("../lib/telling.js").Kept} Kept */
/** @typedef {import("../lib/contract/train.js").Picture} Picture */

/** @param {string} key @param {HTMLElement[]} children @returns {HTMLElement} */
const part = (key, ...children) =>
  h("section", { class: "judged-part" }, h("h3", { dataset: { i18n: key, i18nTitle: `${key}.why` } }), ...children);

function createActivations() {
  /** @type {HTMLElement} */
  const units = h("tbody", {});
  const heads = ["layer", "mean", "std", "dead"].map((key) =>
    h("th", { scope: "col", dataset: { i18n: `train.activations.${key}` } }),
  );
  /** @type {HTMLElement} */
  const element = h("table", { class: "activations" }, h("thead", {}, h("tr", {}, ...heads)), units);
  /** @param {Kept["activations"]} activations */
  function show(activations) {
    element.hidden = !activations.length;
    units.replaceChildren(
      ...activations.map(({ name, units: count, dead, mean, std }) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, name),
          h("td", {}, short(mean, 3)),
          h("td", {}, short(std, 3)),
          h(
            "td",
            { class: dead.length ? "dead" : "", title: dead.join(", ") },
            t("train.activations.of", { dead: dead.length, units: count }),
          ),
        ),
      ),
    );
  }
  return { element, show };
}

/** @param {{ onask: (indices: number[]) => Promise<Picture[]>, onopen: (index: number) => void }} options */
export function createJudged(options) {
  /** @type {Kept | null} */
  let kept = null;
  /** @type {string[]} */
  let classes = [];
  /** The pair of classes looked at. @type {import("./confusion.js").Pair | null} */
  let pair = null;
  const wrong = createWrong(options);
  const confusion = createConfusion({
    onpair: (pressed) => {
      pair = pair?.join() === pressed.join() ? null : pressed;
      redraw();
    },
  });
  const activations = createActivations();
  /** @type {HTMLElement} */
  const element = h(
    "div",
    { class: "judged" },
    part("train.confusion", confusion.element),
    part("train.wrong", ...wrong.elements),
    part("train.activations", activations.element),
  );

  function redraw() {
    confusion.show(kept?.validation ?? null, classes, pair);
    void wrong.show(kept, classes, pair);
    activations.show(kept?.activations ?? []);
  }

  return {
    element,
    redraw,
    /** @param {Kept | null} moment @param {string[]} names of the classes */
    show(moment, names) {
      if (moment === kept) return;
      [kept, classes] = [moment, names];
      redraw();
    },
  };
}
