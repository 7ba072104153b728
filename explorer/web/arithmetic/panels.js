/** A menu of the page's panels, each of which can be hidden: an answer before it was guessed, what a class does not need yet. The link carries what is hidden. */

import { h } from "../parts/dom.js";
import { panelBoxes } from "../parts/panels.js";

export function createPanels() {
  const element = h(
    "details",
    {
      class: "menu panels",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Escape" || !element.open) return;
        element.open = false;
        element.querySelector("summary").focus();
      },
      onfocusout: (/** @type {FocusEvent} */ event) => {
        if (event.relatedTarget && !element.contains(/** @type {Node} */ (event.relatedTarget))) element.open = false;
      },
    },
    h("summary", {
      class: "tool menu-button",
      dataset: { i18n: "arithmetic.panels", i18nTitle: "arithmetic.panels.why" },
    }),
    h(
      "div",
      { class: "menu-list", role: "group", dataset: { i18nAria: "arithmetic.panels" } },
      ...panelBoxes("arithmetic"),
    ),
  );
  return { element };
}
