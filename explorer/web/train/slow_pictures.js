/** The pictures of a batch in slow motion, one of them chosen. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { thumbnail } from "./thumbnail.js";

/** @typedef {import("../lib/contract/train.js").SlowBatch} SlowBatch */

/** What a picture is of. @param {number} label below 0 for no digit @param {string[]} classes */
export const nameOf = (label, classes) => (label < 0 ? t("slow.none") : classes[label]);

/** @param {{ onchoose: (picture: number) => void }} options */
export function createSlowPictures({ onchoose }) {
  /** @type {HTMLElement} */
  const element = h("div", { class: "slow-pictures", role: "group", dataset: { i18nAria: "slow.pictures" } });

  /** @param {SlowBatch} batch @param {number} k @returns {HTMLElement} */
  function button({ pictures, width, height, labels, losses, classes }, k) {
    const label = nameOf(labels[k], classes);
    const words = t("slow.picture", { number: k + 1, label, loss: short(losses[k], 3) });
    return h(
      "button",
      { type: "button", class: "wrong-picture", title: words, "aria-label": words, onclick: () => onchoose(k) },
      thumbnail({ width, height, data: pictures[k] }),
      h("span", {}, label),
    );
  }

  /** @param {number} chosen */
  function mark(chosen) {
    [...element.children].forEach((picture, k) => picture.setAttribute("aria-pressed", String(k === chosen)));
  }

  return {
    element,
    mark,
    /** @param {SlowBatch} batch @param {number} chosen */
    show(batch, chosen) {
      element.replaceChildren(...batch.pictures.map((_, k) => button(batch, k)));
      mark(chosen);
    },
  };
}
