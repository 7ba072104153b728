/** The parts of the Arithmetic page, one at a time: each is built when it is first asked for. */

import { h } from "../parts/dom.js";

/**
 * @typedef {{ element: HTMLElement, relabel?: () => void, repaint?: () => void }} Section
 * @param {Record<string, () => Section>} makers by name @param {(name: string) => void} onchoose
 */
export function createSections(makers, onchoose) {
  const corner = h("div", { class: "sections-corner" });
  const place = h("div", { class: "section-place", role: "tabpanel" });
  /** @type {Record<string, Section>} */
  const made = {};
  const names = Object.keys(makers);
  let current = "";
  const tabs = names.map((name) =>
    h("button", {
      type: "button",
      class: "section-tab",
      role: "tab",
      dataset: { section: name, i18n: `arithmetic.section.${name}`, i18nTitle: `arithmetic.section.${name}.why` },
      onclick: () => onchoose(name),
    }),
  );
  const bar = h(
    "div",
    { class: "sections", role: "tablist", dataset: { i18nAria: "arithmetic.sections" }, onkeydown: walk },
    ...tabs,
  );

  /** @param {KeyboardEvent} event */
  function walk(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = (names.indexOf(current) + by + names.length) % names.length;
    onchoose(names[next]);
    tabs[next].focus();
  }

  /** Bring the chosen part's name into view, where the bar is narrower than all names. */
  function reveal() {
    const tab = tabs[names.indexOf(current)];
    if (!tab) return;
    const left = tab.offsetLeft - bar.offsetLeft;
    bar.scrollLeft = Math.max(left + tab.offsetWidth - bar.clientWidth, Math.min(bar.scrollLeft, left));
  }
  const sized = new ResizeObserver(reveal); // a link chooses before the page has a size and the names have words
  for (const part of [bar, ...tabs]) sized.observe(part);

  return {
    element: h(
      "div",
      { class: "arithmetic-page", tabindex: -1, dataset: { main: "arithmetic" } },
      h("div", { class: "sections-head" }, bar, corner),
      place,
    ),
    /** Beside the tabs, for what all parts have. */
    corner,
    /** Those that were built. */
    get all() {
      return Object.values(made);
    },
    /** @param {string} name */
    choose(name) {
      if (name === current) return;
      current = name;
      made[name] ??= makers[name]();
      place.replaceChildren(made[name].element);
      tabs.forEach((tab, k) => {
        tab.setAttribute("aria-selected", String(names[k] === name));
        tab.tabIndex = names[k] === name ? 0 : -1;
      });
      reveal();
    },
  };
}
