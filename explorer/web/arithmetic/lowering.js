/**
 * The same sums as a matrix product, in step with the walk: the kernels' rows on the left, the windows as columns above, and
 * each output where its row and its column meet.
 */

import { h } from "../parts/dom.js";
import { im2colOf, rowOf } from "../lib/im2col.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { shades } from "./paint.js";
import { createSheet } from "./sheet.js";
import { NO_RING } from "../lib/planes.js";
import { createView } from "./view.js";

/** Sides of a cell, in pixels: the least and the largest. */
const [SMALLEST, LARGEST] = [6, 34];
const GAP = 16;

/** One number for equal rows and columns, else both. @param {number[]} pair */
const pair = ([rows, columns]) => (rows === columns ? String(rows) : `(${rows}, ${columns})`);

/** The call of PyTorch that multiplies the matrices. @param {import("../lib/arithmetic.js").Case} given @param {import("../lib/im2col.js").Product} product @param {number[]} output shape */
export function unfoldCall(
  { settings: { stride, padding, dilation, mode, groups, flip }, tensors: { weight } },
  { first, kernels },
  output,
) {
  const [, each, ...kernel] = weight.shape;
  const group = Math.floor(first / kernels.rows);
  const input = groups > 1 ? `X[${group * each}:${(group + 1) * each}]` : "X";
  const rows = groups > 1 ? `K[${first}:${first + kernels.rows}]` : "K";
  const around =
    typeof padding === "string"
      ? padding === "same"
        ? kernel.map((taps, axis) => ((taps - 1) * dilation[axis]) / 2)
        : [0, 0]
      : padding;
  const [top, bottom, left, right] = [
    Math.floor(around[0]),
    Math.ceil(around[0]),
    Math.floor(around[1]),
    Math.ceil(around[1]),
  ];
  const apart = (mode !== "zeros" && top + bottom + left + right > 0) || top !== bottom || left !== right;
  const picture = apart
    ? `F.pad(${input}[None], (${left}, ${right}, ${top}, ${bottom})${mode === "zeros" ? "" : `, mode="${mode}"`})`
    : `${input}[None]`;
  const settings = [
    ...(dilation.some((/** @type {number} */ u) => u !== 1) ? [`dilation=${pair(dilation)}`] : []),
    ...(!apart && top + left > 0 ? [`padding=${pair([top, left])}`] : []),
    ...(stride.some((/** @type {number} */ u) => u !== 1) ? [`stride=${pair(stride)}`] : []),
  ];
  return `(${flip ? `${rows}.flip(2, 3)` : rows}.flatten(1) @ F.unfold(${[picture, `(${kernel.join(", ")})`, ...settings].join(", ")})[0]).view(${[kernels.rows, ...output.slice(1)].join(", ")})`;
}

export function createLowering() {
  const title = h("p", { class: "equation-why" });
  const call = h("code", { class: "torch-call" });
  const names = /** @type {const} */ (["columns", "kernels", "product"]);
  const sheets = Object.fromEntries(names.map((name) => [name, createSheet({ role: "img" })]));
  const labels = Object.fromEntries(names.map((name) => [name, h("span", { class: "lowering-name" })]));
  const worked = h("p", { class: "formula-numbers" });
  const board = h(
    "div",
    { class: "lowering" },
    ...names.map((name) => h("div", { class: `lowering-${name}` }, labels[name], sheets[name].element)),
  );
  /** @type {{ of: import("../lib/arithmetic.js").Pass, group: number, product: import("../lib/im2col.js").Product } | null} */
  let made = null;
  let drawn = "";

  const view = createView(
    "im2col",
    "arithmetic.im2col",
    [title, board, worked, call],
    ({ given, forward, visit: k, phase }) => {
      const output = /** @type {number[]} */ (forward.shapes.output);
      const places = output[1] * output[2];
      const [o, p] = [Math.floor(k / places), k % places];
      const group = Math.floor(o / (output[0] / (given.settings.groups ?? 1)));
      if (made?.of !== forward || made.group !== group) {
        made = { of: forward, group, product: im2colOf(given, forward, group) };
        drawn = "";
      }
      const { first, kernels, columns, product } = made.product;
      const row = o - first;
      const visit = forward.visit(k);
      const written = Uint8Array.from({ length: kernels.rows * places }, (_, at) => Number(first * places + at <= k));
      const side = Math.max(
        SMALLEST,
        Math.min(LARGEST, Math.floor((board.clientWidth - GAP) / (columns.columns + kernels.columns))),
      );
      const fresh = drawn !== `${side}`;
      drawn = `${side}`;
      const tap =
        phase >= 0 && phase < visit.terms.length ? rowOf(visit.terms[phase], given.tensors.weight.shape.slice(2)) : -1;
      const mark = (/** @type {number} */ at) => (at === tap ? "in now" : "in");
      const common = { ring: NO_RING, side };
      sheets.columns.show(
        {
          ...common,
          ...columns,
          shade: shades("input", columns.values),
          unread: columns.inside,
          marks: new Map(Array.from({ length: columns.rows }, (_, at) => [at * places + p, mark(at)])),
        },
        fresh,
      );
      sheets.kernels.show(
        {
          ...common,
          ...kernels,
          shade: shades("weight", kernels.values),
          marks: new Map(Array.from({ length: kernels.columns }, (_, at) => [row * kernels.columns + at, mark(at)])),
        },
        fresh,
      );
      sheets.product.show(
        {
          ...common,
          ...product,
          shade: shades("output", product.values),
          written,
          marks: new Map([[row * places + p, "target"]]),
        },
        true,
      );
      labels.columns.textContent = t("arithmetic.im2col.columns", { rows: columns.rows, columns: columns.columns });
      labels.kernels.textContent = `K ${kernels.rows} × ${kernels.columns}`;
      labels.product.textContent = `Y − b ${product.rows} × ${product.columns}`;
      title.textContent = t("arithmetic.im2col.why", { taps: columns.rows, places });
      const total = product.values[row * places + p];
      const bias = visit.start.total;
      worked.textContent = t("arithmetic.im2col.worked", {
        row,
        column: p,
        total: short(total, 7),
        bias: short(bias, 7),
        value: short(total + bias, 7),
      });
      Object.assign(worked.dataset, { row, column: p, value: total + bias });
      board.setAttribute("aria-label", worked.textContent);
      call.textContent = unfoldCall(given, made.product, output);
    },
  );

  return {
    element: view.element,
    show: view.show,
    redraw() {
      drawn = "";
      view.redraw();
    },
  };
}
