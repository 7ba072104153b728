/** How the network is laid out: what channels are sorted by, how large maps are, and all modules folded or open. */

import { h } from "../dom.js";
import { page } from "../page.js";

/** What channels can be sorted by: in words, and what that makes of a channel. @type {Record<string, { words: string, strength: string }>} */
export const SORTS = {
  index: { words: "network.sort.index", strength: "" },
  activation: { words: "network.sort.activation", strength: "network.strength.activation" },
  gradient: { words: "network.sort.gradient", strength: "network.strength.gradient" },
  attribution: { words: "network.sort.attribution", strength: "network.strength.attribution" },
};
/** Sorts that need a loss run backwards. */
const BACKWARD = ["gradient", "attribution"];
export const ZOOMS = [1, 2, 4];

/** @param {{ onfoldall: (fold: boolean) => void }} options */
export function createArrangement({ onfoldall }) {
  const options = Object.entries(SORTS).map(([name, { words }]) =>
    h("option", { value: name, dataset: { i18n: words } }),
  );
  const sort = h(
    "select",
    { class: "sort", dataset: { i18nTitle: "network.sort" }, onchange: () => page.set({ sort: sort.value }) },
    ...options,
  );
  const size = h("output", { class: "zoom" });
  const button = (/** @type {string} */ icon, /** @type {string} */ words, /** @type {() => void} */ onclick) =>
    h("button", { type: "button", class: "tool", dataset: { i18nTitle: words, i18nAria: words }, onclick }, icon);
  const smaller = button("−", "network.zoom.out", () => zoomBy(-1));
  const larger = button("+", "network.zoom.in", () => zoomBy(1));
  const folds = h(
    "span",
    { class: "tools", hidden: true },
    h("button", {
      type: "button",
      class: "tool",
      dataset: { i18n: "network.fold.all" },
      onclick: () => onfoldall(true),
    }),
    h("button", {
      type: "button",
      class: "tool",
      dataset: { i18n: "network.unfold.all" },
      onclick: () => onfoldall(false),
    }),
  );

  /** @param {number} by steps of `ZOOMS` */
  function zoomBy(by) {
    const next = ZOOMS[ZOOMS.indexOf(page.get("zoom")) + by];
    if (next) page.set({ zoom: next });
  }

  function tell() {
    const zoom = page.get("zoom");
    size.textContent = `${zoom}×`;
    smaller.disabled = zoom === ZOOMS[0];
    larger.disabled = zoom === ZOOMS[ZOOMS.length - 1];
    for (const option of options) option.disabled = BACKWARD.includes(option.value) && page.get("label") === null;
    sort.value = page.get("sort");
  }
  page.on(["zoom", "sort", "label"], tell);
  tell();

  return {
    element: h("div", { class: "arrangement" }, sort, h("span", { class: "tools" }, smaller, size, larger), folds),
    zoomBy,

    /** @param {boolean} any whether there are modules to fold */
    describe(any) {
      folds.hidden = !any;
    },
  };
}
