/** What a network that learned drawings reaches before and after: on the held-back drawings, and on MNIST. */

import { percent } from "../parts/percent.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { beforeAfter } from "../lib/telling.js";

/** The table of a run, or nothing where nothing was judged. @param {import("../lib/telling.js").Telling} telling @returns {HTMLElement[]} */
export function beforeAfterTable({ kept, tested }) {
  const rows = [
    { key: "train.hand.own", found: beforeAfter(kept.map(({ step, validation }) => ({ step, score: validation }))) },
    { key: "train.hand.mnist", found: beforeAfter(tested.filter(({ name }) => name === "forgetting")) },
  ].flatMap(({ key, found }) => (found ? [{ key, ...found }] : []));
  if (!rows.length) return [];
  const heads = ["train.hand.set", "train.hand.before", "train.hand.after"];
  return [
    h(
      "table",
      { class: "before-after" },
      h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))),
      h(
        "tbody",
        {},
        ...rows.map(({ key, before, after }) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, t(key, { count: after.score.pictures.toLocaleString("en") })),
            h("td", {}, percent(before.score.accuracy)),
            h("td", {}, percent(after.score.accuracy)),
          ),
        ),
      ),
    ),
  ];
}
