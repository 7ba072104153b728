/**
 * One tensor of many elements as canvases, a canvas for each plane: the same as grid.js for what is too large to have a cell of
 * the page for each number. The value under the pointer, or under the cursor that the arrows move, is read out above.
 */

import { h } from "../parts/dom.js";
import { cellAfter, tidy } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { size, unravel } from "../lib/visits.js";
import { planesOf } from "../lib/planes.js";
import { keyed } from "./cell_keys.js";
import { createLegend } from "./legend.js";
import { shadingOf } from "./paint.js";
import { acrossOf, createSheet } from "./sheet.js";
import { titleOf } from "./tensor_title.js";
import { typeInto } from "./typing.js";
import { indexName } from "./words.js";

/** More elements than this are drawn, and more planes. */
const [MANY, MANY_PLANES] = [400, 8];

/** Whether a tensor is drawn instead of built of cells. @param {number[]} shape */
export const isMany = (shape) => size(shape) > MANY || planesOf(shape).planes > MANY_PLANES;
/** Sides of a cell and the height of a plane, in pixels: the least, the largest, the height that fits on a screen. */
const [SMALLEST, LARGEST, TALLEST] = [4, 30, 460];
/** Planes abreast for each one below another, and the gap between them, in pixels. */
const [WIDE, PLANE_GAP] = [1.6, 12];
/** What the page keeps free at its sides, in pixels. */
const MARGIN = 60;

/**
 * @param {{
 *   name: string, editable: boolean, letter: string, says: string, onhover?: (name: string, index: number | null) => void,
 *   onedit?: (index: number, value: number, gesture: unknown) => void, onpick?: (index: number) => void,
 * }} options as those of a grid
 */
export function createMap({ name, editable, letter, says, onhover = () => {}, onedit, onpick }) {
  const title = h("h3", { class: "tensor-title" });
  const reading = h("p", { class: "note map-reading", role: "status" });
  const place = h("div", { class: "tensor-planes map-planes" });
  const message = h("p", { class: "tap-message", role: "alert", hidden: true });
  const overlay = h("div", { class: "map-cell", hidden: true });
  const legend = createLegend();
  const element = h(
    "figure",
    { class: "tensor", dataset: { tensor: name } },
    title,
    place,
    legend.element,
    reading,
    message,
  );
  /** @type {import("./grid.js").Shown | null} */
  let shown = null;
  /** @type {{ sheet: ReturnType<typeof createSheet>, frame: HTMLElement }[]} */
  let planes = [];
  let built = "";
  /** What the pictures show. @type {unknown[]} */
  let painted = [];
  let cursor = 0;

  const area = () => {
    const { rows, columns } = planesOf(/** @type {import("./grid.js").Shown} */ (shown).shape);
    return { rows, columns, size: rows * columns };
  };

  /** @param {number} index */
  function read(index) {
    if (!shown) return;
    const there = !shown.written || shown.written[index];
    reading.textContent = t("arithmetic.cell", {
      cell: letter + indexName(unravel(index, shown.shape), shown.shape),
      value: there ? short(shown.values[index], 7) : t("arithmetic.cell.pending"),
    });
    Object.assign(reading.dataset, { at: index, value: there ? shown.values[index] : "" });
    legend.point(there ? shown.values[index] : null);
  }

  /** @param {number} plane @param {MouseEvent} event */
  function indexAt(plane, event) {
    const found = planes[plane].sheet.cellAt(event);
    return found ? plane * area().size + found[0] * area().columns + found[1] : null;
  }

  function build() {
    const { shape, ring, room } = /** @type {import("./grid.js").Shown} */ (shown);
    const key = JSON.stringify([shape, ring, room]);
    if (key === built) return;
    built = key;
    painted = [];
    const { planes: count, rows, columns } = planesOf(shape);
    cursor = Math.min(cursor, count * rows * columns - 1);
    planes = Array.from({ length: count }, (_, plane) => {
      const label = () => `${letter}, ${t(says)}, ${rows} × ${columns}`;
      const sheet = createSheet({
        tabindex: 0,
        role: "img",
        "aria-label": label(),
        dataset: { plane },
        onpointermove: (/** @type {PointerEvent} */ event) => point(indexAt(plane, event)),
        onpointerleave: () => point(null),
        onclick: (/** @type {MouseEvent} */ event) => pick(indexAt(plane, event)),
        ondblclick: (/** @type {MouseEvent} */ event) => {
          const index = indexAt(plane, event);
          if (index !== null && editable) edit(index);
        },
        onfocus: () => {
          if (Math.floor(cursor / (rows * columns)) !== plane) cursor = plane * rows * columns;
          read(cursor);
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => walk(plane, event),
      });
      return { sheet, frame: h("div", { class: "map-frame" }, sheet.element) };
    });
    place.replaceChildren(...planes.map(({ frame }) => frame));
  }

  /** @param {number | null} index */
  function point(index) {
    onhover(name, index);
    if (index !== null) read(index);
  }

  /** @param {number | null} index */
  function pick(index) {
    if (index === null) return;
    cursor = index;
    read(index);
    onpick?.(index);
  }

  /** @param {number} plane @param {KeyboardEvent} event */
  function walk(plane, event) {
    const { rows, columns, size } = area();
    keyed(event, {
      next(key) {
        const found = cellAfter(key, cursor - plane * size, rows, columns);
        return found === null ? null : plane * size + found;
      },
      go(index) {
        onhover(name, index);
        pick(index);
      },
      value: shown?.values[cursor] ?? 0,
      change: editable ? (value) => onedit?.(cursor, value, null) : null,
      type: (typed) => edit(cursor, typed),
    });
  }

  /** @param {number} index @param {string} [typed] what was typed already */
  function edit(index, typed) {
    const { columns, size } = area();
    const { sheet, frame } = planes[Math.floor(index / size)];
    const { left, top, side } = sheet.placeOf(Math.floor((index % size) / columns), index % columns);
    frame.append(overlay);
    overlay.hidden = false;
    Object.assign(overlay.style, { left: `${left + side / 2}px`, top: `${top + side / 2}px` });
    typeInto(overlay, {
      frame: element,
      message,
      text: typed ?? String(tidy(shown?.values[index] ?? 0)),
      fresh: typed === undefined,
      onclose(value, back) {
        overlay.hidden = true;
        if (value !== null && value !== shown?.values[index]) onedit?.(index, value, null);
        if (back) sheet.element.focus({ preventScroll: true });
      },
    });
  }

  function draw() {
    if (!shown) return;
    const { shape, values, written, unread, lit, around, ring, room } = shown;
    const { rows, columns } = planesOf(shape);
    const size = rows * columns;
    const count = written ? written.reduce((all, one) => all + one, 0) : -1;
    const now = [values, count, unread, built];
    const fresh = now.some((each, k) => each !== painted[k]);
    painted = now;
    const shading = shadingOf(name, values);
    if (fresh) legend.show(shading);
    const across = Math.min(room, document.documentElement.clientWidth - MARGIN);
    const abreast = Math.ceil(Math.sqrt(planes.length * WIDE));
    const side = Math.max(
      SMALLEST,
      Math.min(
        LARGEST,
        Math.floor((across / abreast - PLANE_GAP) / (columns + ring.left + ring.right)),
        Math.floor(TALLEST / rows),
      ),
    );
    planes.forEach(({ sheet }, plane) => {
      const [from, to] = [plane * size, (plane + 1) * size];
      const part = (/** @type {any} */ list) => list?.slice(from, to);
      const placeOf = (/** @type {number} */ row, /** @type {number} */ column) =>
        (row + ring.top) * acrossOf({ columns, ring }) + column + ring.left;
      /** @type {Map<number, string>} */
      const marks = new Map();
      for (const [index, kind] of lit)
        if (index >= from && index < to)
          marks.set(placeOf(Math.floor((index - from) / columns), (index - from) % columns), kind);
      for (const [key, kind] of around) {
        const [of, row, column] = key.split(" ").map(Number);
        if (of === plane) marks.set(placeOf(row, column), kind);
      }
      sheet.show(
        {
          rows,
          columns,
          values: part(values),
          shade: shading.shade,
          ring,
          written: part(written),
          unread: part(unread),
          side,
          marks,
        },
        fresh,
      );
    });
  }

  return {
    element,
    /** @param {import("./grid.js").Shown} next */
    show(next) {
      shown = next;
      title.replaceChildren(...titleOf(letter, says, next.shape));
      build();
      draw();
    },
    /** Put the cursor on a cell. @param {number} index */
    enter(index) {
      if (!shown || index < 0 || element.contains(document.activeElement)) return;
      cursor = index;
      read(index);
    },
    repaint() {
      painted = [];
      draw();
    },
  };
}
