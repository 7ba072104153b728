/** What is pointed at, in words: a cell with its value, index and shape, or an edge with where it goes and what flows. */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { short } from "../../lib/numbers.js";
import { page } from "../page.js";
import { SORTS } from "./arrange.js";
import { plain, termed } from "./term.js";

/** @typedef {import("./column.js").Step} Step */
/** @typedef {import("./column.js").Column} Column */

/** @param {Step} step */
const named = (step) => (step.index < 0 ? t("network.input") : step.path || step.op);
/** @param {Step} step */
const numbered = (step) =>
  step.index < 0 ? t("network.input") : `${step.index + 1} ${step.op}${step.path ? ` (${step.path})` : ""}`;

/** @param {{ onopen: () => void }} options  called when the cell that is kept in view is to be opened */
export function createReading({ onopen }) {
  const words = h("output", { class: "reading", "aria-live": "polite", dataset: { i18nAria: "network.reading.name" } });
  const open = h("button", {
    type: "button",
    class: "tool reading-open",
    dataset: { i18n: "network.open" },
    onclick: onopen,
  });
  open.style.visibility = "hidden";

  /** @param {string} text with its words' cards marked @param {boolean} [openable] @param {Step | null} [step] whose numbers the cards tell */
  function say(text, openable = false, step = /** @type {Step | null} */ (null)) {
    if (words.title !== plain(text)) {
      words.replaceChildren(...termed(text, step));
      words.title = plain(text);
    }
    open.style.visibility = openable ? "" : "hidden"; // its place is kept: nothing moves because something is read
  }

  return {
    element: h("div", { class: "reading-place" }, words, open),

    /** Nothing is pointed at. */
    rest() {
      say(t("network.reading"));
    },

    /** @param {Column} column @param {NonNullable<ReturnType<Column["read"]>>} found @param {boolean} kept whether it is kept in view */
    cell({ step, backward }, found, kept) {
      const place = found.label ?? t("network.cell", { channel: found.channel, row: found.row, column: found.column });
      const mean = step.map && step.map.block > 1 ? ` ${t("network.mean", { block: step.map.block })}` : "";
      const strength =
        found.strength === undefined ? "" : ` · ${t(SORTS[page.get("sort")].strength)} ${short(found.strength, 3)}`;
      say(
        `${backward ? "dL/d " : ""}${named(step)} · ${place} · ${t("network.value", { value: found.text })}${mean} · ${step.shape.join("×")}${strength}`,
        kept && (step.index >= 0 || backward),
        step,
      );
    },

    /** @param {Step} from @param {Step} to @param {number} over columns that the edge passes over */
    edge(from, to, over) {
      const skips = over > 0 ? t("network.edge.skip", { count: over }) : "";
      say([`${numbered(from)} → ${numbered(to)}`, from.shape.join("×"), skips].filter(Boolean).join(" · "));
    },
  };
}
