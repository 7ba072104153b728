/** A button with a list of things to do, such as the formats of an export. */

import { h } from "./dom.js";
import { fillWords } from "./i18n.js";

/**
 * @typedef {{ words: string, run: () => void | Promise<void> }} Choice  `words`: a key of the catalogue
 * @param {{ words: string, title?: string, choices: Choice[], onfail?: (error: Error) => void }} menu
 *   `onfail` gets what a choice raised, to say it where the person looks.
 * @returns {{ element: HTMLElement, close: () => void }}
 */
export function createMenu({ words, title, choices, onfail }) {
  const list = h(
    "div",
    { class: "menu-list", role: "menu", hidden: true, onkeydown: walk },
    ...choices.map(({ words: key, run }) =>
      h("button", {
        type: "button",
        class: "menu-choice",
        role: "menuitem",
        dataset: { i18n: key },
        onclick: () => choose(run),
      }),
    ),
  );
  const button = h("button", {
    type: "button",
    class: "tool menu-button",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    dataset: { i18n: words, ...(title ? { i18nTitle: title } : {}) },
    onclick: () => (list.hidden ? open() : close()),
  });
  const element = h(
    "div",
    {
      class: "menu",
      onfocusout: (/** @type {FocusEvent} */ event) => {
        if (!element.contains(/** @type {Node | null} */ (event.relatedTarget))) close();
      },
    },
    button,
    list,
  );

  function open() {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    fillWords(list);
    list.querySelector("button")?.focus();
  }

  function close() {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
  }

  /** @param {() => void | Promise<void>} run */
  async function choose(run) {
    close();
    button.focus();
    try {
      await run();
    } catch (error) {
      if (!onfail) throw error;
      onfail(/** @type {Error} */ (error));
    }
  }

  /** @param {KeyboardEvent} event */
  function walk(event) {
    const buttons = /** @type {HTMLElement[]} */ ([...list.children]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape") {
      close();
      button.focus();
    } else if (to !== undefined) buttons.at(to % buttons.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return { element, close };
}
