/** The three levels at which the network is seen: the whole of it, one layer, one number; kept in the link. */

import { h } from "../parts/dom.js";
import { page } from "../parts/page.js";

/** @typedef {"network" | "layer" | "number"} Level */
const LEVELS = /** @type {Level[]} */ (["network", "layer", "number"]);

/** @returns {Level} */
export const levelNow = () => (page.get("cells").length ? "number" : page.get("layer") === null ? "network" : "layer");

/** One level up: from a number to the one before or its layer, from a layer to the network; then nothing is pinned. */
export function goUp() {
  const cells = page.get("cells");
  if (cells.length) page.set({ cells: cells.slice(0, -1) });
  else if (page.get("layer") !== null) page.set({ layer: null });
  else page.set({ pin: null });
}

/** @param {{ onlayer: () => void, onnumber: () => void }} options  called when somebody wants a layer or a number and has not said which */
export function createLevels({ onlayer, onnumber }) {
  const go = {
    network: () => page.set({ layer: null, cells: [] }),
    layer: () => {
      if (page.get("cells").length && page.get("layer") !== null) page.set({ cells: [] });
      else onlayer();
    },
    number: onnumber,
  };
  const buttons = LEVELS.map((level) =>
    h("button", {
      type: "button",
      class: "level",
      dataset: { level, i18n: `level.${level}`, i18nTitle: `level.${level}.why` },
      onclick: go[level],
    }),
  );
  const tell = () => {
    const now = levelNow();
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.level === now));
  };
  const element = h("div", { class: "levels", role: "group", dataset: { i18nAria: "level.title" } }, ...buttons);
  return { element, /** Say at which level the network is shown. */ tell };
}
