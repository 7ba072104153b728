/** A button with a panel that lies over the page: Esc, a press elsewhere or the button again close it. */

import { h } from "./dom.js";

/**
 * @param {{ words: string, title?: string, name: string, children: (Node | string)[], onopen?: () => void }} options
 *   `words`: a key of the catalogue, on the button and as the panel's name; `name`: the panel's class; `onopen`: it is open now
 * @returns {{ element: HTMLElement, button: HTMLButtonElement, open: (on: boolean) => void }}
 */
export function createPopover({ words, title, name, children, onopen }) {
  const panel = h(
    "div",
    { class: `popover-panel ${name}`, role: "group", hidden: true, dataset: { i18nAria: words } },
    ...children,
  );
  const button = h("button", {
    type: "button",
    class: "tool menu-button",
    "aria-expanded": "false",
    dataset: { i18n: words, ...(title ? { i18nTitle: title } : {}) },
    onclick: () => open(panel.hidden),
  });
  const element = h("div", { class: "popover", onkeydown: leave }, button, panel);

  /** @param {boolean} on */
  function open(on) {
    panel.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    if (on) onopen?.();
  }

  /** @param {KeyboardEvent} event */
  function leave(event) {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    open(false);
    button.focus();
  }

  addEventListener("pointerdown", (event) => {
    if (!panel.hidden && !element.contains(/** @type {Node | null} */ (event.target))) open(false);
  });
  return { element, button, open };
}
