/** The confusion matrix of a moment: how often each class was taken for each. */

import { percent } from "../parts/percent.js";
import { colour, css, inkOn } from "../lib/colour.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { largestOf } from "../lib/numbers.js";
import { page } from "../parts/page.js";

/** A class and what was answered instead. @typedef {[label: number, answer: number]} Pair */

/** @param {{ onpair: (pair: Pair) => void }} options  a cell with wrong answers was pressed */
export function createConfusion({ onpair }) {
  /** @type {HTMLTableElement} */
  const element = h("table", { class: "confusion" });

  /** @param {Pair} at @param {number} count @param {number} most @param {Pair | null} chosen @param {string[]} classes @returns {HTMLElement} */
  function cell([label, answer], count, most, chosen, classes) {
    const right = label === answer;
    const shade = colour("sequential", right ? 0 : count / most, page.get("dark"));
    const words = t(right ? "train.confusion.right" : "train.confusion.cell", {
      count,
      label: classes[label],
      answer: classes[answer],
    });
    const button = h(
      "button",
      {
        type: "button",
        class: "confusion-cell",
        disabled: right || !count,
        title: words,
        "aria-label": words,
        "aria-pressed": String(chosen?.[0] === label && chosen?.[1] === answer),
        dataset: { label, answer, count },
        style: right || !count ? {} : { backgroundColor: css(shade), color: inkOn(shade) },
        onclick: () => onpair([label, answer]),
      },
      count ? String(count) : "",
    );
    return h("td", { class: right ? "right" : "" }, button);
  }

  return {
    element,
    /** @param {import("../lib/contract/train.js").Score | null} score @param {string[]} classes @param {Pair | null} chosen */
    show(score, classes, chosen) {
      element.hidden = !score;
      if (!score) return;
      const wrong = score.confusion.flatMap((row, label) => row.filter((_, answer) => answer !== label));
      const most = largestOf(wrong, 1);
      const told = { share: percent(score.accuracy), pictures: score.pictures.toLocaleString("en") };
      element.replaceChildren(
        h("caption", { class: "note" }, t("train.confusion.axes", told)),
        h("thead", {}, h("tr", {}, h("td", {}), ...classes.map((name) => h("th", { scope: "col" }, name)))),
        h(
          "tbody",
          {},
          ...score.confusion.map((row, label) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, classes[label]),
              ...row.map((count, answer) => cell([label, answer], count, most, chosen, classes)),
            ),
          ),
        ),
      );
    },
  };
}
