/** The opened cell of the result: it follows the pointer until it is held, and the magnifier shows its sum. */

import { termsOf } from "../lib/conv.js";
import { colourOf, shown } from "../lib/shading.js";
import { page } from "../parts/page.js";

/** The cell opened at first, in parts of the picture: the edge of the landscape's sun. */
const FIRST = [0.3, 0.722];

/** @typedef {{ y: number, x: number }} Cell */

/**
 * @param {{ painting: ReturnType<typeof import("./painting.js").createPainting>, magnifier: ReturnType<typeof import("./magnifier.js").createMagnifier>,
 *   screens: () => { input: import("./screen.js").Screen, output: import("./screen.js").Screen }, view: () => { stage: import("../lib/kernels_state.js").Stage, link: import("./chain.js").Link | null },
 *   busy: () => boolean, onhold: (cell: Cell | null) => void }} options
 * `busy`: a frame is due that opens the cell anyway; `onhold` gets the cell that is held, or null
 */
export function createLooking({ painting, magnifier, screens, view, busy, onhold }) {
  /** @type {Cell | null} */
  let cell = null;
  let [pinned, lit, due] = [false, -1, 0];

  const laid = () => view().link?.laid ?? null;

  /** The output cell whose window has its centre at or before an input element. @param {number} at @param {"rows" | "columns"} axis */
  function under(at, axis) {
    const geometry = laid()?.geometry;
    if (!geometry) return 0;
    const { before, span, stride, output } = geometry[axis];
    return Math.min(output - 1, Math.max(0, Math.round((at + before - Math.floor((span - 1) / 2)) / stride)));
  }

  function open() {
    const { stage, link } = view();
    const layout = link?.laid;
    if (!layout || !link) {
      for (const screen of Object.values(screens())) screen.mark(null, false);
      magnifier.show(null);
      return;
    }
    const { geometry, kernel, planes } = layout;
    const { rows, columns } = geometry;
    cell ??= {
      y: under(Math.round(FIRST[0] * rows.size), "rows"),
      x: under(Math.round(FIRST[1] * columns.size), "columns"),
    };
    const [y, x] = [Math.min(cell.y, rows.output - 1), Math.min(cell.x, columns.output - 1)];
    const { before, after } = painting.looks;
    const each = planes.map((plane) => termsOf(plane, kernel, geometry, y, x));
    const values = each.map(({ sum }) => sum / link.divisor + stage.bias);
    const colours = each[0].terms.map((_, k) =>
      colourOf(
        each.map(({ terms }) => terms[k].value),
        before.show,
        before.extent,
        page.get("dark"),
      ),
    );
    const spot = lit < 0 ? null : each[0].terms[lit];
    const [top, left] = [y * rows.stride - rows.before, x * columns.stride - columns.before];
    screens().input.mark(
      spot
        ? { row: spot.row, column: spot.column, rows: 1, columns: 1 }
        : { row: top, column: left, rows: rows.span, columns: columns.span },
      pinned,
    );
    screens().output.mark({ row: y, column: x, rows: 1, columns: 1 }, pinned);
    magnifier.show({
      y,
      x,
      pinned,
      terms: each.map(({ terms }) => terms),
      sums: each.map(({ sum }) => sum),
      values,
      colours,
      levels:
        values.length === 1 && after.show === "signed"
          ? null
          : values.map((value) => shown(value, after.show, after.extent)),
      colour: colourOf(values, after.show, after.extent, page.get("dark")),
      divisor: link.divisor,
      bias: stage.bias,
      rows: kernel.rows,
      columns: kernel.columns,
      flip: stage.flip,
    });
  }

  function schedule() {
    due ||= requestAnimationFrame(() => {
      due = 0;
      if (!busy()) open();
    });
  }

  /** @param {boolean} held */
  function hold(held) {
    pinned = held;
    onhold(held ? cell : null);
    schedule();
  }

  return {
    open,

    /** Another picture: what was opened is of no interest, unless the sizes are the same. */
    forget() {
      [cell, pinned] = [null, false];
    },

    /** Hold the cell that the page's state names, or none. @param {Cell | null} wanted */
    follow(wanted) {
      if (pinned ? wanted?.y === cell?.y && wanted?.x === cell?.x : !wanted) return;
      [cell, pinned] = [wanted ?? cell, wanted !== null];
      schedule();
    },

    /** @param {number} y @param {number} x */
    point(y, x) {
      if (pinned || !laid()) return;
      cell = { y, x };
      schedule();
    },

    /** @param {number} row @param {number} column of the picture before the kernel */
    pointUnder(row, column) {
      this.point(under(row, "rows"), under(column, "columns"));
    },

    pin: () => hold(!pinned),

    /** Light up one tap of the kernel as applied, −1 for none. @param {number} tap */
    light(tap) {
      lit = tap;
      schedule();
    },

    /** @param {KeyboardEvent} event */
    walk(event) {
      const geometry = laid()?.geometry;
      if (!geometry || !cell) return;
      const step = event.shiftKey ? 10 : 1;
      const { rows, columns } = geometry;
      /** @type {Record<string, [number, number]>} */
      const moves = {
        ArrowLeft: [0, -step],
        ArrowRight: [0, step],
        ArrowUp: [-step, 0],
        ArrowDown: [step, 0],
        PageUp: [-10, 0],
        PageDown: [10, 0],
        Home: [0, -columns.output],
        End: [0, columns.output],
      };
      const move = moves[event.key];
      if (move) {
        cell = {
          y: Math.min(rows.output - 1, Math.max(0, cell.y + move[0])),
          x: Math.min(columns.output - 1, Math.max(0, cell.x + move[1])),
        };
        hold(true);
      } else if (event.key === "Enter" || event.key === " ") hold(!pinned);
      else if (event.key === "Escape") hold(false);
      else return;
      event.preventDefault();
    },
  };
}
