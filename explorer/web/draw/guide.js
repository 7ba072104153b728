/** "Show me how it works": five cards, each of which waits for the act itself or for Next, and then three doors. */

import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";

/** What a person does, card after card. */
const ACTS = /** @type {const} */ (["draw", "point", "open", "play", "meant"]);

/** @typedef {(typeof ACTS)[number]} Act */

/** @param {{ doors: { words: string, open: () => void }[] }} options  where to go from the last card; `words`: a key of the catalogue */
export function createGuide({ doors }) {
  const start = h("button", {
    type: "button",
    class: "chip",
    dataset: { i18n: "guide.start", i18nTitle: "guide.start.why" },
    onclick: () => go(0),
  });
  const told = h("p", { class: "guide-told", role: "status" });
  const next = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "guide.next" },
    onclick: () => go(at + 1),
  });
  const ways = doors.map(({ words, open }) =>
    h("button", {
      type: "button",
      class: "chip",
      dataset: { i18n: words },
      onclick: () => {
        end();
        open();
      },
    }),
  );
  const close = h(
    "button",
    { type: "button", class: "tool", dataset: { i18nTitle: "guide.end" }, onclick: () => end() },
    "✕",
  );
  const element = h(
    "section",
    { class: "guide", hidden: true, dataset: { i18nAria: "guide.start" } },
    told,
    next,
    ...ways,
    close,
  );
  /** The card in front; −1: none. */
  let at = -1;

  /** @param {number} card */
  function go(card) {
    at = card;
    element.hidden = at < 0;
    start.setAttribute("aria-pressed", String(at >= 0));
    next.hidden = at >= ACTS.length;
    for (const way of ways) way.hidden = at < ACTS.length;
    tell();
  }

  function tell() {
    fillWords(element);
    if (at < 0) return;
    const place = at < ACTS.length ? `${at + 1}/${ACTS.length} ` : "";
    told.textContent = `${place}${t(at < ACTS.length ? `guide.${ACTS[at]}` : "guide.doors")}`;
  }

  function end() {
    if (element.contains(document.activeElement)) start.focus();
    go(-1);
  }

  return {
    element,
    start,
    tell,
    end,
    get running() {
      return at >= 0;
    },

    /** Somebody did something: the card that waits for it makes way for the next. @param {Act} act */
    did(act) {
      if (ACTS[at] === act) go(at + 1);
    },
  };
}
