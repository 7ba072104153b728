/**
 * One tensor as grids of cells, a grid for each plane, padding around it where a window may lie. Cells can be walked by
 * keyboard, pointed at, and of some tensors edited: dragged sideways, typed into.
 */

import { tidy } from "../lib/editing.js";
import { NO_RING, planesOf } from "../lib/planes.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { buildCells, namePlanes, paintCells } from "./grid_cells.js";
import { listenToCells } from "./grid_events.js";
import { titleOf } from "./tensor_title.js";
import { typeInto } from "./typing.js";
import { LETTERS } from "./words.js";

/** @typedef {import("../lib/arithmetic.js").Name} Name */
/**
 * `written`: which values are there yet; `lit`: marks of cells by index; `around`: marks of padding cells by "plane row column"; `room`: width to stay within, in pixels.
 * @typedef {{ shape: number[], values: ArrayLike<number>, written?: Uint8Array, unread?: Uint8Array, lit: Map<number, string>, around: Map<string, string>, ring: import("../lib/arithmetic.js").Ring, room: number }} Shown
 */

/** Sides of a cell: the least, one that reads easily, the largest of several planes, the largest; gaps of cells and planes, in pixels. */
const [SMALLEST, EASY, LARGEST_OF_SEVERAL, LARGEST, GAP, PLANE_GAP] = [24, 28, 38, 46, 2, 14];

/** How many planes stand side by side, and the side of a cell that the room allows. @param {Pick<Shown, "shape" | "ring" | "room">} shown */
export function layoutOf({ shape, ring, room }) {
  const { planes, columns } = planesOf(shape);
  const across = columns + ring.left + ring.right;
  const sideOf = (/** @type {number} */ count) => Math.floor((room - count * PLANE_GAP) / (across * count)) - GAP;
  const abreast = shape.length === 4 ? shape[1] : planes > 1 && sideOf(planes) < EASY ? 2 : planes;
  const largest = planes > 1 ? LARGEST_OF_SEVERAL : LARGEST;
  return { across, abreast, side: Math.max(SMALLEST, Math.min(largest, sideOf(abreast))) };
}

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
  /** @type {import("./grid_cells.js").Built} */
  let built = { planes: [], cells: [], padding: new Map() };
  let key = "";
  let current = 0;

  function build() {
    const { shape, ring, room } = shown;
    const wanted = JSON.stringify([shape, ring, room]);
    if (key === wanted) return;
    key = wanted;
    built = buildCells(shape, ring, editable);
    place.replaceChildren(...built.planes);
    const { across, abreast, side } = layoutOf(shown);
    element.style.setProperty("--across", String(across));
    element.style.setProperty("--wanted", `${side}px`);
    place.classList.toggle("by-channels", shape.length === 4);
    place.style.setProperty("--abreast", String(abreast));
    current = Math.min(current, built.cells.length - 1);
  }

  const paint = () => paintCells(built, shown, { name, letter, current });

  /** Make a cell the one that Tab reaches. @param {number} index */
  function enter(index) {
    built.cells[current].tabIndex = -1;
    current = index;
    built.cells[current].tabIndex = 0;
  }

  /** @param {number} index */
  function go(index) {
    enter(index);
    built.cells[current].focus({ preventScroll: true });
  }

  /** @param {number} index @param {string} [typed] what was typed already */
  function type(index, typed) {
    const cell = built.cells[index];
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

  listenToCells(place, editable, {
    shape: () => shown.shape,
    current: () => current,
    value: (index) => shown.values[index],
    go,
    enter,
    hover: (index) => onhover(name, index),
    pick: onpick,
    change(index, value, gesture) {
      if (refuse(value) === null) onedit?.(index, value, gesture);
    },
    type,
  });

  return {
    element,
    /** @param {Shown} next */
    show(next) {
      shown = next;
      title.replaceChildren(...titleOf(letter, says, next.shape));
      build();
      namePlanes(built.planes, shown.shape, `${letter}, ${t(says)}`, planeSays);
      paint();
    },
    /** Make a cell the one that Tab reaches, unless somebody is there. @param {number} index */
    enter(index) {
      if (index >= 0 && index < built.cells.length && built.cells[current] !== document.activeElement) enter(index);
    },
    repaint() {
      for (const cell of built.cells) delete cell.dataset.fill;
      paint();
    },
  };
}
