/** What pointer and keyboard do to the cells of a tensor. */

import { cellAfter, dragged, tidy } from "../lib/editing.js";
import { planesOf } from "../lib/planes.js";
import { keyed, stepOf } from "./cell_keys.js";

/**
 * @typedef {{
 *   shape: () => number[], current: () => number, value: (index: number) => number, go: (index: number) => void, enter: (index: number) => void,
 *   hover: (index: number | null) => void, pick?: (index: number) => void, change: (index: number, value: number, gesture: unknown) => void,
 *   type: (index: number, typed?: string) => void,
 * }} Cells
 * `go` moves the focus to a cell, `enter` says that it came there; `change` is one of a drag or a key, `type` opens a cell for typing
 */

/** The index of the cell that an event is about, or −1. @param {Event} event */
function indexOf(event) {
  const cell = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest?.("[data-index]"));
  return cell ? Number(cell.dataset.index) : -1;
}

/** @param {HTMLElement} place of the cells @param {boolean} editable @param {Cells} cells */
export function listenToCells(place, editable, cells) {
  const dragging = editable ? listenToDrags(place, cells) : () => false;
  place.addEventListener("pointerover", (event) => {
    const index = indexOf(event);
    if (index >= 0 && !dragging()) cells.hover(index);
  });
  place.addEventListener("pointerleave", () => cells.hover(null));
  place.addEventListener("focusin", (event) => {
    const index = indexOf(event);
    if (index < 0) return;
    cells.enter(index);
    if (/** @type {HTMLElement} */ (event.target).matches(":focus-visible")) cells.hover(index);
  });
  place.addEventListener("focusout", () => cells.hover(null));
  place.addEventListener("click", (event) => {
    const index = indexOf(event);
    if (index >= 0) cells.pick?.(index);
  });

  /** The cell of the same plane that a key walks to. @param {string} key */
  function next(key) {
    if (!editable && !cells.pick) return null;
    const { rows, columns } = planesOf(cells.shape());
    const at = cells.current() % (rows * columns);
    const found = cellAfter(key, at, rows, columns);
    return found === null ? null : cells.current() - at + found;
  }

  place.addEventListener("keydown", (event) => {
    const current = cells.current();
    keyed(event, {
      next,
      go(index) {
        cells.go(index);
        cells.pick?.(index);
      },
      value: cells.value(current),
      change: editable ? (value) => cells.change(current, value, null) : null,
      type: (typed) => cells.type(current, typed),
    });
  });
}

/** Dragging a number sideways, a double click to type it. @param {HTMLElement} place @param {Cells} cells @returns {() => boolean} whether one is dragged */
function listenToDrags(place, cells) {
  /** @type {{ index: number, pointer: number, from: number, gesture: object } | null} */
  let drag = null;
  place.addEventListener("pointerdown", (event) => {
    const index = indexOf(event);
    if (index < 0 || drag || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    cells.go(index);
    drag = { index, pointer: event.pointerId, from: event.clientX, gesture: {} };
    /** @type {HTMLElement} */ (place.querySelector(`[data-index="${index}"]`)).setPointerCapture(event.pointerId);
  });
  place.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.pointer) return;
    const { change, from } = dragged(drag.from, event.clientX, stepOf(event));
    drag.from = from;
    if (change) cells.change(drag.index, tidy(cells.value(drag.index) + change), drag.gesture);
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"]))
    place.addEventListener(end, (event) => {
      if (event.pointerId === drag?.pointer) drag = null;
    });
  place.addEventListener("dblclick", (event) => {
    const index = indexOf(event);
    if (index >= 0) cells.type(index);
  });
  return () => drag !== null;
}
