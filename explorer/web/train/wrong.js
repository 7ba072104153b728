/** Pictures that were answered wrongly, the most confident ones first. */

import { percent } from "../parts/percent.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { thumbnail } from "./thumbnail.js";

const MOST = 24;

/** @typedef {import("../lib/contract/train.js").Picture} Picture */
/** @typedef {import("../lib/telling.js").Kept} Kept */

/** @param {{ onask: (indices: number[]) => Promise<Picture[]>, onopen: (index: number) => void }} options */
export function createWrong({ onask, onopen }) {
  /** @type {HTMLElement} */
  const about = h("p", { class: "note", role: "status" });
  /** @type {HTMLElement} */
  const pictures = h("div", { class: "wrong-pictures" });
  let shown = "";

  /** @param {number} index @param {Picture} picture @param {string} label @param {string} answer @param {number} probability @returns {HTMLElement} */
  function button(index, picture, label, answer, probability) {
    const words = t("train.wrong.picture", { label, answer, share: percent(probability) });
    return h(
      "button",
      { type: "button", class: "wrong-picture", title: words, onclick: () => onopen(index) },
      thumbnail(picture),
      h("span", {}, `${label} → ${answer}`),
    );
  }

  return {
    elements: [about, pictures],
    /** @param {Kept | null} kept @param {string[]} classes @param {import("./confusion.js").Pair | null} pair only those of it */
    async show(kept, classes, pair) {
      const score = kept?.validation;
      const all = (score?.wrong ?? []).filter(
        ([, label, answer]) => !pair || (label === pair[0] && answer === pair[1]),
      );
      const first = all.slice(0, MOST);
      about.textContent = !score
        ? t("train.wrong.unjudged")
        : all.length
          ? t("train.wrong.count", { count: all.length, shown: first.length })
          : t("train.wrong.none");
      const key = JSON.stringify([page.get("language"), kept?.step, first]);
      if (key === shown) return;
      shown = key;
      const found = first.length ? await onask(first.map(([index]) => index)) : [];
      if (key !== shown) return;
      pictures.replaceChildren(
        ...found.map((picture, k) => {
          const [index, label, answer, probability] = first[k];
          return button(index, picture, classes[label], classes[answer], probability);
        }),
      );
    },
  };
}
