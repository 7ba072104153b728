/** Notes that lie over the page for a while: nothing on it moves because something is said. */

import { h } from "./dom.js";
import { t, words } from "./i18n.js";

/** How long a note can be read, ms: for each letter, and at least. */
const LETTER_MS = 70,
  LEAST_MS = 4000;

/** @returns {{ element: HTMLElement, say: (key: string, values?: Record<string, string | number>) => void }} `key` of the catalogue, and what stands in its places */
export function createToast() {
  const element = h("p", { class: "toast", role: "status" });
  let due = 0;

  /** @param {string} key @param {Record<string, string | number>} [values] */
  function say(key, values = {}) {
    clearTimeout(due);
    Object.assign(element.dataset, words(key, values));
    element.textContent = t(key, values);
    element.classList.add("shown");
    const read = Math.max(LEAST_MS, LETTER_MS * element.textContent.length);
    due = window.setTimeout(() => element.classList.remove("shown"), read);
  }
  return { element, say };
}
