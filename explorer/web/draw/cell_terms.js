/** The terms of an opened sum, group by group: patch × kernel = products where they are a whole patch, a table where not. */

import { h } from "../parts/dom.js";
import { largestOf, narrow, numberOf, short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { numberCell, shade, sourceName } from "./cell_numbers.js";

/** @typedef {import("../lib/contract/draw.js").Addends} Addends */
/** @typedef {import("../lib/contract/draw.js").Group} Group */
/** @typedef {import("../lib/contract/draw.js").Told} Told */
/** @typedef {import("./cell_numbers.js").Context} Context */

/** Groups that are in view when a number is opened. */
const IN_VIEW = 4;
/** Groups and terms shown before "show all". */
const FIRST_GROUPS = 6;
const FIRST_TERMS = 12;
/** Wider patches are listed instead of drawn as a grid. */
const WIDEST_GRID = 11;

/** The largest |value| that is finite. @param {Told[]} values */
const sizeOf = (values) => largestOf(values.map((value) => Math.abs(numberOf(value))).filter(Number.isFinite), 0);

/** @param {Addends[]} all kinds of terms of a sum @param {Context} context @returns {HTMLElement[]} */
export function termSections(all, context) {
  const largest = sizeOf(
    all.flatMap(({ groups }) => groups.flatMap(({ terms }) => terms.map(({ product }) => product))),
  );
  return all.map((addends) => addendsSection(addends, largest, context));
}

/** @param {Addends} addends @param {number} largest |product| @param {Context} context */
function addendsSection(addends, largest, context) {
  const groups = context.all ? addends.groups : addends.groups.slice(0, FIRST_GROUPS);
  const hidden = addends.groups.slice(groups.length);
  const total = hidden.reduce((all, group) => all + numberOf(group.subtotal), 0);
  const blocksOf = (/** @type {Group[]} */ some) => some.map((group) => groupBlock(group, addends, largest, context));
  const shown = h("div", { class: "groups" }, ...blocksOf(groups.slice(0, IN_VIEW)));
  if (groups.length > IN_VIEW) context.below(() => shown.append(...blocksOf(groups.slice(IN_VIEW))));
  return h(
    "section",
    { class: "addends" },
    h("h3", {}, `${addends.label}: ${addends.rule}`),
    shown,
    ...(hidden.length
      ? [rest(t("cell.groups", { count: hidden.length, label: addends.groupLabel, total: short(total) }), context)]
      : []),
  );
}

/** @param {string} words @param {Context} context */
const rest = (words, context) =>
  h(
    "p",
    { class: "rest" },
    words,
    " ",
    h("button", { type: "button", class: "link", onclick: context.showAll }, t("cell.all")),
  );

/** @param {Group} group @param {Addends} addends @param {number} largest @param {Context} context */
function groupBlock(group, addends, largest, context) {
  const columns = gridColumns(group);
  const several = addends.groups.length > 1;
  return h(
    "div",
    { class: columns ? "group patch" : "group" },
    several
      ? h(
          "h4",
          {},
          h("span", {}, `${addends.groupLabel} ${group.group}`),
          h("span", {}, `Σ = ${short(group.subtotal)}`),
        )
      : "",
    columns ? grids(group, columns, addends, largest, context) : termTable(group, addends, context),
    ...(group.rest
      ? [h("p", { class: "rest" }, t("cell.rest", { count: group.rest.count, total: short(group.rest.sum) }))]
      : []),
  );
}

/** Columns of a group whose terms are a whole patch, 0 for others. @param {Group} group */
function gridColumns({ terms, rest: left }) {
  if (left || terms.length < 2 || terms[0].cells[0].length <= 2) return 0;
  const places = terms.map(({ cells }) => cells[0].slice(-2));
  const [rows, columns] = [0, 1].map((axis) => new Set(places.map((place) => place[axis])).size);
  const whole = rows * columns === terms.length && new Set(places.map(String)).size === terms.length;
  return whole && columns <= WIDEST_GRID ? columns : 0;
}

/** patch × kernel = products, side by side. @param {Group} group @param {number} columns @param {Addends} addends @param {number} largest @param {Context} context */
function grids({ terms }, columns, { factors }, largest, context) {
  const style = { gridTemplateColumns: `repeat(${columns}, minmax(36px, 1fr))` };
  const part = (/** @type {HTMLElement[]} */ cells, /** @type {string} */ name) =>
    h("div", { class: "grid-part" }, h("div", { class: "grid", style }, ...cells), h("span", { class: "note" }, name));
  const parts = factors.map((factor, k) => {
    const ends = sizeOf(terms.map(({ values }) => values[k]));
    const cells = terms.map((term) => numberCell(term, factor, k, context, { ends, text: narrow }));
    return part(cells, sourceName(factor, context));
  });
  if (parts.length === 1) return h("div", { class: "grids" }, ...parts);
  const products = terms.map(({ values, product }) =>
    h(
      "span",
      { class: "number", style: shade(product, largest), title: `${values.join(" × ")} = ${product}` },
      narrow(product),
    ),
  );
  const sign = (/** @type {string} */ text) => h("span", { class: "sign" }, text);
  return h("div", { class: "grids" }, parts[0], sign("×"), parts[1], sign("="), part(products, t("cell.products")));
}

/** @param {Group} group @param {Addends} addends @param {Context} context */
function termTable({ terms }, { factors, rule }, context) {
  const ordered = terms.toSorted((a, b) => Math.abs(numberOf(b.product)) - Math.abs(numberOf(a.product)));
  const listed = context.all ? ordered : ordered.slice(0, FIRST_TERMS);
  const left = ordered.slice(listed.length);
  const total = left.reduce((sum, { product }) => sum + numberOf(product), 0);
  const head = [...factors.map((factor) => sourceName(factor, context)), rule];
  return h(
    "div",
    {},
    h(
      "table",
      { class: "terms" },
      h("thead", {}, h("tr", {}, ...head.map((words) => h("th", { scope: "col" }, words)))),
      h(
        "tbody",
        {},
        ...listed.map((term) =>
          h(
            "tr",
            { class: term.winner ? "winner" : "" },
            ...factors.map((factor, k) =>
              h(
                "td",
                {},
                numberCell(term, factor, k, context),
                h("span", { class: "note" }, ` [${term.cells[k].slice(factor.parameter ? 0 : 1).join(", ")}]`),
              ),
            ),
            h("td", { class: "term-product" }, short(term.product)),
          ),
        ),
      ),
    ),
    ...(left.length ? [rest(t("cell.rest", { count: left.length, total: short(total) }), context)] : []),
  );
}
