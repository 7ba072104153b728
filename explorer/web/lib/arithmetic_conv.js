/** The passes of a convolution, as `core.ops.naive.conv2d` and `convolve2d` write them, for one image and one group. */

import { kept, size, summed, unravel } from "./visits.js";

/** @typedef {import("./arithmetic.js").Pass} Pass */

/** Python's divmod: the rest is never negative. @param {number} a @param {number} b */
const divided = (a, b) => [Math.floor(a / b), a - Math.floor(a / b) * b];

/** @param {import("./arithmetic.js").Case} given @param {import("./conv.js").Geometry} geometry @returns {Record<import("./arithmetic.js").PassName, Pass>} */
export function convolution({ input, weight, bias, gradOutput, flip, lr }, { rows, columns }) {
  const [C, H, W] = input.shape;
  const [O, , kH, kW] = weight.shape;
  const [outH, outW] = [rows.output, columns.output];
  const name = flip ? "convolve2d" : "conv2d";
  const [outputShape, shapes] = [[O, outH, outW], { input: input.shape, weight: weight.shape, bias: bias.shape, gradOutput: [O, outH, outW] }];
  /** Where tap i or j of the kernel lies in its window, counted in taps from the first row or column. */
  const down = (/** @type {number} */ i) => (flip ? kH - 1 - i : i);
  const across = (/** @type {number} */ j) => (flip ? kW - 1 - j : j);
  const rowOf = (/** @type {number} */ y, /** @type {number} */ i) => y * rows.stride - rows.before + down(i) * rows.dilation;
  const colOf = (/** @type {number} */ x, /** @type {number} */ j) => x * columns.stride - columns.before + across(j) * columns.dilation;
  const inInput = (/** @type {number} */ row, /** @type {number} */ col) => row >= 0 && row < H && col >= 0 && col < W;
  const at = {
    input: (/** @type {number} */ c, /** @type {number} */ row, /** @type {number} */ col) => (c * H + row) * W + col,
    weight: (/** @type {number} */ o, /** @type {number} */ c, /** @type {number} */ i, /** @type {number} */ j) => ((o * C + c) * kH + i) * kW + j,
    output: (/** @type {number} */ o, /** @type {number} */ y, /** @type {number} */ x) => (o * outH + y) * outW + x,
  };
  const common = { starts: true, ends: true, scatter: false };

  /** @type {Pass} */
  const forward = {
    ...common, name: "forward", function: name, reads: ["input", "weight", "bias"], slides: "input", targets: ["output"],
    shapes: { ...shapes, output: outputShape }, count: size(outputShape), taps: C * kH * kW,
    visit: kept((k) => {
      const [o, y, x] = unravel(k, outputShape);
      const terms = Array.from({ length: C * kH * kW }, (_, tap) => {
        const [c, i, j] = unravel(tap, [C, kH, kW]);
        const [row, col] = [rowOf(y, i), colOf(x, j)];
        const inside = inInput(row, col);
        const cells = { weight: at.weight(o, c, i, j), input: inside ? at.input(c, row, col) : -1 };
        return { vars: { c, i, j, row, col }, inside, cells, factors: [weight.values[cells.weight], inside ? input.values[cells.input] : 0], place: /** @type {[number, number, number]} */ ([c, down(i), across(j)]) };
      });
      return summed({ vars: { n: 0, o, y, x }, target: ["output", k], first: bias.values[o], slides: "input", terms });
    }),
  };

  /** @type {Pass} */
  const inputGrad = {
    ...common, name: "inputGrad", function: `${name}_input_grad`, reads: ["gradOutput", "weight"], slides: "gradOutput", targets: ["gradInput"],
    shapes: { ...shapes, gradInput: input.shape }, count: size(input.shape), taps: O * kH * kW,
    visit: kept((k) => {
      const [c, row, col] = unravel(k, input.shape);
      const terms = Array.from({ length: O * kH * kW }, (_, tap) => {
        const [o, i, j] = unravel(tap, [O, kH, kW]);
        const [y, yRest] = divided(row + rows.before - down(i) * rows.dilation, rows.stride);
        const [x, xRest] = divided(col + columns.before - across(j) * columns.dilation, columns.stride);
        const inside = yRest === 0 && xRest === 0 && y >= 0 && y < outH && x >= 0 && x < outW;
        const cells = { weight: at.weight(o, c, i, j), gradOutput: inside ? at.output(o, y, x) : -1 };
        const place = /** @type {[number, number, number]} */ ([o, kH - 1 - down(i), kW - 1 - across(j)]);
        return { vars: { o, i, j, y, x }, inside, cells, factors: [weight.values[cells.weight], inside ? gradOutput.values[cells.gradOutput] : 0], place };
      });
      return summed({ vars: { n: 0, c, row, col }, target: ["gradInput", k], slides: "gradOutput", terms });
    }),
  };

  /** @type {Pass} */
  const weightGrad = {
    ...common, name: "weightGrad", function: `${name}_weight_grad`, reads: ["input", "gradOutput"], slides: "input", targets: ["gradWeight"],
    shapes: { ...shapes, gradWeight: weight.shape }, count: size(weight.shape), taps: outH * outW,
    visit: kept((k) => {
      const [o, c, i, j] = unravel(k, weight.shape);
      const terms = Array.from({ length: outH * outW }, (_, tap) => {
        const [y, x] = unravel(tap, [outH, outW]);
        const [row, col] = [rowOf(y, i), colOf(x, j)];
        const inside = inInput(row, col);
        const cells = { gradOutput: at.output(o, y, x), input: inside ? at.input(c, row, col) : -1 };
        return { vars: { n: 0, y, x, row, col }, inside, cells, factors: [gradOutput.values[cells.gradOutput], inside ? input.values[cells.input] : 0], place: /** @type {[number, number, number]} */ ([0, y, x]) };
      });
      return summed({ vars: { o, c, i, j }, target: ["gradWeight", k], slides: "input", terms });
    }),
  };

  /** @type {Pass} */
  const biasGrad = {
    ...common, name: "biasGrad", function: "conv2d_bias_grad", reads: ["gradOutput"], slides: "gradOutput", targets: ["gradBias"],
    shapes: { ...shapes, gradBias: bias.shape }, count: O, taps: outH * outW,
    visit: kept((o) => {
      const terms = Array.from({ length: outH * outW }, (_, tap) => {
        const [y, x] = unravel(tap, [outH, outW]);
        const cells = { gradOutput: at.output(o, y, x) };
        return { vars: { n: 0, y, x }, inside: true, cells, factors: [gradOutput.values[cells.gradOutput]], place: /** @type {[number, number, number]} */ ([0, y, x]) };
      });
      return summed({ vars: { o }, target: ["gradBias", o], slides: "gradOutput", terms });
    }),
  };

  return { forward, inputGrad, weightGrad, biasGrad, update: update({ weight, bias, lr }, { weightGrad, biasGrad }, shapes) };
}

/**
 * parameter − lr · gradient for every weight, then for every bias.
 * @param {Pick<import("./arithmetic.js").Case, "weight" | "bias" | "lr">} given @param {{ weightGrad: Pass, biasGrad: Pass }} gradients
 * @param {Pass["shapes"]} shapes @returns {Pass}
 */
function update({ weight, bias, lr }, { weightGrad, biasGrad }, shapes) {
  const weights = weight.values.length;
  return {
    name: "update", function: "sgd_step", reads: ["weight", "gradWeight", "bias", "gradBias"], slides: null, targets: ["newWeight", "newBias"],
    shapes: { ...shapes, gradWeight: weight.shape, gradBias: bias.shape, newWeight: weight.shape, newBias: bias.shape },
    count: weights + bias.values.length, taps: 1, starts: false, ends: false, scatter: false,
    visit: kept((k) => {
      const isWeight = k < weights;
      const index = isWeight ? k : k - weights;
      const parameter = (isWeight ? weight : bias).values[index];
      const grad = (isWeight ? weightGrad : biasGrad).visit(index).value;
      const value = parameter - lr * grad;
      /** @type {import("./arithmetic.js").Term} */
      const term = {
        vars: { lr }, inside: true, changes: true, cells: isWeight ? { weight: index, gradWeight: index } : { bias: index, gradBias: index },
        factors: [lr, grad], product: lr * grad, after: { parameter, grad }, place: [0, 0, 0], writes: null,
      };
      return { vars: {}, target: [isWeight ? "newWeight" : "newBias", index], start: {}, terms: [term], value, window: {} };
    }),
  };
}
