/**
 * The kernel as a grid of cells: drag one sideways to change it, type into it, walk with the arrow keys. A kernel that
 * is a column times a row shows both beside it.
 */

import { h } from "../parts/dom.js";
import { cellAfter, dragged, fitted, parsed, stepOf, tidy } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { diverging, paintCell, peakOf } from "../parts/swatch.js";

/** Of the cells, in pixels; the smallest where there is room for it, whatever the height. */
const [LARGEST_CELL, SMALLEST_CELL] = [112, 23];
/** The grid with its row of factors is as high as the window leaves it beside all else, within bounds in pixels. */
const [ELSE, LOWEST, TALLEST] = [630, 250, 420];
/** Height of the row of factors in cells, and of the gap above it in pixels. */
const [FACTORS, GAP] = [0.55, 10];
/** Width of one digit in parts of the font size. */
const DIGIT = 0.62;
const MOST_DIGITS = 5;

/**
 * @param {{ onedit: (index: number, value: number, gesture: unknown) => void, ontravel: (direction: "undo" | "redo") => void }} options
 * `gesture`: edits with the same one are one step of undo
 */
export function createEditor({ onedit, ontravel }) {
  const grid = h("div", {
    class: "taps",
    role: "grid",
    dataset: { i18nAria: "kernels.editor.label" },
    "aria-describedby": "kernels-editor-keys",
  });
  const [down, across] = [
    h("div", { class: "taps-down", "aria-hidden": "true" }),
    h("div", { class: "taps-across", "aria-hidden": "true" }),
  ];
  const message = h("p", { class: "tap-message", role: "alert", hidden: true });
  const frame = h(
    "div",
    { class: "taps-frame" },
    grid,
    down,
    across,
    h("span", { class: "taps-corner", "aria-hidden": "true" }, "×"),
    message,
  );
  /** @type {import("../lib/conv.js").Kernel} */
  let kernel = { rows: 0, columns: 0, values: [] };
  /** @type {HTMLElement[]} */
  let cells = [];
  /** What each cell shows, "" when it is to be painted anew: most frames change one. @type {string[]} */
  let painted = [];
  let current = 0;
  let digits = 5;
  /** @type {{ index: number, pointer: number, from: number, gesture: object } | null} */
  let drag = null;

  const indexOf = (/** @type {Event} */ event) =>
    cells.indexOf(/** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest(".tap")));

  function build() {
    grid.replaceChildren();
    cells = [];
    for (let i = 0; i < kernel.rows; i++) {
      const row = h("div", { role: "row", class: "tap-row" });
      for (let j = 0; j < kernel.columns; j++) {
        const cell = h("div", { class: "tap", role: "gridcell", tabindex: -1 });
        cells.push(cell);
        row.append(cell);
      }
      grid.append(row);
    }
    painted = cells.map(() => "");
    current = Math.min(current, cells.length - 1);
    cells[current].tabIndex = 0;
    grid.style.setProperty("--columns", String(kernel.columns));
    down.replaceChildren(...Array.from({ length: kernel.rows }, () => h("span", { class: "factor" })));
    across.replaceChildren(...Array.from({ length: kernel.columns }, () => h("span", { class: "factor" })));
    size();
  }

  /** The cells as large as the frame's width and the window's height allow, the numbers as large as the cells do. */
  function size() {
    const width = /** @type {HTMLElement} */ (frame.parentElement)?.clientWidth;
    if (!width) return;
    const height = Math.max(LOWEST, Math.min(TALLEST, innerHeight - ELSE));
    const across = Math.floor((width - 12 - kernel.columns) / (kernel.columns + 1));
    const down = Math.max(SMALLEST_CELL, Math.floor((height - GAP - kernel.rows) / (kernel.rows + FACTORS)));
    const side = Math.max(16, Math.min(LARGEST_CELL, across, down));
    const font = Math.max(8, Math.min(9, side * 0.34), Math.min(22, (side - 6) / (MOST_DIGITS * DIGIT)));
    frame.parentElement?.style.setProperty("--height", `${height}px`);
    digits = Math.min(MOST_DIGITS, Math.max(3, Math.floor((side - 3) / (font * DIGIT))));
    frame.style.setProperty("--side", `${side}px`);
    frame.style.setProperty("--font", `${font}px`);
  }
  new ResizeObserver(() => {
    size();
    paint();
  }).observe(frame);

  /** @param {import("../lib/conv.js").Kernel} next @param {{ vertical: number[], horizontal: number[] } | null} factors */
  function show(next, factors) {
    const reshaped = next.rows !== kernel.rows || next.columns !== kernel.columns;
    kernel = next;
    if (reshaped) build();
    frame.classList.toggle("separable", factors !== null);
    for (const [place, values] of /** @type {[HTMLElement, number[] | undefined][]} */ ([
      [down, factors?.vertical],
      [across, factors?.horizontal],
    ])) {
      values?.forEach((value, k) =>
        paintCell(
          /** @type {HTMLElement} */ (place.children[k]),
          diverging(value, peakOf(values)),
          fitted(value, digits),
        ),
      );
    }
    paint();
  }

  function paint() {
    const peak = peakOf(kernel.values);
    kernel.values.forEach((value, k) => {
      const cell = cells[k];
      const wanted = `${value} ${peak} ${digits}`;
      if (painted[k] === wanted || cell.querySelector("input")) return;
      painted[k] = wanted;
      paintCell(cell, diverging(value, peak), fitted(value, digits));
      cell.title = t("kernels.editor.cell", {
        row: Math.floor(k / kernel.columns),
        column: k % kernel.columns,
        value: short(value, 6),
      });
      cell.setAttribute("aria-label", cell.title);
    });
  }

  /** @param {number} index */
  function go(index) {
    cells[current].tabIndex = -1;
    current = index;
    cells[current].tabIndex = 0;
    cells[current].focus({ preventScroll: false });
  }

  /** @param {number} index @param {string} [typed] what was typed already */
  function edit(index, typed) {
    const cell = cells[index];
    const input = h("input", {
      class: "tap-input",
      inputmode: "decimal",
      autocomplete: "off",
      "aria-label": cell.getAttribute("aria-label"),
    });
    input.value = typed ?? String(tidy(kernel.values[index]));
    cell.replaceChildren(input);
    painted[index] = "";
    input.focus();
    if (typed === undefined) input.select();
    let open = true;
    /** @param {boolean} keep @param {boolean} [back] to the cell */
    const close = (keep, back = true) => {
      if (!open) return true;
      const value = parsed(input.value);
      if (keep && value === null) {
        message.textContent = t("kernels.editor.notnumber", { text: input.value });
        message.hidden = false;
        Object.assign(message.style, {
          left: `${Math.min(cell.offsetLeft, Math.max(0, frame.clientWidth - 220))}px`,
          top: `${cell.offsetTop + cell.offsetHeight + 4}px`,
        });
        input.setAttribute("aria-invalid", "true");
        return false;
      }
      open = false;
      message.hidden = true;
      input.remove();
      if (keep && value !== null && value !== kernel.values[index]) onedit(index, value, null);
      else paint();
      if (back) go(index);
      return true;
    };
    input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      event.stopPropagation();
      if (event.key === "Enter") close(true);
      else if (event.key === "Escape") close(false);
      else if (event.key === "Tab" && !close(true, false)) event.preventDefault();
    });
    input.addEventListener("blur", () => close(parsed(input.value) !== null, false));
    for (const kind of ["pointerdown", "dblclick"])
      input.addEventListener(kind, (/** @type {Event} */ event) => event.stopPropagation());
  }

  grid.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    const index = indexOf(event);
    if (index < 0 || drag || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    go(index);
    drag = { index, pointer: event.pointerId, from: event.clientX, gesture: {} };
    cells[index].setPointerCapture(event.pointerId);
    cells[index].classList.add("dragged");
  });
  grid.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (event.pointerId !== drag?.pointer) return;
    const { change, from } = dragged(drag.from, event.clientX, stepOf(event));
    drag.from = from;
    if (change) onedit(drag.index, tidy(kernel.values[drag.index] + change), drag.gesture);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    grid.addEventListener(end, (/** @type {PointerEvent} */ event) => {
      if (event.pointerId !== drag?.pointer) return;
      cells[drag.index].classList.remove("dragged");
      drag = null;
    });
  }
  grid.addEventListener("dblclick", (/** @type {Event} */ event) => {
    const index = indexOf(event);
    if (index >= 0) edit(index);
  });
  grid.addEventListener("focusin", (/** @type {Event} */ event) => {
    const index = indexOf(event);
    if (index >= 0 && index !== current) {
      cells[current].tabIndex = -1;
      current = index;
      cells[current].tabIndex = 0;
    }
  });
  grid.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const key = event.key;
    const next = event.ctrlKey || event.metaKey ? null : cellAfter(key, current, kernel.rows, kernel.columns);
    if (next !== null) go(next);
    else if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") ontravel(event.shiftKey ? "redo" : "undo");
    else if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "y") ontravel("redo");
    else if (event.ctrlKey || event.metaKey) return;
    else if (key === "PageUp" || key === "PageDown")
      onedit(current, tidy(kernel.values[current] + stepOf(event) * (key === "PageUp" ? 1 : -1)), null);
    else if (key === "Delete" || key === "Backspace") onedit(current, 0, null);
    else if (key === "Enter" || key === "F2") edit(current);
    else if (/^[\d.,+−-]$/.test(key)) edit(current, key);
    else return;
    event.preventDefault();
  });

  return {
    element: h("div", { class: "taps-place" }, frame),
    show,
    repaint() {
      painted.fill("");
      paint();
    },
    /** Light up one cell, or none. @param {number} index */
    light(index) {
      cells.forEach((cell, k) => cell.classList.toggle("lit", k === index));
    },
  };
}
