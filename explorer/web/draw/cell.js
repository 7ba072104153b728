/**
 * One cell opened: its complete sum, as the server computed it in float64 from the tensors that ran, compared with the
 * tensor's own element. Every number that an earlier step made is a button that opens that number, back to the ink.
 */

import { h } from "../parts/dom.js";
import { colour, css, inkOn } from "../lib/colour.js";
import { largestOf, narrow, numberOf, short } from "../lib/numbers.js";
import { createFormula, typeset } from "../parts/formula.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { walkTold } from "../lib/case_link.js";
import { walkOf } from "../lib/sent.js";
import { classTable } from "./cell_classes.js";
import { createCellExport, mapRows } from "./cell_export.js";
import { createTable } from "./cell_table.js";
import { afterOf } from "./cell_texts.js";
import { downToInk, largestSource } from "./descent.js";

/** Groups and terms shown before "show all". */
const FIRST_GROUPS = 4;
const FIRST_TERMS = 12;
/** Wider patches are listed instead of drawn as a grid. */
const WIDEST_GRID = 11;

/** @typedef {import("../lib/link.js").Place} Place */

/**
 * @param {{ name: (step: number) => string, onopen: () => void, onlight: (place: Place | null) => void, request: import("../lib/contract/draw.js").Request }} options
 *   `onopen` is called when the sum of the last of the page's `cells` is wanted; `onlight` with the cell a number comes from;
 *   `request` asks a function of the server about what is on the pad
 */
export function createCellPanel({ name, onopen, onlight, request }) {
  const crumbs = h("ol", { class: "crumbs", dataset: { i18nAria: "cell.way" } });
  const body = h("div", { class: "cell-body" });
  const close = h(
    "button",
    { type: "button", class: "tool cell-close", dataset: { i18nTitle: "cell.close" }, onclick: () => open([]) },
    "✕",
  );
  const said = h("p", { class: "note cell-said", role: "status" });
  const exports = createCellExport({
    request,
    title,
    body,
    source: (factor) => sourceName(factor, context),
    onsay: (words) => {
      said.textContent = words;
    },
  });
  const twin = createTable({
    words: "cell.table",
    load: async () => {
      const { step, of, cell } = path()[path().length - 1];
      return mapRows(await exports.tensor(step, of), cell);
    },
    marked: () => {
      const { cell } = path()[path().length - 1];
      return [cell.length > 2 ? cell[cell.length - 2] : 0, cell[cell.length - 1]];
    },
  });
  const element = h(
    "div",
    { class: "cell-panel", role: "dialog", tabindex: -1, hidden: true, dataset: { i18nAria: "cell.title" } },
    h("div", { class: "cell-head" }, crumbs, h("span", { class: "cell-tools" }, ...exports.elements, close)),
    said,
    body,
    twin.element,
  );
  const formula = createFormula();
  const path = () => page.get("cells");
  /** @type {any} */
  let shown = null;
  let everything = false;
  /** What had the focus before the panel opened. @type {HTMLElement | null} */
  let before = null;

  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    open(path().slice(0, -1));
  });

  /** @param {Place[]} places */
  function open(places) {
    if (!path().length && places.length) before = /** @type {HTMLElement | null} */ (document.activeElement);
    page.set({ cells: places });
  }

  page.on(["cells"], () => {
    everything = false;
    said.textContent = "";
    onlight(null);
    element.hidden = !path().length;
    if (path().length) {
      onopen();
      return;
    }
    shown = null;
    before?.focus({ preventScroll: true });
    before = null;
  });

  function draw() {
    if (!shown) return;
    crumbs.replaceChildren(
      ...path().map((place, k) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              class: "crumb",
              "aria-current": k === path().length - 1 ? "true" : undefined,
              onclick: () => open(path().slice(0, k + 1)),
            },
            title(place),
          ),
        ),
      ),
    );
    const typed = body.querySelector(".element input");
    const focused = typed === document.activeElement;
    body.replaceChildren(
      ...(shown.element === undefined ? [] : [elementEditor(shown)]),
      ...(shown.unexplained ? unexplained(shown) : shown.addends ? explained(shown) : []),
    );
    keepTyped(body, typed, focused);
  }

  /** What a place is called: conv2 [3, 5, 7], dL/d conv2 [3, 5, 7], dL/d weight of conv2 [4, 2, 1, 1]. @param {Place} place */
  function title({ step, of, cell }) {
    if (of === "class") return t("cell.class", { name: page.get("description")?.classes[cell[1]] ?? cell[1] });
    if (!of) return `${name(step)} [${cell.slice(1).join(", ")}]`;
    return of === "output"
      ? `dL/d ${name(step)} [${cell.slice(1).join(", ")}]`
      : `${page.get("label") === null ? "" : "dL/d "}${t("cell.parameter", { parameter: of, step: name(step) })} [${cell.join(", ")}]`;
  }

  /** The other side of the place on screen: a value's gradient, a gradient's value. */
  function flipSide() {
    const last = path()[path().length - 1];
    if (page.get("label") === null || (last.of && last.of !== "output") || (last.of && last.step < 0)) return "";
    const other = { ...last, of: last.of ? "" : "output" };
    return h(
      "button",
      { type: "button", class: "link", onclick: () => open([...path(), other]) },
      t(last.of ? "cell.value" : "cell.gradient"),
    );
  }

  /** Open the Arithmetic page with the numbers behind the place on screen. */
  async function send() {
    said.textContent = "";
    const place = path()[path().length - 1];
    try {
      const walk = walkTold(walkOf(await request("arithmetic", place), `${page.get("model")}: ${title(place)}`));
      page.set({ walk, sent: walk, section: "operators", tab: "arithmetic" });
    } catch (error) {
      said.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** Open the values that contribute most, one after the other, down to the ink. */
  async function descend() {
    said.textContent = "";
    const from = path();
    try {
      const found = await downToInk(from[from.length - 1], (place) => request("explain", place));
      if (path() === from && found.length) open([...from, ...found]);
    } catch (error) {
      said.textContent = /** @type {Error} */ (error).message;
    }
  }

  const context = {
    name,
    get all() {
      return everything;
    },
    showAll() {
      everything = true;
      draw();
    },
    /** @param {Place} place */
    follow: (place) => open([...path(), place]),
    light: onlight,
  };

  /** @param {any} sum */
  function explained(sum) {
    const largest = largestOf(
      sum.addends.flatMap((/** @type {any} */ addends) =>
        addends.groups.flatMap((/** @type {any} */ group) =>
          group.terms.map((/** @type {any} */ term) => Math.abs(numberOf(term.product))).filter(Number.isFinite),
        ),
      ),
      0,
    );
    formula.show(sum.formulas);
    return [
      h("p", { class: "cell-value" }, short(sum.shown, 7)),
      h(
        "p",
        { class: "cell-check" },
        badge(sum),
        flipSide(),
        (largestSource(sum)?.step ?? -1) >= 0
          ? h(
              "button",
              { type: "button", class: "tool", title: t("cell.descend.why"), onclick: descend },
              t("cell.descend"),
            )
          : "",
        sum.sends
          ? h(
              "button",
              { type: "button", class: "tool", dataset: { tool: "send" }, title: t("cell.send.why"), onclick: send },
              t("cell.send"),
            )
          : "",
      ),
      ...(sum.classes ? [classTable(sum, path()[path().length - 1].cell[1], context)] : []),
      ...(sum.channel ? [channelTools(sum.channel)] : []),
      formula.element,
      h("p", { class: "total-chain" }, ...chain(sum)),
      ...sum.addends.map((/** @type {any} */ addends) => addendsSection(addends, sum, largest, context)),
      h("p", { class: "pytorch" }, h("code", {}, sum.pytorch)),
    ];
  }

  return {
    element,
    open,
    /** @param {any} sum what the server answered for the last place of the path */
    show(sum) {
      const arrived =
        shown === null || element.contains(document.activeElement) || document.activeElement === document.body;
      shown = sum;
      element.hidden = false;
      draw();
      twin.element.hidden = sum.classes !== undefined;
      twin.refresh();
      if (arrived && !element.contains(document.activeElement)) element.focus({ preventScroll: true });
    },

    redraw: draw,
  };
}

/** Scale a whole channel through the parameters that make it. @param {{ parameters: string[], channel: number }} channel */
function channelTools(channel) {
  const scale = (/** @type {string} */ words, /** @type {number} */ factor) =>
    h(
      "button",
      {
        type: "button",
        class: "tool",
        onclick: () => page.set({ edits: [...page.get("edits"), { kind: "scale", ...channel, factor }] }),
      },
      t(words),
    );
  return h(
    "p",
    { class: "channel-tools" },
    t("cell.channel", { channel: channel.channel }),
    scale("cell.silence", 0),
    scale("cell.boost", 2),
    scale("cell.restore", 1),
  );
}

/** What somebody types outlives an answer that draws the form anew. @param {HTMLElement} body @param {Element | null} before @param {boolean} focused whether it had the focus */
function keepTyped(body, before, focused) {
  const after = body.querySelector(".element input");
  if (!(before instanceof HTMLInputElement) || !(after instanceof HTMLInputElement)) return;
  if (before.dataset.element !== after.dataset.element) return;
  if (before.value !== before.dataset.value) after.value = before.value;
  if (focused) after.focus({ preventScroll: true });
}

/** The value of one weight or bias, to be changed. @param {{ parameter: string, element: any }} shown */
function elementEditor({ parameter, element }) {
  const place = page.get("cells")[page.get("cells").length - 1];
  const [name, shown] = [`${parameter} [${place.cell.join(", ")}]`, String(numberOf(element))];
  const input = h("input", {
    type: "number",
    step: "any",
    value: shown,
    dataset: { element: name, value: shown },
    "aria-label": parameter,
  });
  const set = () => {
    const value = Number(input.value);
    input.setCustomValidity(input.value !== "" && Number.isFinite(value) ? "" : t("cell.number"));
    if (input.reportValidity() && value !== element)
      page.set({ edits: [...page.get("edits"), { kind: "set", parameter, index: place.cell, value }] });
  };
  return h(
    "form",
    {
      class: "element",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        set();
      },
    },
    h("label", {}, `${name} = `, input),
    h("button", { type: "submit", class: "tool" }, t("cell.set")),
  );
}

/** @param {any} sum */
function unexplained(sum) {
  return [h("p", { class: "cell-value" }, short(sum.shown, 7)), h("p", { class: "problem" }, sum.unexplained)];
}

/** Does the sum give the tensor's element? @param {any} sum */
function badge(sum) {
  const words = {
    sum: short(sum.value, 7),
    tensor: short(sum.shown, 7),
    difference: short(Math.abs(numberOf(sum.difference)), 2),
    tolerance: short(sum.tolerance, 2),
  };
  return h(
    "span",
    { class: `badge ${sum.agrees ? "agrees" : "differs"}`, title: t("cell.badge.why", words) },
    `${sum.agrees ? "✓" : "✗"} ${t("cell.badge", words)}`,
  );
}

/** "Σ of 250 products + bias = 0.81 → max(0, Σ) = 0.81" @param {any} sum @returns {(string | Node)[]} */
function chain(sum) {
  const parts = sum.addends.map((/** @type {any} */ addends) =>
    t(addends.count === 1 ? "cell.one" : sum.reduction === "max" ? "cell.largest" : "cell.sum", {
      count: addends.count,
      label: addends.label,
      total: short(addends.total),
    }),
  );
  const shared = sum.quantities.map((/** @type {any} */ { name, value }) => `${name} = ${short(value)}`);
  return [
    `${parts.join(" + ")} = ${short(sum.reduced)}`,
    ...(sum.after ? [" → ", typeset(afterOf(sum)), ` = ${short(sum.value)}`] : []),
    shared.length ? ` (${shared.join(", ")})` : "",
  ];
}

/** @param {any} addends @param {any} sum @param {number} largest |product| @param {any} context */
function addendsSection(addends, sum, largest, context) {
  const groups = context.all ? addends.groups : addends.groups.slice(0, FIRST_GROUPS);
  const hidden = addends.groups.slice(groups.length);
  const total = hidden.reduce(
    (/** @type {number} */ all, /** @type {any} */ group) => all + numberOf(group.subtotal),
    0,
  );
  return h(
    "section",
    { class: "addends" },
    h("h3", {}, `${addends.label}: ${addends.rule}`),
    ...groups.map((/** @type {any} */ group) => groupBlock(group, addends, sum, largest, context)),
    ...(hidden.length
      ? [rest(t("cell.groups", { count: hidden.length, label: addends.groupLabel, total: short(total) }), context)]
      : []),
  );
}

/** @param {string} words @param {any} context */
const rest = (words, context) =>
  h(
    "p",
    { class: "rest" },
    words,
    " ",
    h("button", { type: "button", class: "link", onclick: context.showAll }, t("cell.all")),
  );

/** @param {any} group @param {any} addends @param {any} sum @param {number} largest @param {any} context */
function groupBlock(group, addends, sum, largest, context) {
  const grid = gridShape(group);
  const several = addends.groups.length > 1;
  const title = several
    ? h("h4", {}, h("span", {}, `${addends.groupLabel} ${group.group}`), h("span", {}, `Σ = ${short(group.subtotal)}`))
    : "";
  return h(
    "div",
    { class: "group" },
    title,
    grid ? grids(group, grid, addends, largest, context) : termTable(group, addends, context),
    ...(group.rest
      ? [h("p", { class: "rest" }, t("cell.rest", { count: group.rest.count, total: short(group.rest.sum) }))]
      : []),
  );
}

/** Rows and columns of a group whose terms are a whole patch, or null. @param {any} group */
function gridShape({ terms, rest: left }) {
  if (left || terms.length < 2) return null;
  const places = terms.map((/** @type {any} */ term) => term.cells[0].slice(-2).join());
  const columns = new Set(terms.map((/** @type {any} */ term) => term.cells[0].at(-1))).size;
  const rows = new Set(terms.map((/** @type {any} */ term) => term.cells[0].at(-2))).size;
  const whole =
    terms[0].cells[0].length > 2 && rows * columns === terms.length && new Set(places).size === terms.length;
  return whole && columns <= WIDEST_GRID ? { rows, columns } : null;
}

/** patch × kernel = products, side by side. @param {any} group @param {{ columns: number }} grid @param {any} addends @param {number} largest @param {any} context */
function grids(group, { columns }, addends, largest, context) {
  const style = { gridTemplateColumns: `repeat(${columns}, minmax(38px, 1fr))` };
  const parts = addends.factors.map((/** @type {any} */ factor, /** @type {number} */ k) => {
    const ends = largestOf(
      group.terms.map((/** @type {any} */ term) => Math.abs(numberOf(term.values[k]))).filter(Number.isFinite),
      0,
    );
    return h(
      "div",
      { class: "grid-part" },
      h(
        "div",
        { class: "grid", style },
        ...group.terms.map((/** @type {any} */ term) =>
          numberCell(term.values[k], ends, term, factor, k, context, narrow),
        ),
      ),
      h("span", { class: "note" }, sourceName(factor, context)),
    );
  });
  if (parts.length === 1) return h("div", { class: "grids" }, ...parts);
  const products = h(
    "div",
    { class: "grid-part" },
    h(
      "div",
      { class: "grid", style },
      ...group.terms.map((/** @type {any} */ term) =>
        h(
          "span",
          {
            class: "number",
            style: paint(term.product, largest),
            title: `${term.values.join(" × ")} = ${term.product}`,
          },
          narrow(term.product),
        ),
      ),
    ),
    h("span", { class: "note" }, t("cell.products")),
  );
  return h(
    "div",
    { class: "grids" },
    parts[0],
    h("span", { class: "sign" }, "×"),
    parts[1],
    h("span", { class: "sign" }, "="),
    products,
  );
}

/** @param {any} group @param {any} addends @param {any} context */
function termTable(group, addends, context) {
  const ordered = [...group.terms].sort((a, b) => Math.abs(numberOf(b.product)) - Math.abs(numberOf(a.product)));
  const listed = context.all ? ordered : ordered.slice(0, FIRST_TERMS);
  const left = ordered.slice(listed.length);
  const total = left.reduce((sum, term) => sum + numberOf(term.product), 0);
  return h(
    "div",
    {},
    h(
      "table",
      { class: "terms" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...addends.factors.map((/** @type {any} */ factor) => h("th", { scope: "col" }, sourceName(factor, context))),
          h("th", { scope: "col" }, addends.rule),
        ),
      ),
      h(
        "tbody",
        {},
        ...listed.map((/** @type {any} */ term) =>
          h(
            "tr",
            { class: term.winner ? "winner" : "" },
            ...addends.factors.map((/** @type {any} */ factor, /** @type {number} */ k) =>
              h(
                "td",
                {},
                numberCell(term.values[k], 0, term, factor, k, context),
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

/** @param {any} factor @param {any} context */
function sourceName(factor, context) {
  if (factor.gradient) return `dL/d ${context.name(factor.parent)}`;
  return factor.parameter ?? (factor.parent === null ? factor.argument : context.name(factor.parent));
}

/**
 * A number; where a step made it, a button that opens it, or lights it up under the pointer.
 * @param {any} value @param {number} ends of its colour scale, 0 for none @param {any} term @param {any} factor @param {number} k @param {any} context @param {(value: any) => string} [text]
 */
function numberCell(value, ends, term, factor, k, context, text = short) {
  const words = term.outside && factor.parent !== null ? t("cell.padding") : text(value);
  const style = ends ? paint(value, ends) : {};
  const attributes = {
    class: `number${term.winner ? " winner" : ""}`,
    style,
    title: `${sourceName(factor, context)} [${term.cells[k].join(", ")}] = ${value}`,
  };
  const place = placeOf(factor, term, k);
  if (!place) return h("span", attributes, words);
  const here = factor.parent === null ? null : { step: factor.parent, cell: term.cells[k] };
  const lights = {
    onpointerenter: () => context.light(here),
    onpointerleave: () => context.light(null),
    onfocus: () => context.light(here),
    onblur: () => context.light(null),
  };
  if (place.step < 0 && !place.of)
    return h("span", { ...attributes, ...lights, tabindex: 0, class: `${attributes.class} ink` }, words);
  return h("button", { type: "button", ...attributes, ...lights, onclick: () => context.follow(place) }, words);
}

/** What a number opens: the value or gradient that a step made, or a parameter's element and its gradient. @param {any} factor @param {any} term @param {number} k @returns {Place | null} */
function placeOf(factor, term, k) {
  if (term.outside) return null;
  if (factor.parent !== null) return { step: factor.parent, of: factor.gradient ? "output" : "", cell: term.cells[k] };
  return factor.learned ? { step: factor.step, of: factor.argument, cell: term.cells[k] } : null;
}

/** A number's place on the diverging scale as a background, with ink that can be read on it. @param {any} value @param {number} ends */
function paint(value, ends) {
  const position = ends > 0 ? numberOf(value) / ends : 0;
  const rgb = colour("diverging", position, page.get("dark"));
  return { backgroundColor: css(rgb), color: inkOn(rgb) };
}
