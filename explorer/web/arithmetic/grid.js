/**
 * One tensor as grids of cells, a grid for each plane, padding around it where a window may lie. Cells can be walked by
 * keyboard, pointed at, and of some tensors edited: dragged sideways, typed into.
 */

import { h } from "../parts/dom.js";
import { cellAfter, dragged, fitted, tidy } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { unravel } from "../lib/visits.js";
import { paintCell } from "../parts/swatch.js";
import { shades } from "./paint.js";
import { typeInto } from "./typing.js";
import { indexName, LETTERS } from "./words.js";

/** @typedef {import("../lib/arithmetic.js").Name} Name */
/** @typedef {import("../lib/arithmetic.js").Ring} Ring */
/**
 * `written`: which values are there yet; `lit`: marks of cells by index; `around`: marks of padding cells by "plane row column"; `room`: width to stay within, in pixels.
 * @typedef {{ shape: number[], values: ArrayLike<number>, written?: Uint8Array, unread?: Uint8Array, lit: Map<number, string>, around: Map<string, string>, ring: Ring, room: number }} Shown
 */

/** Sides of a cell: the least, one that reads easily, the largest of several planes, the largest; gaps of cells and planes, in pixels. */
const [SMALLEST, EASY, LARGEST_OF_SEVERAL, LARGEST, GAP, PLANE_GAP] = [24, 28, 38, 46, 2, 14];

export const NO_RING = { top: 0, bottom: 0, left: 0, right: 0 };

/** Whole numbers by default: coarser with Shift, finer with Alt. @param {{ shiftKey: boolean, altKey: boolean }} event */
export const stepOf = ({ shiftKey, altKey }) => (shiftKey ? 10 : altKey ? 0.1 : 1);

/** A shape as planes of rows and columns. @param {number[]} shape */
export const planesOf = (shape) => ({
  planes: shape.length < 2 ? 1 : shape.slice(0, -2).reduce((all, extent) => all * extent, 1),
  rows: shape.length < 2 ? 1 : shape[shape.length - 2],
  columns: shape[shape.length - 1],
});

/**
 * @param {{
 *   name: string, editable: boolean, onhover?: (name: string, index: number | null) => void, letter?: string, says?: string, planeSays?: string,
 *   onedit?: (index: number, value: number, gesture: unknown) => void, refuse?: (value: number) => string | null, onpick?: (index: number) => void,
 * }} options `letter`: how formulas write the tensor; `says`: the key of its name; `planeSays`: that of a plane of four axes; `refuse`: why a number cannot stand here; `onpick`: a cell was clicked, or reached by an arrow key
 */
export function createGrid({
  name,
  editable,
  onhover = () => {},
  letter = LETTERS[/** @type {Name} */ (name)],
  says = `arithmetic.tensor.${name}`,
  onedit,
  planeSays = "arithmetic.plane.kernel",
  refuse = () => null,
  onpick,
}) {
  const title = h("h3", { class: "tensor-title" });
  const place = h("div", { class: "tensor-planes" });
  const message = h("p", { class: "tap-message", role: "alert", hidden: true });
  const element = h("figure", { class: "tensor", dataset: { tensor: name } }, title, place, message);
  /** @type {Shown} */
  let shown = { shape: [], values: [], lit: new Map(), around: new Map(), ring: NO_RING, room: 0 };
  /** @type {HTMLElement[]} */
  let cells = [];
  /** @type {Map<string, HTMLElement>} */
  let padding = new Map();
  let built = "";
  let current = 0;
  /** @type {{ index: number, pointer: number, from: number, gesture: object, moved: boolean } | null} */
  let drag = null;

  const indexOf = (/** @type {Event} */ event) => {
    const cell = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest?.("[data-index]"));
    return cell ? Number(cell.dataset.index) : -1;
  };

  function build() {
    const { shape, ring, room } = shown;
    const key = JSON.stringify([shape, ring, room]);
    if (key === built) return;
    built = key;
    const { planes, rows, columns } = planesOf(shape);
    cells = [];
    padding = new Map();
    const across = columns + ring.left + ring.right;
    place.replaceChildren(
      ...Array.from({ length: planes }, (_, plane) => {
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
            if (inside) cells[index] = cell;
            else padding.set(`${plane} ${row} ${column}`, cell);
            line.append(cell);
          }
          grid.append(line);
        }
        grid.style.setProperty("--columns", String(across));
        return h(
          "div",
          { class: "plane-place" },
          ...(planes > 1 ? [h("span", { class: "plane-name note", dataset: { plane } })] : []),
          grid,
        );
      }),
    );
    const sideOf = (/** @type {number} */ count) => Math.floor((room - count * PLANE_GAP) / (across * count)) - GAP;
    const abreast = shape.length === 4 ? shape[1] : planes > 1 && sideOf(planes) < EASY ? 2 : planes;
    const side = sideOf(abreast);
    element.style.setProperty("--across", String(across));
    element.style.setProperty(
      "--wanted",
      `${Math.max(SMALLEST, Math.min(planes > 1 ? LARGEST_OF_SEVERAL : LARGEST, side))}px`,
    );
    place.classList.toggle("by-channels", shape.length === 4);
    place.style.setProperty("--abreast", String(abreast));
    current = Math.min(current, cells.length - 1);
    namePlanes();
  }

  function namePlanes() {
    const { shape } = shown;
    const head = shape.slice(0, -2);
    [...place.children].forEach((plane, k) => {
      const index = unravel(k, head);
      const words =
        head.length === 2 ? t(planeSays, { o: index[0], c: index[1] }) : t("arithmetic.plane", { c: index[0] ?? 0 });
      plane.querySelector(".plane-name")?.replaceChildren(words);
      plane
        .querySelector(".plane")
        ?.setAttribute("aria-label", `${letter}, ${t(says)}${place.children.length > 1 ? `, ${words}` : ""}`);
    });
  }

  function paint() {
    const { values, written, unread, lit, around, shape, ring } = shown;
    const shade = shades(name, values);
    cells.forEach((cell, k) => {
      if (cell.querySelector("input")) return;
      const there = !written || written[k];
      const mark = lit.get(k) ?? "";
      const text = !there ? "·" : Number.isFinite(values[k]) ? fitted(values[k], 5) : short(values[k]);
      const kind = `entry${text.length > 3 ? " long" : ""}${there ? "" : " pending"}${unread && !unread[k] ? " unread" : ""}${mark ? ` ${mark}` : ""}`;
      if (cell.className !== kind) cell.className = kind;
      if (there) paintCell(cell, shade(values[k]), text);
      else {
        cell.textContent = text;
        cell.style.backgroundColor = cell.style.color = "";
        delete cell.dataset.fill;
      }
      const index = unravel(k, shape);
      const state = !there
        ? t("arithmetic.cell.pending")
        : `${short(values[k], 7)}${unread && !unread[k] ? `, ${t("arithmetic.cell.unread")}` : ""}`;
      const label = t("arithmetic.cell", { cell: letter + indexName(index, shape), value: state });
      if (cell.title !== label) {
        cell.title = label;
        cell.setAttribute("aria-label", label);
      }
      cell.setAttribute("aria-selected", String(mark.includes("target")));
      cell.tabIndex = k === current ? 0 : -1;
    });
    for (const [key, cell] of padding) {
      const kind = `entry padding ${around.get(key) ?? ""}`;
      if (cell.className !== kind) cell.className = kind;
      const [plane, row, column] = key.split(" ").map(Number);
      const text = ring.value ? fitted(ring.value(plane, row, column), 5) : "0";
      if (cell.textContent !== text) cell.textContent = text;
    }
  }

  /** @param {number} index */
  function go(index) {
    cells[current].tabIndex = -1;
    current = index;
    cells[current].tabIndex = 0;
    cells[current].focus({ preventScroll: true });
  }

  /** Change by a drag or a key, where the number may stand here. @param {number} index @param {number} value @param {unknown} gesture */
  function change(index, value, gesture) {
    if (refuse(value) === null) onedit?.(index, value, gesture);
  }

  /** @param {number} index @param {string} [typed] what was typed already */
  function edit(index, typed) {
    const cell = cells[index];
    typeInto(cell, {
      frame: element,
      message,
      refuse,
      text: typed ?? String(tidy(shown.values[index])),
      fresh: typed === undefined,
      onclose(value, back) {
        delete cell.dataset.fill;
        if (value !== null && value !== shown.values[index]) onedit?.(index, value, null);
        else paint();
        if (back) go(index);
      },
    });
  }

  place.addEventListener("pointerover", (/** @type {Event} */ event) => {
    const index = indexOf(event);
    if (index >= 0 && !drag) onhover(name, index);
  });
  place.addEventListener("pointerleave", () => onhover(name, null));
  place.addEventListener("focusin", (/** @type {Event} */ event) => {
    const index = indexOf(event);
    if (index < 0) return;
    cells[current].tabIndex = -1;
    current = index;
    cells[current].tabIndex = 0;
    if (/** @type {HTMLElement} */ (event.target).matches(":focus-visible")) onhover(name, index);
  });
  place.addEventListener("focusout", () => onhover(name, null));
  place.addEventListener("click", (/** @type {Event} */ event) => {
    const index = indexOf(event);
    if (index >= 0) onpick?.(index);
  });

  /** The same place in the plane, by a key; null for keys that do not walk. @param {string} key */
  function walked(key) {
    const { rows, columns } = planesOf(shown.shape);
    const area = rows * columns;
    const next = cellAfter(key, current % area, rows, columns);
    return next === null ? null : current - (current % area) + next;
  }

  place.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const { key } = event;
    const control = event.ctrlKey || event.metaKey;
    const next = control ? null : walked(key);
    if (next !== null && (editable || onpick)) {
      go(next);
      onpick?.(next);
    } else if (control || !editable) return;
    else if (key === "PageUp" || key === "PageDown")
      change(current, tidy(shown.values[current] + stepOf(event) * (key === "PageUp" ? 1 : -1)), null);
    else if (key === "Delete" || key === "Backspace") change(current, 0, null);
    else if (key === "Enter" || key === "F2") edit(current);
    else if (/^[\d.,+−-]$/.test(key)) edit(current, key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  if (editable) {
    place.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      const index = indexOf(event);
      if (index < 0 || drag || (event.pointerType === "mouse" && event.button !== 0)) return;
      event.preventDefault();
      go(index);
      drag = { index, pointer: event.pointerId, from: event.clientX, gesture: {}, moved: false };
      cells[index].setPointerCapture(event.pointerId);
    });
    place.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (event.pointerId !== drag?.pointer) return;
      const { change: by, from } = dragged(drag.from, event.clientX, stepOf(event));
      drag.from = from;
      if (by) change(drag.index, tidy(shown.values[drag.index] + by), drag.gesture);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      place.addEventListener(end, (/** @type {PointerEvent} */ event) => {
        if (event.pointerId === drag?.pointer) drag = null;
      });
    }
    place.addEventListener("dblclick", (/** @type {Event} */ event) => {
      const index = indexOf(event);
      if (index >= 0) edit(index);
    });
  }

  return {
    element,
    /** @param {Shown} next */
    show(next) {
      shown = next;
      title.replaceChildren(h("b", {}, letter), ` ${t(says)} `, h("span", { class: "note" }, next.shape.join(" × ")));
      build();
      namePlanes();
      paint();
    },
    /** Make a cell the one that Tab reaches. @param {number} index */
    enter(index) {
      if (index < 0 || index >= cells.length || cells[current] === document.activeElement) return;
      cells[current].tabIndex = -1;
      current = index;
      cells[current].tabIndex = 0;
    },
    repaint() {
      for (const cell of cells) delete cell.dataset.fill;
      paint();
    },
  };
}
