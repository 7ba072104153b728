/** The first thing that Tab finds: past the bar and all tools to what the page in front is about. */

import { h } from "../parts/dom.js";
import { fillWords } from "../parts/i18n.js";
import { page } from "../parts/page.js";

export function createSkip() {
  const element = h("button", {
    type: "button",
    class: "action skip",
    onclick: () =>
      /** @type {HTMLElement | null} */ (document.querySelector(`[data-main="${page.get("tab")}"]`))?.focus(),
  });
  const place = h("div", {}, element);
  page.on(["tab"], tell);
  tell();

  function tell() {
    element.dataset.i18n = `skip.${page.get("tab")}`;
    fillWords(place);
  }
  return { element: place };
}
