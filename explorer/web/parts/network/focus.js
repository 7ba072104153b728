/** What is read of the network: the cell that is pointed at, or else the one that is kept in view; marked, told and outlined. */

import { fieldsOf } from "../../lib/field.js";

/** @typedef {import("./column.js").Column} Column */
/** @typedef {import("../../lib/layout.js").Cell} Cell */
/** @typedef {import("../../lib/link.js").Place} Place */
/** @typedef {import("../../lib/field.js").Block} Block */
/** @typedef {Record<string, import("../../lib/field.js").Relation>[]} Geometry */

/**
 * @param {{ columns: () => Column[], reading: ReturnType<typeof import("./reading.js").createReading>,
 *   legend: ReturnType<typeof import("./legend.js").createLegend>, peak: () => number, onfield: (blocks: Block[] | null) => void }} options
 *   `peak`: the largest |value| of the network; `onfield` with the input cells that the cell is made of
 */
export function createFocus({ columns, reading, legend, peak, onfield }) {
  /** The cell under the pointer. @type {{ column: Column, cell: Cell } | null} */
  let pointed = null;
  /** The cell that is read while none is pointed at. @type {Place | null} */
  let pinned = null;
  /** @type {Geometry} */
  let geometry = [];
  /** Which cell is outlined now, in which maps. */
  let outlined = "";
  /** The input cells that it is made of. @type {Block[] | null} */
  let inkField = null;

  /** The column of a step. @param {number} index */
  const columnOf = (index) => /** @type {Column | undefined} */ (columns()[index + 1]);

  /** What is read: the pointed cell, or else the pinned one. */
  function told() {
    if (pointed || !pinned) return pointed;
    const column = columnOf(pinned.step);
    const cell = column?.cellOf(pinned.cell);
    return column && cell ? { column, cell } : null;
  }

  /** Read the cell again, as the maps are now. */
  function retell() {
    const now = told();
    const found = now && now.column.read(now.cell);
    const home = pinned && columnOf(pinned.step);
    for (const column of columns()) column.mark(null);
    if (pinned && home) home.mark(home.cellOf(pinned.cell));
    if (!now || !found) {
      reading.rest();
      legend.rest();
    } else {
      now.column.mark(now.cell);
      reading.cell(now.column, found, !pointed);
      legend.mark(now.column.scaled(), found, legend.scope === "network" ? peak() : now.column.peak);
    }
    const index = now ? now.column.indexOf(now.cell) : (pinned?.cell ?? null);
    outlineFields(index && { step: now ? now.column.step.index : /** @type {Place} */ (pinned).step, cell: index });
  }

  /**
   * Outline, in every other column on screen, what a cell is made of and what it influences.
   * @param {{ step: number, cell: number[] } | null} place
   */
  function outlineFields(place) {
    const known = place && columnOf(place.step)?.step.shape;
    const inside = place && known?.length === place.cell.length && known.every((size, axis) => place.cell[axis] < size);
    const now = inside
      ? [place.step, place.cell, ...columns().map((column) => column.visible && column.standing)].join()
      : "";
    if (now === outlined) return;
    outlined = now;
    const shapeOf = (/** @type {number} */ index) => columns()[index + 1].step.shape;
    const found = inside ? fieldsOf(geometry, shapeOf, place.step, place.cell) : null;
    for (const column of columns()) {
      const sources = found?.sources.get(column.step.index);
      const blocks = sources ?? found?.influence.get(column.step.index) ?? [];
      column.outline(column.visible ? blocks : [], sources ? "made" : "makes");
    }
    inkField = found?.sources.get(-1) ?? null;
    onfield(inkField);
  }

  return {
    retell,

    get pinned() {
      return pinned;
    },
    /** The cell under the pointer. */
    get pointed() {
      return pointed;
    },

    /** Another network: nothing is pointed at. @param {Geometry} next */
    describe(next) {
      [geometry, pointed] = [next, null];
    },

    /** What was drawn over the maps is gone. */
    spoil() {
      outlined = "?";
    },

    /** The drawing is another one. */
    refresh() {
      retell();
      if (inkField) onfield(inkField); // the ink under the same input cells has moved
    },

    /** @param {Column} column @param {Cell | null} cell */
    point(column, cell) {
      if (!cell && pointed && pointed.column !== column) return;
      pointed = cell && { column, cell };
      retell();
    },

    /** What was pointed at by touch is chosen. */
    lift() {
      pointed = null;
    },

    /** @param {Place | null} place */
    pin(place) {
      pinned = place;
      retell();
    },
  };
}
