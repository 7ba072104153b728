/** The same sums in two passes where the kernel is a column times a row, in step with the walk; else its rank. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { factor } from "../lib/visits.js";
import { twoPassesOf } from "../lib/two_passes.js";
import { NO_RING } from "../lib/planes.js";
import { shades } from "./paint.js";
import { createSheet } from "./sheet.js";
import { createView } from "./view.js";

/** Sides of a cell and the width for all planes together, in pixels. */
const [SMALLEST, LARGEST, GAP] = [6, 34, 48];

export function createTwoPasses() {
  const why = h("p", { class: "equation-why" });
  const names = /** @type {const} */ (["kernel", "picture", "horizontal", "between", "vertical", "result"]);
  const sheets = Object.fromEntries(names.map((name) => [name, createSheet({ role: "img" })]));
  const labels = Object.fromEntries(names.map((name) => [name, h("span", { class: "lowering-name" })]));
  const part = (/** @type {string} */ name) =>
    h("div", { class: "pass-part", dataset: { part: name } }, labels[name], sheets[name].element);
  const sign = (/** @type {string} */ text) => h("span", { class: "pass-sign", "aria-hidden": "true" }, text);
  const worked = h("p", { class: "formula-numbers" });
  const board = h(
    "div",
    { class: "passes-board" },
    part("kernel"),
    h(
      "div",
      { class: "passes-row" },
      part("picture"),
      sign("⋆"),
      part("horizontal"),
      sign("="),
      part("between"),
      sign("⋆"),
      part("vertical"),
      sign("="),
      part("result"),
    ),
  );

  const view = createView(
    "separable",
    "arithmetic.twopasses",
    [why, board, worked],
    ({ given, forward, visit: k, phase }) => {
      const [, outH, outW] = /** @type {number[]} */ (forward.shapes.output);
      const [, each, kH, kW] = given.tensors.weight.shape;
      const [o, y, x] = [Math.floor(k / (outH * outW)), Math.floor(k / outW) % outH, k % outW];
      const c = Math.min(each - 1, Math.max(0, Math.floor(phase / (kH * kW))));
      const {
        kernel,
        geometry: { rows, columns },
        picture,
        sizes,
        rank,
        passes,
      } = twoPassesOf(given, o, phase >= each * kH * kW ? 0 : c);
      view.element.dataset.rank = String(rank);
      const words = { rank, sizes: sizes.map((size) => short(size, 3)).join(", "), two: kH + kW, all: kH * kW };
      why.textContent = t(passes ? "arithmetic.twopasses.yes" : "arithmetic.twopasses.no", words);
      const wide = passes ? picture.columns + passes.between.columns + passes.result.columns + kW + 1 : 1;
      const side = Math.max(SMALLEST, Math.min(LARGEST, Math.floor((board.clientWidth - 5 * GAP) / wide)));
      const show = (
        /** @type {string} */ name,
        /** @type {string} */ label,
        /** @type {import("../lib/properties.js").Plane} */ plane,
        /** @type {string} */ scale,
        /** @type {number[][]} */ lit = [],
        kind = "in",
      ) => {
        const marks = new Map(lit.map(([row, column]) => [row * plane.columns + column, kind]));
        labels[name].textContent = `${label} ${plane.rows} × ${plane.columns}`;
        sheets[name].show(
          {
            ...plane,
            ring: NO_RING,
            side: name === "kernel" ? LARGEST : side,
            shade: shades(scale, plane.values),
            marks,
          },
          true,
        );
      };
      show("kernel", `K[${o}, ${c}]`, kernel, "weight");
      /** @type {HTMLElement} */ (board.lastElementChild).hidden = worked.hidden = !passes;
      if (!passes) return;
      const [top, left] = [y * rows.stride, x * columns.stride];
      const under = Array.from({ length: kH }, (_, i) => top + i * rows.dilation);
      show(
        "picture",
        "X",
        picture,
        "input",
        under.flatMap((row) => Array.from({ length: kW }, (_, j) => [row, left + j * columns.dilation])),
      );
      show(
        "horizontal",
        "wᵀ",
        { rows: 1, columns: kW, values: passes.horizontal },
        "weight",
        passes.horizontal.map((_, j) => [0, j]),
      );
      show(
        "between",
        t("arithmetic.twopasses.between"),
        passes.between,
        "output",
        under.map((row) => [row, x]),
      );
      show(
        "vertical",
        "u",
        { rows: kH, columns: 1, values: passes.vertical },
        "weight",
        passes.vertical.map((_, i) => [i, 0]),
      );
      show("result", t("arithmetic.twopasses.result", { c }), passes.result, "output", [[y, x]], "target");
      const sums = under
        .map((row, i) => `${factor(passes.vertical[i])}·${factor(passes.between.values[row * outW + x])}`)
        .join(" + ");
      const value = passes.result.values[y * outW + x];
      worked.textContent = `${sums} = ${short(value, 7)}`;
      worked.dataset.value = String(value);
      board.setAttribute("aria-label", worked.textContent);
    },
  );

  return view;
}
