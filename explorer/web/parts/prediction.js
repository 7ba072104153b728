/** The prediction: one bar per class, the best three in words, and an honest "unsure". */

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { largestOf } from "../lib/numbers.js";

/** Past this many classes only the most probable are listed. */
const MOST = 10;
/** Where there is little room, so many of the most probable. */
const FEW = 3;

/** @typedef {import("../lib/contract/network.js").Prediction} Prediction */

export const percent = (/** @type {number} */ p) =>
  p >= 0.9995 && p < 1 ? "> 99.9 %" : p > 0 && p < 0.0005 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`;

/** @param {{ onopen: (index: number) => void }} options called with the class whose probability is to be opened */
export function createPrediction({ onopen }) {
  const headline = h("p", { class: "headline", role: "status", "aria-live": "polite" });
  const words = h("p", { class: "note" });
  const list = h("ol", { class: "bars", dataset: { i18nAria: "prediction.bars" } });
  /** @type {{ row: HTMLElement, open: HTMLButtonElement, name: HTMLElement, bar: HTMLElement, share: HTMLElement, tick: HTMLElement }[]} */
  let rows = [];

  function arrange(/** @type {number} */ count) {
    if (rows.length === count) return;
    rows = Array.from({ length: count }, () => {
      const [name, bar, share, tick] = ["bar-name", "bar-fill", "bar-share", "bar-before"].map((part) =>
        h("span", { class: part }),
      );
      const open = h(
        "button",
        { type: "button", class: "bar-row", onclick: () => onopen(Number(row.dataset.index)) },
        name,
        h("span", { class: "bar-track" }, bar, tick),
        share,
      );
      const row = h("li", {}, open);
      return { row, open, name, bar, share, tick };
    });
    list.replaceChildren(...rows.map(({ row }) => row));
  }

  return {
    element: h("section", { class: "prediction", dataset: { i18nAria: "prediction.title" } }, headline, words, list),
    headline,
    /** A sentence about it. */
    words,
    /** A bar for each class. */
    list,

    /** @param {Prediction} prediction @param {number[] | null} before what the unchanged model says, for a changed one */
    show({ verdict, classes, probabilities, threshold, reason, output = "" }, before) {
      const ranked = probabilities.map((p, k) => ({ p, k })).sort((a, b) => b.p - a.p);
      const listed = probabilities.length > MOST ? ranked.slice(0, MOST) : probabilities.map((p, k) => ({ p, k }));
      const told = ["sure", "unsure", "best", "untrained"].includes(verdict);
      arrange(listed.length);
      list.style.setProperty("--name", `${largestOf(listed.map(({ k }) => classes[k].length))}ch`);
      listed.forEach(({ p, k }, place) => {
        const { row, open, name, bar, share, tick } = rows[place];
        const title = t("prediction.open", { name: classes[k] });
        if (row.dataset.index !== String(k) || row.dataset.class !== classes[k] || open.title !== title) {
          Object.assign(row.dataset, { index: String(k), class: classes[k] });
          name.textContent = name.title = classes[k];
          open.title = title;
        }
        tick.hidden = !before || !told;
        if (before) tick.style.left = `${100 * before[k]}%`;
        tick.title = before ? t("prediction.before", { share: percent(before[k]) }) : "";
        bar.style.transform = `scaleX(${told ? p : 0})`;
        share.textContent = told ? percent(p) : "";
        row.classList.toggle("best", told && k === ranked[0].k);
        row.classList.toggle("minor", ranked.findIndex((one) => one.k === k) >= FEW);
        open.disabled = !told;
        row.dataset.probability = told ? String(p) : "";
      });
      headline.dataset.verdict = verdict;
      /** @type {Record<string, string>} */
      const best = told ? { digit: classes[ranked[0].k], share: percent(ranked[0].p) } : { output };
      headline.textContent = reason ?? t(`prediction.${verdict}`, best);
      headline.dataset.best = told ? classes[ranked[0].k] : "";
      words.textContent = told
        ? [
            t("prediction.top", {
              list: ranked
                .slice(0, 3)
                .map(({ p, k }) => `${classes[k]} (${percent(p)})`)
                .join(", "),
            }),
            verdict === "unsure" ? t("prediction.why", { threshold: percent(threshold ?? 0) }) : "",
          ].join(" ")
        : "";
    },
  };
}
