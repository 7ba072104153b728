/** Convolution as mathematics: the definition with its flip, and what it obeys and does not, on numbers that can be changed. */

import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { CLAIMS, PROPERTIES } from "../lib/properties.js";
import { separated } from "../lib/separable.js";
import { createDefinition } from "./definition.js";
import { createEdits } from "./edits.js";
import { createEquation } from "./equation.js";
import { createExport } from "./export.js";
import { NO_RING } from "../lib/planes.js";
import { createGrid } from "./grid.js";
import { listenToTables, sizeRefused } from "./paste.js";
import { LENGTHS, LONGEST_SHIFT, sizesOf, withLength, withNumber, withTable } from "../lib/properties_state.js";
import { createSmoothing } from "./smoothing.js";

/** @typedef {import("../lib/properties_state.js").State} State */
/** @typedef {import("../lib/properties_state.js").Matrix} Matrix */

/** How formulas write each matrix. @type {Record<Matrix, string>} */
const LETTERS = { f: "f", g: "g", h: "h", p: "p", X: "X", u: "u", w: "wᵀ", K: "K", clean: "c", noise: "ε" };
/** Width that a matrix may take, in pixels. */
const ROOM = 560;
const UNLIT = { lit: new Map(), around: new Map(), ring: NO_RING, room: ROOM };

/** @param {{ initial: { state: State, at: number }, films: string[], animate: import("../lib/contract/arithmetic.js").Animate, onchange: (state: State, at: number) => void }} options */
export function createProperties({ initial, films, animate, onchange }) {
  const edits = createEdits(initial.state, () => show());
  const { edit } = edits;
  const names = /** @type {Matrix[]} */ (Object.keys(LETTERS));
  const grids = Object.fromEntries(
    names.map((name) => [
      name,
      createGrid({
        name,
        editable: true,
        letter: LETTERS[name],
        says: `properties.matrix.${name}`,
        onedit: (index, value, gesture) => edit(withNumber(edits.now, name, index, value), gesture),
      }),
    ]),
  );
  const counter = (
    /** @type {string} */ name,
    /** @type {number} */ least,
    /** @type {number} */ most,
    /** @type {(value: number) => State} */ change,
  ) => {
    const select = h(
      "select",
      {
        class: "counter",
        dataset: { control: name, i18nAria: `properties.${name}`, i18nTitle: `properties.${name}` },
        onchange: () => edit(change(Number(select.value))),
      },
      ...Array.from({ length: most - least + 1 }, (_, k) => h("option", { value: least + k }, String(least + k))),
    );
    return select;
  };
  const lengths = /** @type {const} */ (["f", "g", "h"]).map((name) => ({
    name,
    select: counter(`length.${name}`, ...(LENGTHS[name] ?? [1, 1]), (length) => withLength(edits.now, name, length)),
  }));
  const shift = counter("shift", 0, LONGEST_SHIFT, (value) => ({ ...edits.now, shift: value }));
  const flip = h("input", {
    type: "checkbox",
    dataset: { control: "flip" },
    onchange: () => edit({ ...edits.now, flip: flip.checked }),
  });
  const sized = (/** @type {number} */ k) =>
    h(
      "div",
      { class: "sized" },
      grids[lengths[k].name].element,
      h("label", { class: "note" }, h("span", { dataset: { i18n: "properties.length" } }), " ", lengths[k].select),
    );
  const rank = h("p", { class: "note rank", role: "status" });
  const shiftLabel = () =>
    h(
      "label",
      { class: "setting" },
      h("span", { class: "setting-name", dataset: { i18n: "properties.shift" } }),
      shift,
    );

  const definition = createDefinition({ onmove: (at) => onchange(edits.now, at) });
  const taken = createExport({
    picture: () => definition.board,
    film: { title: () => t("arithmetic.section.properties"), parts: () => [definition.board] },
    table: definition.table,
    lines: definition.lines,
    result: definition.result,
    name: () => "convolution-1d",
    walk: definition.walk,
    films,
    animate,
  });
  const equations = [
    ["commutes", createEquation("commutes", "property")],
    ["associates", createEquation("associates", "property")],
    ["distributes", createEquation("distributes", "property")],
    ["translates", createEquation("translates", "property")],
    ["separates", createEquation("separates", "property plane", grids.X.element, grids.u.element, grids.w.element)],
    ["invariant", createEquation("invariant", "claim")],
    ["separable", createEquation("separable", "claim plane", grids.K.element, rank)],
    ["avgsum", createEquation("avgsum", "claim", grids.p.element)],
    ["maxsum", createEquation("maxsum", "claim")],
  ].map(([name, equation]) => ({
    work: /** @type {any} */ (PROPERTIES)[/** @type {string} */ (name)] ?? CLAIMS[/** @type {string} */ (name)],
    equation: /** @type {ReturnType<typeof createEquation>} */ (equation),
    name,
  }));
  const smoothing = createSmoothing(grids.clean.element, grids.noise.element);
  const of = (/** @type {(name: string) => boolean} */ wanted) =>
    equations.filter(({ name }) => wanted(/** @type {string} */ (name))).map(({ equation }) => equation.element);
  const heading = (/** @type {string} */ key) =>
    h("h2", { class: "part-title", dataset: { i18n: `properties.${key}` } });

  const root = h(
    "div",
    { class: "arithmetic properties", tabindex: -1 },
    h(
      "div",
      { class: "arithmetic-head" },
      ...edits.tools,
      h(
        "label",
        { class: "switch", dataset: { i18nTitle: "properties.flip.why" } },
        flip,
        h("span", { dataset: { i18n: "properties.flip" } }),
      ),
      shiftLabel(),
      taken.element,
    ),
    heading("definition"),
    h("p", { dataset: { i18n: "properties.definition.why" } }),
    h("div", { class: "signals" }, sized(0), sized(1), sized(2)),
    definition.element,
    heading("properties"),
    h("div", { class: "equations" }, ...of((name) => name in PROPERTIES)),
    heading("claims"),
    h("p", { dataset: { i18n: "properties.claims.why" } }),
    h("div", { class: "equations" }, ...of((name) => name in CLAIMS), smoothing.element),
  );

  /** A matrix as a tensor. @param {Matrix} name */
  function tensorOf(name) {
    const { rows, columns, values } = edits.now[name];
    return { shape: rows === 1 ? [columns] : [rows, columns], values };
  }

  /** @param {number} [at] step of the definition, if another */
  function show(at) {
    const state = edits.now;
    for (const name of names) grids[name].show({ ...tensorOf(name), ...UNLIT });
    for (const { name, select } of lengths) select.value = String(state[name].columns);
    shift.value = String(state.shift);
    flip.checked = state.flip;
    definition.show(state, at);
    for (const { work, equation } of equations) equation.show(work(state, state.flip));
    smoothing.show(state);
    const found = separated(state.K).rank;
    rank.textContent = t("properties.rank", { rank: found });
    rank.dataset.rank = String(found);
  }

  root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!edits.onkey(event)) definition.onkey(event);
  });
  listenToTables(root, {
    tensorOf: (name) => tensorOf(/** @type {Matrix} */ (name)),
    onplane(name, _, table) {
      const matrix = /** @type {Matrix} */ (name);
      const next = withTable(edits.now, matrix, table);
      if (next) {
        edit(next);
        return null;
      }
      const {
        rows,
        columns: [least, most],
      } = sizesOf(edits.now, matrix);
      return sizeRefused(table, LETTERS[matrix], [rows, least === most ? least : `${least}–${most}`]);
    },
  });
  fillWords(root);
  show(initial.at);
  return {
    element: root,
    /** Take other numbers over. @param {typeof initial} given */
    arrive({ state, at }) {
      edit(state);
      show(at);
    },
    relabel() {
      fillWords(root);
      show();
    },
    repaint() {
      for (const grid of Object.values(grids)) grid.repaint();
      show();
    },
  };
}
