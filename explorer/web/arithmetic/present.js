/** The walk alone, as large as the screen, for a projector: what sets it is away until the button or Esc ends it. The link carries it. */

import { h } from "../parts/dom.js";
import { page } from "../parts/page.js";

/** @returns {HTMLButtonElement} */
export function createPresent() {
  const button = h("button", {
    type: "button",
    class: "tool wide present",
    dataset: { i18n: "arithmetic.present", i18nTitle: "arithmetic.present.why" },
    onclick: () => page.set({ present: !page.get("present") }),
  });
  const inFront = () => page.get("present") && page.get("tab") === "arithmetic";

  function show() {
    document.documentElement.classList.toggle("presenting", inFront());
    button.setAttribute("aria-pressed", String(page.get("present")));
  }

  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && inFront()) page.set({ present: false });
  });
  page.on(["present", "tab"], show);
  show();
  return button;
}
