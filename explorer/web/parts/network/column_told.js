/** What a column says in words beside its maps: name, what the step does, its facts, what was changed, which maps are shown. */

import { h, say } from "../dom.js";
import { largestOf, short } from "../../lib/numbers.js";
import { t } from "../i18n.js";
import { createLayerFacts } from "./layer_facts.js";
import { factLines, fedWords } from "./facts.js";
import { saysOf } from "./says.js";
import { createSwap } from "./swap.js";
import { opTerm, termed } from "./term.js";

/** @typedef {import("../../lib/contract/network.js").Step} Step */
/** @typedef {import("./facts.js").Fed} Fed */
/** @typedef {import("../../lib/link.js").Place} Place */

/**
 * @param {Step} step @param {{ swaps: string[], pages: number, onfold: () => void, onflip: (by: number) => void, onplace: (place: Place) => void, onchannel: (channel: number) => void }} options
 *   `pages` of maps; `onflip` when others are wanted; the rest as of layer_facts.js
 */
export function createTold(step, { swaps, pages, onfold, onflip, onplace, onchannel }) {
  const name = () => (step.index < 0 ? t("network.input") : step.op);
  const fold = h("button", { type: "button", class: "fold", onclick: onfold }, "−");
  const op = h("span", { class: "step-op" });
  const title = h(
    "h3",
    {},
    h("span", { class: "step-number" }, step.index < 0 ? "" : String(step.index + 1)),
    op,
    fold,
  );
  const says = h("p", { class: "step-says" });
  const facts = h("p", { class: "step-facts" });
  const time = h("p", { class: "step-time", dataset: { i18nTitle: "network.time.why" } });
  const change = h("p", { class: "step-change" });
  const swap = createSwap(step, swaps);
  const range = h("span", {});
  const turn = (/** @type {number} */ by, /** @type {string} */ icon, /** @type {string} */ words) =>
    h(
      "button",
      {
        type: "button",
        class: "tool small",
        dataset: { i18nTitle: words },
        title: t(words),
        "aria-label": t(words),
        onclick: () => onflip(by),
      },
      icon,
    );
  const pager =
    pages > 1
      ? h("div", { class: "pager" }, turn(-1, "◀", "network.previous"), range, turn(1, "▶", "network.next"))
      : "";
  const layer = createLayerFacts(step, { onplace, onchannel });
  /** @type {Fed | null} */
  let made = null;

  const told = {
    element: h(
      "div",
      { class: "step-told" },
      title,
      says,
      layer.standsOut,
      swap.element,
      change,
      time,
      facts,
      layer.kernels,
      pager,
    ),
    layer: layer.show,

    /** @param {boolean} folded whether the column is its name alone */
    fold(folded) {
      fold.setAttribute("aria-expanded", String(!folded));
    },

    /** Which maps are shown. @param {number} first @param {number} count @param {number} channels of how many */
    range(first, count, channels) {
      say(range, t("network.range", { first, last: first + count - 1, channels }));
    },

    /** Say which of the step's parameters somebody changed; whether there are any. @param {import("../../lib/contract/network.js").Changed} changed by name */
    changes(changed) {
      const mine = step.learned.filter((parameter) => changed[parameter]);
      const swapped = swap.refresh();
      if (!mine.length && !swapped && !change.textContent) return false;
      const largest = (/** @type {number} */ value) => short(value, 2);
      change.textContent = mine.length
        ? t("network.changed", { largest: largest(largestOf(mine.map((parameter) => changed[parameter].largest))) })
        : swapped
          ? t("swap.done")
          : "";
      change.title = mine
        .map((parameter) =>
          t("network.changed.why", {
            name: parameter,
            ...changed[parameter],
            largest: largest(changed[parameter].largest),
          }),
        )
        .join("\n");
      return mine.length > 0 || swapped;
    },

    /** @param {number | null} milliseconds of the step in the latest pass */
    time(milliseconds) {
      say(time, `${short(milliseconds, 2)} ms`);
    },

    /** Say how the picture became the model's input. @param {Fed} fed */
    fed(fed) {
      made = fed;
      say(time, fedWords(fed));
      time.classList.add("fed");
    },

    relabel() {
      facts.replaceChildren(...factLines(step));
      says.replaceChildren(...termed(saysOf(step), step));
      op.replaceChildren(step.index < 0 ? t("network.input") : opTerm(step));
      fold.title = t("network.fold.step", { name: name() });
      fold.setAttribute("aria-label", fold.title);
      layer.relabel();
      if (made) told.fed(made);
    },
  };
  return told;
}
