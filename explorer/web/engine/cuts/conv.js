/** Convolution: an element's window and the kernel over it, padding as the zeros that it is. The twin of `explorer/arithmetic/operators/conv.py`. */

import { windowsOf } from "../conv.js";
import { argumentOf } from "../step.js";
import { upTo } from "../cells.js";
import {
  biasOf,
  elements,
  filled,
  limited,
  MOST_ELEMENTS,
  numbers,
  patch,
  planeOf,
  reaching,
  sent,
  weightiest,
} from "./cut.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("./cut.js").Windows} Windows */
/** @typedef {import("./cut.js").Pair} Pair */

const PLAIN = { padding: [0, 0], mode: "zeros", groups: 1, flip: false, lr: 0.1 };

/** @param {Step} step @returns {Windows} */
function windows({ settings, arguments: { weight } }) {
  const { stride, before, dilation } = windowsOf(/** @type {import("../conv.js").Moves} */ (settings));
  const kernel = /** @type {Pair} */ (weight.shape.slice(2));
  const span = /** @type {Pair} */ (kernel.map((taps, axis) => dilation[axis] * (taps - 1) + 1));
  return { kernel, stride, before, dilation, span };
}

/** The kernels of some outputs over some inputs. @param {Tensor} weight @param {number[]} outputs @param {number[]} inputs */
function kernels(weight, outputs, inputs) {
  const size = weight.shape.slice(2);
  const { values } = patch(
    weight,
    outputs.flatMap((o) => inputs.map((c) => [o, c])),
    [0, 0],
    size,
  );
  return numbers([outputs.length, inputs.length, ...size], values);
}

/** @param {Step} step @param {number[]} index */
function value(step, [n, o, y, x]) {
  const { kernel, stride, before, dilation, span } = windows(step);
  const [input, weight] = [argumentOf(step, "input"), argumentOf(step, "weight")];
  const corner = [y * stride[0] - before[0], x * stride[1] - before[1]];
  const room = Math.floor(MOST_ELEMENTS / (span[0] * span[1]));
  const C = weight.shape[1];
  const bias = biasOf(step, o, o + 1);
  let [channels, left] = [upTo(C), /** @type {import("./cut.js").Sent["left"]} */ (null)];
  if (C > room) {
    const sums = upTo(C).map((c) => {
      const { values } = patch(input, [[n, c]], corner, span);
      const taps = upTo(kernel[0]).flatMap((i) => upTo(kernel[1]).map((j) => [i, j]));
      const over = elements(
        weight,
        taps.map((tap) => [o, c, ...tap]),
      );
      return taps.reduce((sum, [i, j], k) => sum + values[i * dilation[0] * span[1] + j * dilation[1]] * over[k], 0);
    });
    const { kept, rest } = weightiest(sums, room);
    left = { count: (C - room) * kernel[0] * kernel[1], sum: rest };
    channels = kept;
    bias.values[0] += rest;
  }
  const tensors = {
    input: patch(
      input,
      channels.map((c) => [n, c]),
      corner,
      span,
    ),
    weight: kernels(weight, [o], channels),
    bias,
    gradOutput: filled(1, 1, 1, 1),
  };
  return sent({ op: "conv", settings: { ...PLAIN, stride, dilation }, tensors, left });
}

/** @param {Step} step @param {string} wrt @param {number[]} index @param {Tensor} grad */
function gradient(step, wrt, index, grad) {
  const found = windows(step);
  const { kernel, stride, before, dilation, span } = found;
  const [input, weight] = [argumentOf(step, "input"), argumentOf(step, "weight")];
  const settings = { ...PLAIN, stride, dilation };
  const outputs = upTo(weight.shape[0]);
  if (wrt === "input") {
    const [n, c, row, column] = index;
    const bounds = reaching(found, grad.shape.slice(2), [row, column]);
    const corner = bounds.map(([first], axis) => first * stride[axis] - before[axis]);
    const counts = bounds.map(([first, end]) => end - first);
    const size = counts.map((count, axis) => (count - 1) * stride[axis] + span[axis]);
    const tensors = {
      input: patch(input, [[n, c]], corner, size),
      weight: limited(kernels(weight, outputs, [c])),
      bias: biasOf(step, 0, outputs.length),
      gradOutput: patch(
        grad,
        outputs.map((o) => [n, o]),
        bounds.map(([first]) => first),
        counts,
      ),
    };
    const element = (row - corner[0]) * size[1] + column - corner[1];
    return sent({ op: "conv", settings, tensors, element, walk: "inputGrad" });
  }
  const [o, c, ...tap] = wrt === "weight" ? index : [...index, 0];
  const tensors = {
    input: limited(planeOf(input, [0, c])),
    weight: kernels(weight, [o], [c]),
    bias: biasOf(step, o, o + 1),
    gradOutput: limited(planeOf(grad, [0, o])),
  };
  const own = { op: "conv", settings: { ...settings, padding: before }, tensors };
  if (wrt === "bias") return sent({ ...own, walk: "biasGrad" });
  return sent({ ...own, element: tap[0] * kernel[1] + tap[1], walk: "weightGrad" });
}

/** @type {import("./cut.js").Cut} */
export const conv = { value, gradient };
