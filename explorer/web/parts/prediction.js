/** The prediction: one bar per class, the best three in words, and an honest "unsure". */

import { h, hide, say } from "./dom.js";
import { createClassMap, namesOf } from "./class_map.js";
import { t } from "./i18n.js";
import { page } from "./page.js";
import { percent } from "./percent.js";
import { largestOf } from "../lib/numbers.js";

/** Past this many classes only the most probable are listed. */
const MOST = 10;
/** Where there is little room, so many of the most probable. */
const FEW = 3;
/** What is said otherwise of a model that takes no digits. @type {Record<string, string>} */
const NO_DIGITS = { empty: "nothing", unsure: "none_of_them" };

/** @typedef {import("../lib/contract/network.js").Prediction} Prediction */

/** @param {{ onopen: (index: number) => void }} options called with the class whose probability is to be opened */
export function createPrediction({ onopen }) {
  const headline = h("p", { class: "headline", role: "status", "aria-live": "polite" });
  const words = h("p", { class: "note" });
  const list = h("ol", { class: "bars", dataset: { i18nAria: "prediction.bars" } });
  const map = createClassMap();
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
    element: h(
      "section",
      { class: "prediction", dataset: { i18nAria: "prediction.title" } },
      headline,
      words,
      list,
      map.element,
    ),
    headline,
    /** A sentence about it. */
    words,
    /** A bar for each class. */
    list,
    /** Which class wins where, for a model that tells it for each place. */
    map: map.element,

    /** @param {Prediction} prediction @param {number[] | null} before what the unchanged model says, for a changed one */
    show({ verdict, classes, probabilities, threshold, reason, output = "", map: winners }, before) {
      map.show(winners);
      hide(list, winners !== undefined);
      const ranked = probabilities.map((p, k) => ({ p, k })).sort((a, b) => b.p - a.p);
      const listed = probabilities.length > MOST ? ranked.slice(0, MOST) : probabilities.map((p, k) => ({ p, k }));
      const told = ["sure", "unsure", "best", "untrained"].includes(verdict);
      arrange(listed.length);
      const width = `${largestOf(listed.map(({ k }) => classes[k].length))}ch`;
      if (list.style.getPropertyValue("--name") !== width) list.style.setProperty("--name", width);
      listed.forEach(({ p, k }, place) => {
        const { row, open, name, bar, share, tick } = rows[place];
        const title = t("prediction.open", { name: classes[k] });
        if (row.dataset.index !== String(k) || row.dataset.class !== classes[k] || open.title !== title) {
          Object.assign(row.dataset, { index: String(k), class: classes[k] });
          name.textContent = name.title = classes[k];
          open.title = title;
        }
        hide(tick, !before || !told);
        if (before) tick.style.left = `${100 * before[k]}%`;
        if (before || tick.title) tick.title = before ? t("prediction.before", { share: percent(before[k]) }) : "";
        bar.style.transform = `scaleX(${told ? p : 0})`;
        say(share, told ? percent(p) : "");
        row.classList.toggle("best", told && k === ranked[0].k);
        row.classList.toggle("minor", ranked.findIndex((one) => one.k === k) >= FEW);
        open.disabled = !told;
        row.dataset.probability = told ? String(p) : "";
      });
      headline.dataset.verdict = verdict;
      /** @type {Record<string, string>} */
      const best = told
        ? { digit: classes[ranked[0].k], share: percent(ranked[0].p) }
        : { output, list: winners ? namesOf(winners.shares) : "" };
      const ink = (page.get("description")?.takes ?? "ink") === "ink";
      const key = ink ? verdict : (NO_DIGITS[verdict] ?? verdict);
      say(headline, reason ?? t(`prediction.${key}`, best));
      if (headline.title !== headline.textContent) headline.title = headline.textContent;
      headline.dataset.best = told ? classes[ranked[0].k] : "";
      const sentence = told
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
      say(words, sentence);
    },
  };
}
