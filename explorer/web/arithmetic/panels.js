/** A menu of the page's panels, each of which can be hidden: an answer before it was guessed, what a class does not need yet. The link carries what is hidden. */

import { h } from "../parts/dom.js";
import { PANELS } from "../lib/link.js";
import { page } from "../parts/page.js";

/** @param {HTMLElement} root is told in `data-hidden` what is hidden */
export function createPanels(root) {
  const boxes = PANELS.map((name) =>
    h("input", {
      type: "checkbox",
      dataset: { panel: name },
      onchange: () => page.set({ hidden: PANELS.filter((_, k) => !boxes[k].checked) }),
    }),
  );
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
      ...PANELS.map((name, k) =>
        h(
          "label",
          { class: "menu-choice switch" },
          boxes[k],
          h("span", { dataset: { i18n: `arithmetic.panel.${name}` } }),
        ),
      ),
    ),
  );

  function show() {
    const hidden = page.get("hidden");
    root.dataset.hidden = hidden.join(" ");
    boxes.forEach((box, k) => {
      box.checked = !hidden.includes(PANELS[k]);
    });
  }
  page.on(["hidden"], show);
  show();
  return { element };
}
