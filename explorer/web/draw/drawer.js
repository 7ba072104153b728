/** The lower drawer: panels that lie over the network's foot when they are open, one at a time. */

import { h } from "../parts/dom.js";

/**
 * @typedef {{ name: string, words: string, title: string, element: HTMLElement }} Panel  `words` and `title`: keys of the catalogue
 * @param {{ panels: Panel[], onopen: (name: string | null) => void }} options  called with the panel that somebody opened, or null
 */
export function createDrawer({ panels, onopen }) {
  const tabs = panels.map(({ name, words, title, element }) =>
    h("button", {
      type: "button",
      class: "drawer-tab",
      "aria-expanded": "false",
      "aria-controls": element.id,
      dataset: { drawer: name, i18n: words, i18nTitle: title },
      onclick: () => onopen(shown === name ? null : name),
    }),
  );
  const close = h("button", {
    type: "button",
    class: "tool drawer-close",
    dataset: { i18nTitle: "drawer.close" },
    onclick: () => onopen(null),
  });
  close.textContent = "✕";
  const body = h("div", { class: "drawer-body", hidden: true }, close, ...panels.map(({ element }) => element));
  /** @type {string | null} */
  let shown = null;
  body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.stopPropagation();
    const tab = tabs.find(({ dataset }) => dataset.drawer === shown);
    onopen(null);
    tab?.focus();
  });

  return {
    body,
    tabs: h("div", { class: "drawer-tabs" }, ...tabs),
    /** @param {string | null} name */
    show(name) {
      shown = name;
      body.hidden = name === null;
      panels.forEach((panel, k) => {
        panel.element.hidden = panel.name !== name;
        tabs[k].setAttribute("aria-expanded", String(panel.name === name));
      });
    },
  };
}
