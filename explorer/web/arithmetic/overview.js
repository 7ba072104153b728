/** The whole network in one row: what each stage gives, and below it the gradient that comes back. */

import { h } from "../parts/dom.js";
import { present, writtenAt } from "../lib/arithmetic.js";
import { fitted } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { unravel } from "../lib/visits.js";
import { paintCell } from "../parts/swatch.js";
import { planesOf } from "../lib/planes.js";
import { shades } from "./paint.js";
import { indexName } from "./words.js";

/** @typedef {import("../lib/chain.js").Stage} Stage */
/** @typedef {import("../lib/chain.js").Leg} Leg */
/** The tensors "stage.name" that a node shows: the first is who writes it, the others are the same numbers carried on. @typedef {{ name: string, value: [string, string[]], back: [string, string[]] }} Node_ */

/** Letters and tensors, from the picture to the loss. @type {Node_[]} */
const NODES = [
  { name: "input", value: ["X", ["conv.input"]], back: ["dL/dX", ["conv.gradInput"]] },
  { name: "conv", value: ["A", ["conv.output", "relu.input"]], back: ["dL/dA", ["relu.gradInput", "conv.gradOutput"]] },
  { name: "relu", value: ["R", ["relu.output", "pool.input"]], back: ["dL/dR", ["pool.gradInput", "relu.gradOutput"]] },
  {
    name: "pool",
    value: ["P", ["pool.output", "flatten.input"]],
    back: ["dL/dP", ["flatten.gradInput", "pool.gradOutput"]],
  },
  {
    name: "flatten",
    value: ["F", ["flatten.output", "linear.input"]],
    back: ["dL/dF", ["linear.gradInput", "flatten.gradOutput"]],
  },
  {
    name: "linear",
    value: ["z", ["linear.output", "loss.input"]],
    back: ["dL/dz", ["loss.gradInput", "linear.gradOutput"]],
  },
  { name: "softmax", value: ["ln p", ["loss.logP"]], back: ["p", ["loss.probability"]] },
  { name: "loss", value: ["L", ["loss.output"]], back: ["dL/dL", ["loss.gradOutput"]] },
];
const DIGITS = 4;

/** @param {{ onpick: (stage: string, name: string, index: number) => void, onstage: (name: string) => void }} options */
export function createOverview({ onpick, onstage }) {
  const rows = NODES.flatMap(({ name, value, back }) => [
    { node: name, side: "value", letter: value[0], keys: value[1] },
    { node: name, side: "back", letter: back[0], keys: back[1] },
  ]).map((row) => ({
    ...row,
    place: h("div", { class: "node-planes", role: "img" }),
    cells: /** @type {HTMLElement[]} */ ([]),
    built: "",
  }));
  const boxes = NODES.map(({ name }) => {
    const [value, back] = rows.filter(({ node }) => node === name);
    const part = (/** @type {typeof value} */ row) =>
      h(
        "div",
        { class: `node-${row.side}`, dataset: { tensor: row.keys[0] } },
        h("span", { class: "node-letter" }, row.letter),
        row.place,
      );
    return h(
      "section",
      { class: "node", dataset: { node: name } },
      h("button", {
        type: "button",
        class: "node-name",
        dataset: { i18n: `chain.stage.${name}`, i18nTitle: "chain.stage.why" },
        onclick: () => onstage(name),
      }),
      part(value),
      part(back),
    );
  });
  const element = h(
    "div",
    { class: "overview", role: "group", tabindex: 0, dataset: { i18nAria: "chain.overview" } },
    ...boxes.flatMap((box, k) => (k ? [h("span", { class: "node-arrow", "aria-hidden": "true" }, "→"), box] : [box])),
  );
  element.addEventListener("click", (/** @type {Event} */ event) => {
    const cell = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest(".mini"));
    const tensor = /** @type {HTMLElement | null} */ (cell?.closest("[data-tensor]"))?.dataset.tensor;
    if (!cell || !tensor) return;
    const [stage, name] = tensor.split(".");
    onpick(stage, name, Number(cell.dataset.at));
  });

  /** @param {(typeof rows)[number]} row @param {number[]} shape */
  function build(row, shape) {
    if (row.built === String(shape)) return;
    row.built = String(shape);
    const {
      planes,
      rows: height,
      columns: width,
    } = shape.length === 2 ? { planes: 1, rows: shape[1], columns: shape[0] } : planesOf(shape);
    row.cells = Array.from({ length: planes * height * width }, (_, at) =>
      h("span", { class: "mini", dataset: { at } }),
    );
    row.place.replaceChildren(
      ...Array.from({ length: planes }, (_, plane) => {
        const grid = h(
          "div",
          { class: "node-plane" },
          ...row.cells.slice(plane * height * width, (plane + 1) * height * width),
        );
        grid.style.setProperty("--columns", String(width));
        return grid;
      }),
    );
  }

  return {
    element,
    /** @param {Stage[]} stages @param {Leg[]} legs @param {{ at: number, leg: Leg, moment: import("../lib/arithmetic.js").Moment }} place @param {boolean} playing */
    show(stages, legs, { at, leg, moment }, playing) {
      const visit = leg.pass?.visit(moment.visit);
      /** Marks by tensor "stage.name". @type {Record<string, Map<number, string>>} */
      const marks = {};
      const mark = (/** @type {string} */ name, /** @type {number} */ index, /** @type {string} */ kind) => {
        if (index >= 0) (marks[`${leg.stage.name}.${name}`] ??= new Map()).set(index, kind);
      };
      for (const [name, indices] of present(visit?.window ?? {})) for (const index of indices) mark(name, index, "in");
      for (const { cells, inside } of visit?.terms ?? [])
        if (inside) for (const [name, index] of present(cells)) mark(name, index, "in");
      for (const { writes } of visit?.terms ?? []) if (writes) mark(writes[0], writes[1], "target");
      if (visit && !leg.pass?.scatter) mark(visit.target[0], visit.target[1], "target");
      const now = leg.pass ? writtenAt(leg.pass, moment) : {};

      for (const row of rows) {
        const [stageName, name] = row.keys[0].split(".");
        const stage = /** @type {Stage} */ (stages.find((each) => each.name === stageName));
        const tensor = stage.tensors[name];
        const writer = legs.findIndex(
          (each) =>
            each.stage.name === stageName &&
            (each.pass ? each.pass.targets.includes(name) : (each.direction === "forward") === (name === "output")),
        );
        const given = writer < 0 || name === "input";
        const current = writer === at && leg.pass ? now[name] : null;
        const values = current ? current.values : tensor.values;
        const isThere = (/** @type {number} */ k) =>
          given || writer < at || (writer === at && (current ? leg.pass?.scatter || current.written[k] : true));
        build(row, tensor.shape);
        const shade = shades(row.node === "input" && row.side === "value" ? "input" : row.side, tensor.values);
        row.cells.forEach((cell, k) => {
          const there = isThere(k);
          const text = there ? fitted(values[k], DIGITS) : "";
          const kind = row.keys.map((key) => marks[key]?.get(k) ?? "").find((each) => each) ?? "";
          const shown = `mini${there ? "" : " pending"}${text.length > 2 ? " long" : ""}${kind ? ` ${kind}` : ""}`;
          if (cell.className !== shown) cell.className = shown;
          if (there) paintCell(cell, shade(values[k]), text);
          else if (cell.dataset.fill || cell.textContent) {
            delete cell.dataset.fill;
            cell.textContent = cell.style.backgroundColor = cell.style.color = "";
          }
          cell.dataset.value = there ? String(values[k]) : "";
          cell.title = `${row.letter}${indexName(unravel(k, tensor.shape), tensor.shape)} = ${there ? short(values[k], 7) : t("arithmetic.cell.pending")}`;
        });
        row.place.dataset.written = String(row.cells.filter((_, k) => isThere(k)).length);
        if (!playing)
          row.place.setAttribute(
            "aria-label",
            `${row.letter}: ${row.cells.map((_, k) => (isThere(k) ? short(values[k], 4) : "·")).join(", ")}`,
          );
      }
      const active =
        leg.stage.name === "loss" && leg.pass?.name !== "forward" && leg.pass?.name !== "rows"
          ? "softmax"
          : leg.stage.name;
      for (const box of boxes) box.classList.toggle("active", box.dataset.node === active);
      element.dataset.direction = leg.direction;
      const box = boxes.find((each) => each.dataset.node === active);
      if (box && element.scrollWidth > element.clientWidth)
        element.scrollLeft = box.offsetLeft - (element.clientWidth - box.offsetWidth) / 2;
    },
    repaint() {
      for (const { cells } of rows) for (const cell of cells) delete cell.dataset.fill;
    },
  };
}
