/** The passes of max and average pooling, as `core.ops.naive` writes them, for one image. Values are finite. */

import { kept, size, summed, unravel, windowOf } from "./visits.js";

/** @typedef {import("./arithmetic.js").Pass} Pass */
/** @typedef {import("./arithmetic.js").Term} Term */

/** @param {import("./arithmetic.js").Case} given @param {import("./conv.js").Geometry} geometry @returns {{ forward: Pass, inputGrad: Pass }} */
export function pooling({ op, input, weight, gradOutput }, { rows, columns }) {
  const [C, H, W] = input.shape;
  const [kH, kW] = weight.shape.slice(2);
  const outputShape = [C, rows.output, columns.output];
  const shapes = { input: input.shape, gradOutput: outputShape };
  const common = { starts: true, count: size(outputShape) };

  /** The taps of output k's window. @param {number} k */
  function taps(k) {
    const [c, y, x] = unravel(k, outputShape);
    return Array.from({ length: kH * kW }, (_, tap) => {
      const [i, j] = unravel(tap, [kH, kW]);
      const [row, col] = [y * rows.stride - rows.before + i * rows.dilation, x * columns.stride - columns.before + j * columns.dilation];
      const inside = row >= 0 && row < H && col >= 0 && col < W;
      const index = inside ? (c * H + row) * W + col : -1;
      return { vars: { i, j, row, col }, inside, cells: { input: index }, factors: [inside ? input.values[index] : 0], place: /** @type {[number, number, number]} */ ([0, i, j]) };
    });
  }
  const loop = (/** @type {number} */ k) => {
    const [c, y, x] = unravel(k, outputShape);
    return { n: 0, c, y, x };
  };

  if (op === "avg") {
    const divisor = kH * kW;
    /** @type {Pass} */
    const forward = {
      ...common, name: "forward", function: "avg_pool2d", reads: ["input"], slides: "input", targets: ["output"], shapes: { ...shapes, output: outputShape },
      taps: kH * kW, ends: true, scatter: false,
      visit: kept((k) => {
        const sum = summed({ vars: loop(k), target: ["output", k], slides: "input", terms: taps(k) });
        return { ...sum, value: sum.value / divisor };
      }),
    };
    /** @type {Pass} */
    const inputGrad = {
      ...common, name: "inputGrad", function: "avg_pool2d_input_grad", reads: ["gradOutput"], slides: null, targets: ["gradInput"], shapes: { ...shapes, gradInput: input.shape },
      taps: kH * kW, ends: false, scatter: true,
      visit: kept((k) => {
        const share = gradOutput.values[k] / divisor;
        const terms = taps(k).map(({ vars, inside, cells, place }) => (/** @type {Term} */ ({
          vars, inside, changes: true, cells: { gradOutput: k }, factors: [gradOutput.values[k]], product: share, after: { share }, place,
          writes: inside ? ["gradInput", cells.input] : null,
        })));
        const window = { gradInput: terms.flatMap(({ writes }) => (writes ? [writes[1]] : [])) };
        return { vars: loop(k), target: ["gradInput", -1], start: { share }, terms, value: share, window };
      }),
    };
    return { forward, inputGrad };
  }

  /** @type {Pass} */
  const forward = {
    ...common, name: "forward", function: "max_pool2d", reads: ["input"], slides: "input", targets: ["output"], shapes: { ...shapes, output: outputShape },
    taps: kH * kW, ends: true, scatter: false,
    visit: kept((k) => {
      let [best, index] = [-Infinity, -1];
      const terms = taps(k).map((tap) => {
        const value = tap.factors[0];
        const changes = tap.inside && (index < 0 || value > best);
        if (changes) [best, index] = [value, tap.vars.row * W + tap.vars.col];
        return { ...tap, changes, product: value, writes: null, after: /** @type {Record<string, number>} */ (tap.inside ? { value, best, index } : { best, index }) };
      });
      return { vars: loop(k), target: ["output", k], start: { best: -Infinity, index: -1 }, terms, value: best, window: windowOf("input", terms) };
    }),
  };
  /** @type {Pass} */
  const inputGrad = {
    ...common, name: "inputGrad", function: "max_pool2d_input_grad", reads: ["gradOutput", "input"], slides: null, targets: ["gradInput"], shapes: { ...shapes, gradInput: input.shape },
    taps: 1, ends: false, scatter: true,
    visit: kept((k) => {
      const { terms: choice, window } = forward.visit(k);
      const index = /** @type {Term} */ (choice.findLast(({ changes }) => changes)).cells.input;
      const [c, row, col] = unravel(/** @type {number} */ (index), input.shape);
      const grad = gradOutput.values[k];
      /** @type {Term} */
      const term = { vars: {}, inside: true, changes: true, cells: { gradOutput: k, input: index }, factors: [grad], product: grad, after: {}, place: [0, 0, 0], writes: ["gradInput", /** @type {number} */ (index)] };
      return { vars: { ...loop(k), c }, target: ["gradInput", /** @type {number} */ (index)], start: { row, col }, terms: [term], value: grad, window: { input: window.input, gradInput: window.input } };
    }),
  };
  return { forward, inputGrad };
}
