/** Which parts of a page are shown: boxes to choose from, the same everywhere. The link carries what is hidden. */

import { h } from "./dom.js";
import { PANELS } from "../lib/link.js";
import { page } from "./page.js";

/** A box for each part of a page that can be hidden. @param {string} of the page, or "page" for the bar and the tabs @returns {HTMLElement[]} */
export function panelBoxes(of) {
  const names = PANELS[of] ?? [];
  const boxes = names.map((name) =>
    h("input", { type: "checkbox", dataset: { panel: name }, onchange: () => hide(name, !box(name).checked) }),
  );
  const box = (/** @type {string} */ name) => boxes[names.indexOf(name)];
  const show = () => names.forEach((name) => (box(name).checked = !page.get("hidden").includes(name)));
  page.on(["hidden"], show);
  show();
  return names.map((name) =>
    h("label", { class: "menu-choice switch" }, box(name), h("span", { dataset: { i18n: `panel.${name}` } })),
  );
}

/** @param {string} name @param {boolean} on */
function hide(name, on) {
  const others = page.get("hidden").filter((other) => other !== name);
  page.set({ hidden: on ? [...others, name] : others });
}
