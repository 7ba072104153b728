/** An opened sum: what it says in words, whether it agrees with the tensor, its formula, and what can be done with it. */

import { h } from "../parts/dom.js";
import { numberOf, short } from "../lib/numbers.js";
import { typeset } from "../parts/formula.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { termed } from "../parts/network/term.js";
import { classTable } from "./cell_classes.js";
import { activationCurve } from "./cell_curve.js";
import { channelTools, elementEditor } from "./cell_edit.js";
import { termSections } from "./cell_terms.js";
import { afterOf } from "./cell_texts.js";
import { sumWords } from "./cell_words.js";
import { largestSource } from "./descent.js";

/** @typedef {import("../lib/contract/draw.js").Sum} Sum */
/** @typedef {import("../lib/contract/draw.js").Explained} Explained */
/** @typedef {import("../lib/contract/draw.js").Summed} Summed */
/** @typedef {import("../lib/link.js").Place} Place */
/** What can be done with an opened number. @typedef {{ descend: () => void, send: () => void, follow: (place: Place) => void }} Acts */

/** @param {string} words @param {string} title keys of the catalogue @param {() => void} onclick */
const tool = (words, title, onclick) =>
  h("button", { type: "button", class: "tool", title: t(title), onclick }, t(words));

/** The other side of a place: a value's gradient, a gradient's value. @param {Place} place @param {Acts} acts */
function flipSide(place, { follow }) {
  const { step, of } = place;
  if (page.get("label") === null || (of && (of !== "output" || step < 0))) return "";
  const onclick = () => follow({ ...place, of: of ? "" : "output" });
  return h("button", { type: "button", class: "link", onclick }, t(of ? "cell.value" : "cell.gradient"));
}

/** What leads an opened number: words, value, check, tools, formula. @param {Explained} shown @param {Place} place @param {ReturnType<typeof import("../parts/formula.js").createFormula>} formula @param {Acts} acts @returns {(Node | string)[]} */
export function leadOf(shown, place, formula, acts) {
  const { parameter, element } = shown;
  const editor =
    parameter === undefined || element === undefined ? [] : [elementEditor({ parameter, element }, place.cell)];
  if (shown.unexplained)
    return [
      ...editor,
      h("p", { class: "cell-value" }, short(shown.shown, 7)),
      h("p", { class: "problem" }, shown.unexplained),
    ];
  if (!shown.addends) return editor;
  formula.show(shown.formulas);
  const op = page.get("description")?.steps[place.step + 1]?.op ?? "";
  const inner = (largestSource(shown)?.step ?? -1) >= 0;
  return [
    ...editor,
    h("p", { class: "cell-words" }, ...termed(sumWords(shown, place, op, parameter ?? ""))),
    h("p", { class: "cell-value" }, short(shown.shown, 7)),
    h(
      "p",
      { class: "cell-check" },
      badge(shown),
      flipSide(place, acts),
      inner ? tool("cell.descend", "cell.descend.why", acts.descend) : "",
      shown.sends ? tool("cell.send", "cell.send.why", acts.send) : "",
    ),
    ...(shown.channel ? [channelTools(shown.channel)] : []),
    formula.element,
    h("p", { class: "total-chain" }, ...chain(shown)),
    h("p", { class: "pytorch" }, h("code", {}, shown.pytorch)),
  ];
}

/** The numbers of an opened sum, all classes beside it where it is one. @param {Explained} shown @param {Place} place @param {import("./cell_numbers.js").Context} context @returns {Node[]} */
export function rowsOf(shown, place, context) {
  if (!shown.addends) return [];
  const { classes, logits, label = null, loss = null } = shown;
  const table =
    classes && logits !== undefined ? [classTable({ classes, logits, label, loss }, place.cell[1], context)] : [];
  const { walk = null, op = "" } = (place.of === "" && page.get("description")?.steps[place.step + 1]) || {};
  const curve = walk && activationCurve(shown, walk, op);
  return [...table, ...termSections(shown.addends, context), ...(curve ? [curve] : [])];
}

/** Does the sum give the tensor's element? @param {Sum} sum */
function badge({ value, shown, difference, tolerance, agrees }) {
  const words = {
    sum: short(value, 7),
    tensor: short(shown, 7),
    difference: short(Math.abs(numberOf(difference)), 2),
    tolerance: short(tolerance, 2),
  };
  return h(
    "span",
    { class: `badge ${agrees ? "agrees" : "differs"}`, title: t("cell.badge.why", words) },
    `${agrees ? "✓" : "✗"} ${t("cell.badge", words)}`,
  );
}

/** "Σ of 250 products + bias = 0.81 → max(0, Σ) = 0.81" @param {Sum} sum @returns {(string | Node)[]} */
function chain(sum) {
  const parts = sum.addends.map(({ count, label, total }) =>
    t(count === 1 ? "cell.one" : sum.reduction === "max" ? "cell.largest" : "cell.sum", {
      count,
      label,
      total: short(total),
    }),
  );
  const shared = sum.quantities.map(({ name, value }) => `${name} = ${short(value)}`);
  return [
    `${parts.join(" + ")} = ${short(sum.reduced)}`,
    ...(sum.after ? [" → ", typeset(afterOf(sum)), ` = ${short(sum.value)}`] : []),
    shared.length ? ` (${shared.join(", ")})` : "",
  ];
}
