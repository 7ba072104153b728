/**
 * One cell opened: its complete sum, as the server computed it in float64 from the tensors that ran, compared with the
 * tensor's own element. Every number that an earlier step made is a button that opens that number, back to the ink.
 */

import { afterPaint, h } from "../parts/dom.js";
import { createFormula } from "../parts/formula.js";
import { fillWords } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { complain } from "../parts/server.js";
import { createActs } from "./cell_acts.js";
import { keepTyped } from "./cell_edit.js";
import { createCellExport, mapRows } from "./cell_export.js";
import { createCellInk } from "./cell_ink.js";
import { sourceName } from "./cell_numbers.js";
import { leadOf, rowsOf } from "./cell_sum.js";
import { createTable } from "./cell_table.js";
import { placeTitle } from "./cell_words.js";

/** @typedef {import("../lib/link.js").Place} Place */
/** @typedef {import("../lib/contract/draw.js").Explained} Explained */

/** The way to the number on screen, each place a button that goes back to it. @param {Place[]} path @param {(place: Place) => string} title @param {(places: Place[]) => void} open */
const crumbsOf = (path, title, open) =>
  path.map((place, k) => {
    const onclick = () => open(path.slice(0, k + 1));
    const current = k === path.length - 1 ? "true" : undefined;
    return h("li", {}, h("button", { type: "button", class: "crumb", "aria-current": current, onclick }, title(place)));
  });

/**
 * The panel around what is shown of a number.
 * @param {[HTMLElement, HTMLElement[], HTMLElement, HTMLElement, HTMLElement, HTMLElement, HTMLElement]} parts crumbs, tools, why there is no sum, messages, ink, body, table
 * @param {(places: Place[]) => void} open
 */
function frameOf([crumbs, tools, refused, said, ink, body, table], open) {
  const closing = { class: "tool cell-close", dataset: { i18nTitle: "cell.close" }, onclick: () => open([]) };
  const close = h("button", { type: "button", ...closing }, "✕");
  return h(
    "div",
    {
      class: "cell-panel",
      role: "dialog",
      tabindex: -1,
      hidden: true,
      dataset: { i18nAria: "cell.title" },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        open(page.get("cells").slice(0, -1));
      },
    },
    h("div", { class: "cell-head" }, crumbs, h("span", { class: "cell-tools" }, ...tools, close)),
    refused,
    said,
    h("div", { class: "cell-layout" }, ink, body),
    table,
  );
}

/** Why there is no number, in place of what would show it. */
function createRefusal() {
  const element = h("p", { class: "problem", role: "alert", hidden: true });
  /** @param {Error | null} error null where there is a number */
  const tell = (error) => {
    complain(element, error);
    element.parentElement?.classList.toggle("nowhere", error !== null);
  };
  return { element, tell };
}

/**
 * @param {{ name: (step: number) => string, onopen: () => void, onclose: () => void, onlight: import("./cell_numbers.js").Context["light"], request: import("../lib/contract/draw.js").Request }} options
 *   `onopen` is called when the sum of the last of the page's `cells` is wanted, `onclose` when there is none any more; `onlight` with the cell a number comes from;
 *   `request` asks a function of the server about what is on the pad
 */
export function createCellPanel({ name, onopen, onclose, onlight, request }) {
  const path = () => page.get("cells");
  const last = () => /** @type {Place} */ (path().at(-1));
  const title = (/** @type {Place} */ place) => placeTitle(place, name, page.get("description")?.classes ?? []);
  const state = {
    shown: /** @type {Explained | null} */ (null),
    everything: false,
    /** Whether the panel was opened just now, and what is built of it once the rest is on screen. */
    fresh: false,
    below: /** @type {(() => void)[]} */ ([]),
    before: /** @type {Element | null} */ (null),
  };
  /** @type {import("./cell_numbers.js").Context} */
  const context = {
    name,
    get all() {
      return state.everything;
    },
    showAll() {
      state.everything = true;
      draw();
    },
    follow: (place) => acts.follow(place),
    light: onlight,
    below(build) {
      if (state.fresh) state.below.push(build);
      else build();
    },
  };
  const crumbs = h("ol", { class: "crumbs", dataset: { i18nAria: "cell.way" } });
  const lead = h("div", { class: "cell-lead" });
  const rows = h("div", { class: "cell-terms" });
  const ink = createCellInk({ request });
  const formula = createFormula();
  const body = h("div", { class: "cell-body" }, lead, rows);
  const refusal = createRefusal();
  const said = h("p", { class: "note cell-said", role: "status" });
  const say = (/** @type {string} */ words) => {
    said.textContent = words;
  };
  const acts = createActs({ request, title, open, say });
  const exports = createCellExport({
    request,
    title,
    body,
    source: (factor) => sourceName(factor, context),
    onsay: say,
  });
  const twin = createTable({
    words: "cell.table",
    load: async () => mapRows(await exports.tensor(last().step, last().of), last().cell),
    marked: () => [
      last().cell.length > 2 ? last().cell[last().cell.length - 2] : 0,
      last().cell[last().cell.length - 1],
    ],
  });
  const element = frameOf([crumbs, exports.elements, refusal.element, said, ink.element, body, twin.element], open);

  /** @param {Place[]} places */
  function open(places) {
    if (!path().length && places.length) state.before = document.activeElement;
    page.set({ cells: places });
  }

  page.on(["cells"], () => {
    state.everything = false;
    say("");
    onlight(null);
    ink.clear();
    if (path().length) {
      onopen();
      return;
    }
    onclose();
    element.hidden = true;
    state.shown = null;
    for (const part of [crumbs, lead, rows]) part.replaceChildren(); // or the next number is laid out after this one
    if (state.before instanceof HTMLElement) state.before.focus({ preventScroll: true });
    state.before = null;
  });

  const tellWay = () => crumbs.replaceChildren(...crumbsOf(path(), title, open));

  function draw() {
    if (state.shown || !element.hidden) tellWay();
    if (!state.shown) return;
    const retype = keepTyped(lead);
    lead.replaceChildren(...leadOf(state.shown, last(), formula, acts));
    rows.replaceChildren(...rowsOf(state.shown, last(), context));
    retype();
    if (state.fresh) afterPaint(complete);
    state.fresh = false;
  }

  /** Build what was left for later. */
  function complete() {
    for (const build of state.below.splice(0)) build();
  }

  /** Whoever opened a number goes on from it. */
  function enter() {
    if (!element.hidden && !element.contains(document.activeElement)) element.focus({ preventScroll: true });
  }

  return {
    element,
    open,

    /** The sum is still to come, or does not come; with an error there is no such number. @param {Error | null} [refused] */
    wait(refused = null) {
      element.hidden = false;
      refusal.tell(refused);
      if (refused || !state.shown) tellWay(); // else the number before stays, with its own way
    },

    /** @param {Explained} sum what the server answered for the last place of the path */
    show(sum) {
      const arrived =
        state.shown === null || element.contains(document.activeElement) || document.activeElement === document.body;
      refusal.tell(null);
      state.shown = sum;
      state.fresh = element.hidden;
      element.hidden = false;
      draw();
      ink.refresh(last());
      twin.element.hidden = "classes" in sum;
      twin.refresh();
      if (arrived) afterPaint(enter);
    },

    redraw() {
      fillWords(element);
      draw();
      ink.redraw();
    },
  };
}
