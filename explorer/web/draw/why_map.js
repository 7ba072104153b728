/** One method's map of why: cells in colour under the outline of the ink, every value readable, its sum and its words. */

import { h, canvas } from "../parts/dom.js";
import { floatsFromBase64, fromBase64 } from "../lib/codes.js";
import { short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { createTable } from "./cell_table.js";
import { nameOf } from "./compare_steps.js";
import { createRamp, packed } from "../parts/network/ramp.js";

/** Pixels of the outline's bitmap along the longer side. */
const OUTLINE = 448;
/** The code from which a pixel counts as ink. */
const INKED = 128;

/** @typedef {import("../lib/contract/draw.js").Why} Why */

/** @param {{ method: string, onlayer?: (layer: number | null) => void }} options  `onlayer`: the method reads a layer, and somebody chose one */
export function createWhyMap({ method, onlayer }) {
  const picture = canvas(1, 1, { class: "why-cells", tabindex: 0, role: "img" });
  const outline = canvas(1, 1, { class: "why-ink" });
  const mark = h("div", { class: "cell-mark", hidden: true });
  const ramp = createRamp();
  const reading = h("output", { class: "why-reading" });
  const sum = h("p", { class: "why-sum" });
  const note = h("p", { class: "why-note", hidden: true });
  const frame = h("div", { class: "why-frame" }, picture, outline, mark, note);
  const layers = h("select", {
    class: "why-layer",
    dataset: { i18nTitle: "why.layer" },
    onchange: () => onlayer?.(Number(layers.value)),
  });
  const table = createTable({ words: "why.table", load: async () => rowsOf() });
  const element = h(
    "figure",
    { class: "why-map missing", dataset: { method } },
    h("figcaption", {}, h("h3", { dataset: { i18n: `why.${method}` } }), onlayer ? layers : ""),
    h("p", { class: "note why-explained", dataset: { i18n: `why.${method}.why` } }),
    frame,
    ramp.element,
    reading,
    sum,
    table.element,
  );
  /** @type {Why | null} */
  let shown = null;
  let values = new Float32Array(0);
  /** @type {{ row: number, column: number } | null} */
  let pointed = null;

  const size = () => ({ rows: shown?.rows ?? 1, columns: shown?.columns ?? 1 });
  const rowsOf = () => {
    const { rows, columns } = size();
    return Array.from({ length: values.length ? rows : 1 }, (_, y) =>
      Array.from(values.subarray(y * columns, (y + 1) * columns)),
    );
  };
  /** The largest |value|, the end of the scale. */
  const full = () => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

  function paint() {
    const { rows, columns } = size();
    [picture.width, picture.height] = [columns, rows];
    const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
    const image = context.createImageData(columns, rows);
    const words = new Uint32Array(image.data.buffer);
    const end = full();
    values.forEach((value, k) => {
      words[k] = packed(value, end);
    });
    context.putImageData(image, 0, 0);
    ramp.show(end);
  }

  /** Draw the border between ink and ground, pixel edge by pixel edge. */
  function trace() {
    const ink = shown?.ink;
    const { rows, columns } = ink ?? size();
    frame.style.aspectRatio = `${columns} / ${rows}`;
    const unit = OUTLINE / Math.max(rows, columns);
    [outline.width, outline.height] = [Math.round(columns * unit), Math.round(rows * unit)];
    if (!ink) return;
    const codes = fromBase64(ink.data);
    const inked = (/** @type {number} */ y, /** @type {number} */ x) =>
      y >= 0 && x >= 0 && y < rows && x < columns && codes[y * columns + x] >= INKED;
    const pen = /** @type {CanvasRenderingContext2D} */ (outline.getContext("2d"));
    pen.strokeStyle = getComputedStyle(outline).color;
    pen.lineWidth = 2.5;
    pen.lineCap = "round";
    pen.beginPath();
    for (let y = 0; y <= rows; y++) {
      for (let x = 0; x <= columns; x++) {
        if (inked(y, x) !== inked(y - 1, x)) (pen.moveTo(x * unit, y * unit), pen.lineTo((x + 1) * unit, y * unit));
        if (inked(y, x) !== inked(y, x - 1)) (pen.moveTo(x * unit, y * unit), pen.lineTo(x * unit, (y + 1) * unit));
      }
    }
    pen.stroke();
  }

  function tell() {
    if (!shown) return;
    const { note: remark, score = 0, baseline, sum: total = 0 } = shown;
    element.classList.toggle("missing", !values.length);
    note.hidden = !remark;
    note.textContent = remark ? t(`why.note.${remark.reason}`, { message: remark.message }) : "";
    const expected = score - (baseline ?? 0);
    sum.textContent = !values.length
      ? ""
      : ["integrated_gradients", "difference"].includes(method)
        ? t("why.complete", {
            sum: short(total),
            expected: short(expected),
            delta: short(Math.abs(total - expected), 2),
          })
        : t("why.sum", { sum: short(total) });
    layers.replaceChildren(
      ...(shown.layers ?? []).map(({ index, op, path, places }) =>
        h("option", { value: index }, `${nameOf({ index, op, path })} ${places.join("×")}`),
      ),
    );
    layers.hidden = !shown.layers?.length;
    if (shown.layer !== undefined) layers.value = String(shown.layer);
    picture.setAttribute("aria-label", t("why.picture", { method: t(`why.${method}`), sum: short(total) }));
    point(pointed);
  }

  /** @param {typeof pointed} cell */
  function point(cell) {
    const { rows, columns } = size();
    pointed =
      cell && values.length
        ? { row: Math.min(rows - 1, Math.max(0, cell.row)), column: Math.min(columns - 1, Math.max(0, cell.column)) }
        : null;
    mark.hidden = !pointed;
    const value = pointed ? values[pointed.row * columns + pointed.column] : null;
    ramp.mark(value);
    const block = shown?.block ?? 1;
    reading.textContent =
      !pointed || value === null
        ? t("why.reading")
        : t("why.value", { ...pointed, value: short(value) }) + (block > 1 ? ` ${t("network.mean", { block })}` : "");
    if (!pointed) return;
    const share = (/** @type {number} */ part) => `${100 * part}%`;
    Object.assign(mark.style, {
      left: share(pointed.column / columns),
      top: share(pointed.row / rows),
      width: share(1 / columns),
      height: share(1 / rows),
    });
  }

  for (const kind of ["pointermove", "pointerdown"]) {
    picture.addEventListener(kind, (event) => {
      const { offsetX, offsetY } = /** @type {PointerEvent} */ (event);
      const { rows, columns } = size();
      point({
        row: Math.floor((offsetY / picture.clientHeight) * rows),
        column: Math.floor((offsetX / picture.clientWidth) * columns),
      });
    });
  }
  picture.addEventListener("pointerleave", () => point(null));
  picture.addEventListener("blur", () => point(null));
  picture.addEventListener("keydown", (event) => {
    const { row, column } = pointed ?? { row: 0, column: 0 };
    const to = {
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    point(pointed ? { row: to[0], column: to[1] } : { row: 0, column: 0 });
  });

  return {
    element,
    /** The map as rows of numbers; one empty row where there is none. */
    rows: rowsOf,

    /** @param {Why} answer */
    show(answer) {
      shown = answer;
      values = answer.values ? floatsFromBase64(answer.values) : new Float32Array(0);
      this.redraw();
      table.refresh();
    },

    /** In other colours or another language. */
    redraw() {
      if (!shown) return;
      paint();
      trace();
      tell();
    },
  };
}
