/** What is pointed at, in words: a cell with its value, index and shape, or an edge with where it goes and what flows. */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { short } from "../../lib/numbers.js";
import { page } from "../page.js";
import { SORTS } from "./arrange.js";

/** @typedef {import("./column.js").Step} Step */
/** @typedef {ReturnType<typeof import("./column.js").createColumn>} Column */

/** @param {Step} step */
const named = (step) => (step.index < 0 ? t("network.input") : step.path || step.op);
/** @param {Step} step */
const numbered = (step) =>
  step.index < 0 ? t("network.input") : `${step.index + 1} ${step.op}${step.path ? ` (${step.path})` : ""}`;

export function createReading() {
  const element = h("output", { class: "reading", "aria-live": "polite" });
  return {
    element,

    /** Nothing is pointed at. */
    rest() {
      element.textContent = t("network.reading");
    },

    /** @param {Column} column @param {NonNullable<ReturnType<Column["read"]>>} found */
    cell({ step, backward }, found) {
      const place = found.label ?? t("network.cell", { channel: found.channel, row: found.row, column: found.column });
      const mean = step.map && step.map.block > 1 ? t("network.mean", { block: step.map.block }) : "";
      const strength =
        typeof found.strength === "number"
          ? ` · ${t(SORTS[page.get("sort")].strength)} ${short(found.strength, 3)}`
          : "";
      element.textContent = `${backward ? "dL/d " : ""}${named(step)} · ${place} · ${t("network.value", { value: found.text })} ${mean} · ${step.shape.join("×")}${strength}`;
    },

    /** @param {Step} from @param {Step} to @param {number} over columns that the edge passes over */
    edge(from, to, over) {
      const words = over > 0 ? t("network.edge.skip", { count: over }) : "";
      element.textContent = [`${numbered(from)} → ${numbered(to)}`, from.shape.join("×"), words]
        .filter(Boolean)
        .join(" · ");
    },
  };
}
