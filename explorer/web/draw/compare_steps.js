/** The steps of two runs, side by side: how far apart each pair is, and which steps have no counterpart. */

import { h } from "../parts/dom.js";
import { numberOf, short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";

/** @typedef {import("../lib/contract/draw.js").Named} Named */
/** @typedef {import("../lib/contract/draw.js").Row} Row */

/** Its number, its module's path and its operation. @param {{ index: number, op: string, path: string }} step */
export const nameOf = ({ index, op, path }) =>
  index < 0 ? t("network.input") : `${index + 1} ${path && path !== op ? `${path} ` : ""}${op}`;

/** @param {Row} row */
function words({ first, second, identical, largest, place }) {
  if (!first || !second) return { text: t(first ? "compare.only.first" : "compare.only.second"), title: "" };
  if (identical) return { text: t("compare.identical"), title: t("compare.identical.why") };
  if (largest === null || !Number.isFinite(numberOf(largest))) return { text: t("compare.infinite"), title: "" };
  return {
    text: short(largest, 4),
    title: t("compare.largest.why", { largest: String(largest), place: place.join(", ") }),
  };
}

/** @param {{ onchoose: (step: number) => void }} options  `onchoose` gets the first run's step whose maps are wanted */
export function createCompareSteps({ onchoose }) {
  const list = h("ol", { class: "compare-steps", dataset: { i18nAria: "compare.steps" } });
  return {
    element: list,

    /** @param {Row[]} rows @param {number | null} chosen the row whose maps are shown */
    show(rows, chosen) {
      const had = list.contains(document.activeElement)
        ? /** @type {HTMLElement} */ (document.activeElement).dataset.row
        : undefined;
      list.replaceChildren(
        ...rows.map((row, k) => {
          const { first, second } = row;
          const step = /** @type {Named} */ (first ?? second);
          const { text, title } = words(row);
          const names =
            first && second && (first.op !== second.op || first.path !== second.path) && first.index >= 0
              ? `${nameOf(first)} | ${nameOf(second)}`
              : nameOf(step);
          const parts = [
            h("span", { class: "compare-name" }, names),
            h("span", { class: "compare-shape" }, step.shape.join("×")),
            h(
              "span",
              { class: "compare-track" },
              h("span", { class: "compare-gap", style: { transform: `scaleX(${Math.min(1, row.relative)})` } }),
            ),
            h("span", { class: "compare-largest" }, text),
          ];
          const state = first && second ? (row.identical ? "identical" : "differs") : "alone";
          return h(
            "li",
            { dataset: { state } },
            first && second
              ? h(
                  "button",
                  {
                    type: "button",
                    class: "compare-row",
                    title,
                    dataset: { row: k },
                    "aria-pressed": String(k === chosen),
                    onclick: () => onchoose(first.index),
                  },
                  ...parts,
                )
              : h("span", { class: "compare-row", title }, ...parts),
          );
        }),
      );
      const shown = /** @type {HTMLElement | null} */ (chosen === null ? null : list.children[chosen]);
      if (shown)
        list.scrollTop = Math.max(
          0,
          Math.min(list.scrollTop, shown.offsetTop - list.offsetTop),
          shown.offsetTop - list.offsetTop + shown.offsetHeight - list.clientHeight,
        );
      if (had !== undefined) /** @type {HTMLElement | null} */ (list.querySelector(`[data-row="${had}"]`))?.focus();
    },
  };
}
