/** The largest of each window, the first of equals: `torch.nn.functional.max_pool2d`. */

import { reachedBy } from "../cells.js";
import { halved } from "../conv.js";
import { argumentOf, pairOf } from "../step.js";
import { zeros } from "../tensor.js";
import { largest, partialsOf } from "../terms.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("./index.js").Operator} Operator */

/** How windows lie. @param {Record<string, any>} settings */
export function windowsOf({ kernel_size: kernel, stride, padding, dilation = 1 }) {
  return {
    kernel: pairOf(kernel),
    stride: pairOf(stride === null || stride.length === 0 ? kernel : stride),
    before: pairOf(padding),
    dilation: pairOf(dilation),
  };
}

/** The largest element of each window, by where it stands in the input. @param {Tensor} input @param {Record<string, any>} settings @param {number[]} shape of the output */
function winners({ shape: [, , H, W], data }, settings, shape) {
  const { kernel, stride, before, dilation } = windowsOf(settings);
  const [N, C, outH, outW] = shape;
  const found = new Int32Array(N * C * outH * outW);
  for (let plane = 0, at = 0; plane < N * C; plane++)
    for (let y = 0; y < outH; y++)
      for (let x = 0; x < outW; x++, at++) {
        let best = -1;
        for (let i = 0; i < kernel[0]; i++) {
          const row = y * stride[0] - before[0] + i * dilation[0];
          if (row < 0 || row >= H) continue;
          for (let j = 0; j < kernel[1]; j++) {
            const column = x * stride[1] - before[1] + j * dilation[1];
            if (column < 0 || column >= W) continue;
            const k = (plane * H + row) * W + column;
            if (best < 0 || data[k] > data[best] || Number.isNaN(data[k])) best = k;
          }
        }
        found[at] = best;
      }
  return found;
}

/** Whether windows are four neighbours each, apart from one another: what most networks pool. @param {Record<string, any>} settings */
function quarters(settings) {
  const { kernel, stride, before, dilation } = windowsOf(settings);
  return (
    [...kernel, ...stride].every((each) => each === 2) && !before[0] && !before[1] && dilation[0] + dilation[1] === 2
  );
}

/** Which of two elements wins: the first of equals. @param {Float32Array} data @param {number} one @param {number} other behind it */
const winner = (data, one, other) => (data[other] > data[one] || Number.isNaN(data[other]) ? other : one);

/** Give each window's gradient to the largest of its four neighbours, for speed. @param {Tensor} input @param {Tensor} grad @returns {Tensor} */
function quarteredBack({ shape, data }, { shape: [N, C, outH, outW], data: arriving }) {
  const [, , H, W] = shape;
  const result = zeros(shape);
  for (let row = 0, k = 0; row < N * C * outH; row++) {
    const plane = Math.floor(row / outH);
    let at = (plane * H + 2 * (row - plane * outH)) * W;
    for (let x = 0; x < outW; x++, k++, at += 2)
      result.data[winner(data, winner(data, winner(data, at, at + 1), at + W), at + W + 1)] = arriving[k];
  }
  return result;
}

/** @type {Operator} */
export const maxPool = {
  forward({ input }, settings, shape) {
    const [H, W] = input.shape.slice(2);
    if (quarters(settings) && H % 2 === 0 && W % 2 === 0) return halved(input, shape);
    const output = zeros(shape);
    winners(input, settings, shape).forEach((from, k) => (output.data[k] = input.data[from]));
    return output;
  },
  backward(step, grad) {
    const input = argumentOf(step, "input");
    if (quarters(step.settings)) return quarteredBack(input, grad);
    const result = zeros(input.shape);
    winners(input, step.settings, grad.shape).forEach((from, k) => (result.data[from] += grad.data[k]));
    return result;
  },
  terms: (step, index) => largest(step, index),
  partials(step, _wrt, index) {
    const outputs = reachedBy(step.relations.input, index, step.output.shape);
    const values = outputs.map((output) => {
      const { addends, winner } = largest(step, output);
      const won = addends[0].factors[0].cells[winner ?? 0];
      return Number(won.every((at, axis) => at === index[axis]));
    });
    return partialsOf({ outputs, values, rule: "1 if it is the largest, else 0" });
  },
};
