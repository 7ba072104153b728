/** The gradient of padding that holds numbers: every copy gives its gradient back to the element it repeats, as `core.ops.naive.pad2d_input_grad` writes it. */

import { sourceOf } from "../conv.js";
import { short } from "../numbers.js";
import { kept, size, termOf, unravel } from "../visits.js";
import { gradientCall } from "./formulas.js";

/** @typedef {import("../arithmetic.js").Pass} Pass */

/** @param {import("../arithmetic.js").Case} given @param {Pass} padded computes dL/dX̃ @param {import("../conv.js").Geometry} geometry @returns {Pass} */
export function folding({ tensors: { input } }, padded, { rows, columns, mode }) {
  const [, H, W] = input.shape;
  const shape = /** @type {number[]} */ (padded.shapes.gradPadded);
  const valueOf = (/** @type {number} */ k) => padded.scan?.(k) ?? padded.visit(k).value;
  /** The element of the input that stands at a place of the padded one. @param {number} k */
  function placeOf(k) {
    const [c, y, x] = unravel(k, shape);
    const [row, col] = [sourceOf(y - rows.before, H, mode), sourceOf(x - columns.before, W, mode)];
    return { c, y, x, row, col, index: (c * H + row) * W + col };
  }
  return {
    name: "inputGrad",
    direction: "backward",
    function: "pad2d_input_grad",
    torch: gradientCall("X"),
    letters: {
      n: null,
      ...(input.shape[0] > 1 ? {} : { c: null }),
      p_H: rows.before,
      p_W: columns.before,
      Y: "\\tilde X",
    },
    reads: ["gradPadded"],
    slides: null,
    targets: ["gradInput"],
    shapes: { gradPadded: shape, gradInput: input.shape },
    count: size(shape),
    taps: 1,
    starts: null,
    ends: null,
    scatter: true,
    adds: (k, add) => add(placeOf(k).index, valueOf(k)),
    visit: kept((k) => {
      const { c, y, x, row, col, index } = placeOf(k);
      const value = valueOf(k);
      const term = termOf({
        vars: { row, col },
        cells: { gradPadded: k },
        factors: [value],
        product: value,
        writes: ["gradInput", index],
      });
      return { vars: { n: 0, c, y, x }, target: ["gradInput", index], start: {}, terms: [term], value, window: {} };
    }),
    worked: ({ value }) => [{ text: short(value, 6), at: 0 }],
    told: () => ({ key: "arithmetic.pad.back", values: {} }),
  };
}
