/** What two runs predict: for each class the share of both, one bar under the other. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { percent } from "../parts/percent.js";
import { largestOf } from "../lib/numbers.js";

/** Past this many classes only the most probable of either run are listed. */
const MOST = 10;

/** @typedef {import("../lib/contract/draw.js").Side} Side */

export function createCompareShares() {
  const heads = ["first", "second"].map((side) => h("p", { class: `compare-head compare-${side}` }));
  const list = h("ol", { class: "compare-shares", dataset: { i18nAria: "compare.shares" } });

  /** What one side says, in words. @param {Side} side @param {string} name */
  function said({ prediction, problem }, name) {
    const { classes, probabilities, verdict, reason } = prediction;
    const best = probabilities.indexOf(largestOf(probabilities));
    const told =
      best < 0 || verdict === "empty"
        ? (reason ?? t("prediction.empty"))
        : t("compare.says", { name: classes[best], share: percent(probabilities[best]) });
    return `${name}: ${problem ?? told}`;
  }

  return {
    element: h("div", { class: "compare-predictions" }, h("div", { class: "compare-heads" }, ...heads), list),

    /** @param {Side[]} sides @param {string[]} names */
    show(sides, names) {
      heads.forEach((head, k) => {
        head.textContent = said(sides[k], names[k]);
      });
      const shares = sides.map(
        ({ prediction: { classes, probabilities, verdict } }) =>
          new Map(verdict === "empty" ? [] : classes.map((name, k) => [name, probabilities[k]])),
      );
      const all = [...new Set(shares.flatMap((share) => [...share.keys()]))];
      const strongest = (/** @type {string} */ name) => largestOf(shares.map((share) => share.get(name) ?? 0));
      const listed = all.length > MOST ? all.toSorted((a, b) => strongest(b) - strongest(a)).slice(0, MOST) : all;
      list.replaceChildren(
        ...listed.map((name) =>
          h(
            "li",
            { dataset: { class: name } },
            h("span", { class: "bar-name" }, name),
            h(
              "span",
              { class: "compare-bars" },
              ...shares.map((share, k) =>
                h("span", {
                  class: `compare-share compare-${k ? "second" : "first"}`,
                  style: { transform: `scaleX(${share.get(name) ?? 0})` },
                }),
              ),
            ),
            ...shares.map((share) =>
              h(
                "span",
                { class: "bar-share" },
                share.has(name) ? percent(/** @type {number} */ (share.get(name))) : "–",
              ),
            ),
          ),
        ),
      );
    },
  };
}
