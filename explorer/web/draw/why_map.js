/** One method's map of why: cells in colour under the outline of the ink, every value readable, its sum and its words. */

import { h } from "../parts/dom.js";
import { floatsFromBase64 } from "../lib/codes.js";
import { short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { createTable } from "./cell_table.js";
import { nameOf } from "./compare_steps.js";
import { createRamp } from "../parts/network/ramp.js";
import { createInkPicture } from "./ink_picture.js";

/** @typedef {import("../lib/contract/draw.js").Why} Why */
/** @typedef {{ row: number, column: number }} At */

/** @param {{ method: string, onlayer?: (layer: number | null) => void }} options  `onlayer`: the method reads a layer, and somebody chose one */
export function createWhyMap({ method, onlayer }) {
  const over = createInkPicture({ class: "", tabindex: 0 });
  const { picture } = over;
  const mark = h("div", { class: "cell-mark", hidden: true });
  const ramp = createRamp();
  const reading = h("output", { class: "why-reading" });
  const sum = h("p", { class: "why-sum" });
  const note = h("p", { class: "why-note", hidden: true });
  over.element.append(mark, note);
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
    over.element,
    ramp.element,
    reading,
    sum,
    table.element,
  );
  /** @type {Why | null} */
  let shown = null;
  let values = new Float32Array(0);
  /** @type {At | null} */
  let pointed = null;

  const size = () => ({ rows: shown?.rows ?? 1, columns: shown?.columns ?? 1 });
  const rowsOf = () => {
    const { rows, columns } = size();
    return Array.from({ length: values.length ? rows : 1 }, (_, y) =>
      Array.from(values.subarray(y * columns, (y + 1) * columns)),
    );
  };
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
    over.name(t("why.picture", { method: t(`why.${method}`), sum: short(total) }));
    point(pointed);
  }

  /** @param {At | null} cell */
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

  listen(picture, { size, pointed: () => pointed, point });

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
      ramp.show(over.show({ ...size(), values, ink: shown.ink }));
      tell();
    },
  };
}

/**
 * How a place is pointed at: by mouse and touch, and by the arrow keys.
 * @param {HTMLCanvasElement} picture
 * @param {{ size: () => { rows: number, columns: number }, pointed: () => At | null, point: (at: At | null) => void }} map
 */
function listen(picture, { size, pointed, point }) {
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
    const at = pointed();
    const { row, column } = at ?? { row: 0, column: 0 };
    const to = {
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    point(at ? { row: to[0], column: to[1] } : { row: 0, column: 0 });
  });
}
