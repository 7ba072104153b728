/** What each optimisation gave: bars from the slowest way to the fastest, at one size. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { onscreen } from "../parts/onscreen.js";
import { factorText, ladderOf, timeText } from "./lab_results.js";
import { largestOf } from "../lib/numbers.js";

export function createLadder() {
  const title = h("h4", {});
  const list = h("ol", { class: "lab-ladder" });
  const element = h(
    "section",
    { class: "lab-part", hidden: true },
    title,
    h("p", { class: "note", dataset: { i18n: "lab.ladder.how" } }),
    list,
  );

  return {
    element,
    /** @param {import("./lab_results.js").Results} results */
    show(results) {
      const ladder = ladderOf(results);
      onscreen.set({ measured: ladder && { ...ladder, over: results.end?.kind === "done" } });
      element.hidden = ladder === null;
      if (!ladder) return;
      const { size, steps } = ladder;
      title.textContent = t("lab.ladder", { size });
      const most = largestOf(
        steps.map(({ faster }) => faster),
        10,
      );
      list.replaceChildren(
        ...steps.map(({ way, median, estimated, faster, step }, k) =>
          h(
            "li",
            { dataset: { way, faster } },
            h("span", { class: "lab-rung" }, t(`lab.way.${way}`)),
            h(
              "span",
              { class: "lab-track" },
              h("span", {
                class: "lab-bar",
                style: { width: `${Math.max(0, Math.log(faster) / Math.log(most)) * 100}%` },
              }),
            ),
            h("span", { class: "lab-took" }, estimated ? t("lab.about", { time: timeText(median) }) : timeText(median)),
            h(
              "span",
              { class: "lab-factor" },
              k ? t("lab.ladder.faster", { factor: factorText(faster), way: t(`lab.way.${steps[0].way}`) }) : "",
            ),
            h("span", { class: "lab-factor note" }, k > 1 ? t("lab.ladder.step", { factor: factorText(step) }) : ""),
          ),
        ),
      );
    },
  };
}
