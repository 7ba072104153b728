/** The cells of a tensor: built for its shape and the padding around, then painted with its numbers and marks. */

import { fitted } from "../lib/editing.js";
import { short } from "../lib/numbers.js";
import { planesOf } from "../lib/planes.js";
import { unravel } from "../lib/visits.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { paintCell } from "../parts/swatch.js";
import { shades } from "./paint.js";
import { indexName } from "./words.js";

/** @typedef {import("./grid.js").Shown} Shown */
/** Every cell by its index, and those of the padding by "plane row column". @typedef {{ planes: HTMLElement[], cells: HTMLElement[], padding: Map<string, HTMLElement> }} Built */

/** Characters that fit into a cell. */
const DIGITS = 5;

/** @param {number[]} shape @param {import("../lib/arithmetic.js").Ring} ring @param {boolean} editable @returns {Built} */
export function buildCells(shape, ring, editable) {
  const { planes, rows, columns } = planesOf(shape);
  /** @type {Built} */
  const built = { planes: [], cells: [], padding: new Map() };
  const across = columns + ring.left + ring.right;
  for (let plane = 0; plane < planes; plane++) {
    const grid = h("div", {
      class: "plane",
      role: "grid",
      "aria-readonly": String(!editable),
      "aria-rowcount": rows,
      "aria-colcount": columns,
    });
    for (let row = -ring.top; row < rows + ring.bottom; row++) {
      const line = h("div", { class: "plane-row", role: "row" });
      for (let column = -ring.left; column < columns + ring.right; column++) {
        const inside = row >= 0 && row < rows && column >= 0 && column < columns;
        const index = (plane * rows + row) * columns + column;
        const cell = inside
          ? h("div", { class: "entry", role: "gridcell", tabindex: -1, dataset: { index } })
          : h("div", { class: "entry padding", "aria-hidden": "true" });
        if (inside) built.cells[index] = cell;
        else built.padding.set(`${plane} ${row} ${column}`, cell);
        line.append(cell);
      }
      grid.append(line);
    }
    grid.style.setProperty("--columns", String(across));
    const name = planes > 1 ? [h("span", { class: "plane-name note", dataset: { plane } })] : [];
    built.planes.push(h("div", { class: "plane-place" }, ...name, grid));
  }
  return built;
}

/** @param {HTMLElement[]} planes @param {number[]} shape @param {string} whole what the tensor is called @param {string} says key of the words of a plane of four axes */
export function namePlanes(planes, shape, whole, says) {
  const head = shape.slice(0, -2);
  planes.forEach((plane, k) => {
    const index = unravel(k, head);
    const words =
      head.length === 2 ? t(says, { o: index[0], c: index[1] }) : t("arithmetic.plane", { c: index[0] ?? 0 });
    plane.querySelector(".plane-name")?.replaceChildren(words);
    plane.querySelector(".plane")?.setAttribute("aria-label", `${whole}${planes.length > 1 ? `, ${words}` : ""}`);
  });
}

/** @param {Built} built @param {Shown} shown @param {{ name: string, letter: string, current: number }} options `current`: the cell that Tab reaches */
export function paintCells({ cells, padding }, shown, { name, letter, current }) {
  const { values, written, unread, lit, around, shape, ring } = shown;
  const shade = shades(name, values);
  cells.forEach((cell, k) => {
    if (cell.querySelector("input")) return;
    const there = !written || written[k];
    const unseen = unread && !unread[k];
    const mark = lit.get(k) ?? "";
    const text = !there ? "·" : Number.isFinite(values[k]) ? fitted(values[k], DIGITS) : short(values[k]);
    become(
      cell,
      `entry${text.length > 3 ? " long" : ""}${there ? "" : " pending"}${unseen ? " unread" : ""}${mark ? ` ${mark}` : ""}`,
    );
    if (there) paintCell(cell, shade(values[k]), text);
    else {
      cell.textContent = text;
      cell.style.backgroundColor = cell.style.color = "";
      delete cell.dataset.fill;
    }
    const value = !there
      ? t("arithmetic.cell.pending")
      : `${short(values[k], 7)}${unseen ? `, ${t("arithmetic.cell.unread")}` : ""}`;
    const label = t("arithmetic.cell", { cell: letter + indexName(unravel(k, shape), shape), value });
    if (cell.title !== label) {
      cell.title = label;
      cell.setAttribute("aria-label", label);
    }
    cell.setAttribute("aria-selected", String(mark.includes("target")));
    cell.tabIndex = k === current ? 0 : -1;
  });
  for (const [key, cell] of padding) {
    become(cell, `entry padding ${around.get(key) ?? ""}`);
    const [plane, row, column] = key.split(" ").map(Number);
    const text = ring.value ? fitted(ring.value(plane, row, column), DIGITS) : "0";
    if (cell.textContent !== text) cell.textContent = text;
  }
}

/** @param {HTMLElement} cell @param {string} kind */
function become(cell, kind) {
  if (cell.className !== kind) cell.className = kind;
}
