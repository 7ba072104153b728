/** The keys of a page, listed when a person presses "?". */

import { h } from "./dom.js";
import { fillWords } from "./i18n.js";
import { page } from "./page.js";

/**
 * Make "?" list the keys of the page whose tab is `tab`, while that page is in front.
 * @param {string} tab
 * @param {{ keys: string, words: string }[]} keys  `keys` as they are printed on a keyboard, `words`: a key of the catalogue
 * @returns {{ element: HTMLElement, open: () => void }} a button for those who do not know the key
 */
export function createHelp(tab, keys) {
  const close = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "help.close" },
    onclick: () => dialog.close(),
  });
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog",
      { class: "help", dataset: { i18nAria: "help.title" } },
      h("h2", { dataset: { i18n: "help.title" } }),
      h(
        "dl",
        { class: "help-keys" },
        ...keys.flatMap(({ keys: names, words }) => [
          h("dt", {}, ...names.split(" ").map((name) => h("kbd", {}, name))),
          h("dd", { dataset: { i18n: words } }),
        ]),
      ),
      close,
    )
  );
  const button = h(
    "button",
    { type: "button", class: "tool help-button", dataset: { i18nTitle: "help.open" }, onclick: open },
    "?",
  );
  const element = h("div", { class: "help-place" }, button, dialog);

  function open() {
    fillWords(dialog);
    dialog.showModal();
  }

  addEventListener("keydown", (event) => {
    const typing =
      event.target instanceof HTMLElement && event.target.matches("input, textarea, select, [contenteditable=true]");
    if (event.key !== "?" || typing || page.get("tab") !== tab || dialog.open) return;
    event.preventDefault();
    open();
  });
  return { element, open };
}
