/** Pooling: one window, or the map that windows over an element lie in. The twin of `explorer/arithmetic/operators/pool.py`. */

import { upTo } from "../cells.js";
import { windowsOf } from "../ops/max_pool.js";
import { argumentOf } from "../step.js";
import { elements, filled, limited, numbers, patch, planeOf, reaching, sent } from "./cut.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("./cut.js").Windows} Windows */
/** @typedef {import("./cut.js").Pair} Pair */
/** @typedef {import("./cut.js").Numbers} Numbers */

/** @param {Step} step @returns {Windows} */
function windows({ settings }) {
  const { kernel, stride, before, dilation } = windowsOf(settings);
  return {
    kernel,
    stride,
    before,
    dilation,
    span: /** @type {Pair} */ (kernel.map((taps, axis) => dilation[axis] * (taps - 1) + 1)),
  };
}

/** The window of some rows and columns. @param {Step} step @param {number[]} index @param {number[][]} places rows and columns */
function oneWindow(step, index, [rows, columns]) {
  const cells = rows.flatMap((row) => columns.map((column) => [...index.slice(0, -2), row, column]));
  return numbers([1, rows.length, columns.length], elements(argumentOf(step, "input"), cells));
}

/** A case whose one window is the whole input. @param {string} op @param {Numbers} input @param {object} more */
function windowAlone(op, input, more) {
  const size = input.shape.slice(1);
  const settings = { kernel: size, stride: size, padding: [0, 0], ceil: false, ...more };
  return sent({ op, settings, tensors: { input, gradOutput: filled(1, 1, 1, 1) } });
}

/** Padding never wins: the window travels without it. @param {Step} step @param {number[]} index */
function max(step, index) {
  const { kernel, stride, before, dilation } = windows(step);
  const { shape } = argumentOf(step, "input");
  const places = index.slice(-2).map((place, axis) =>
    upTo(kernel[axis])
      .map((tap) => place * stride[axis] - before[axis] + tap * dilation[axis])
      .filter((at) => at >= 0 && at < shape[2 + axis]),
  );
  return windowAlone("max", oneWindow(step, index, places), { dilation: [1, 1] });
}

/** @param {Step} step */
function checkDivisor({ settings }) {
  if (settings.divisor_override)
    throw new Error("the divisor is set by hand; Arithmetic divides by the window's elements");
}

/** Padding that counts travels as zeros. @param {Step} step @param {number[]} index */
function average(step, index) {
  checkDivisor(step);
  const { kernel, stride, before } = windows(step);
  const input = argumentOf(step, "input");
  const bounds = index.slice(-2).map((place, axis) => {
    const extent = input.shape[2 + axis];
    const first = place * stride[axis] - before[axis];
    const end = Math.min(first + kernel[axis], extent + before[axis]);
    return step.settings.count_include_pad ? [first, end] : [Math.max(0, first), Math.min(end, extent)];
  });
  const size = bounds.map(([first, end]) => end - first);
  const corner = bounds.map(([first]) => first);
  return windowAlone("avg", patch(input, [index.slice(0, -2)], corner, size), { countPadding: true });
}

/** The windows over an element, or the whole map where they reach beyond it. @param {string} op @param {Step} step @param {number[]} index @param {Tensor} grad @param {object} more */
function windowsOver(op, step, index, grad, more) {
  const found = windows(step);
  const { kernel, stride, before, span } = found;
  const [input, plane, [row, column]] = [argumentOf(step, "input"), index.slice(0, -2), index.slice(-2)];
  const bounds = reaching(found, grad.shape.slice(2), [row, column]);
  const edges = bounds.map(([first, end], axis) => {
    const start = first * stride[axis] - before[axis];
    return [start, start + (end - first - 1) * stride[axis] + span[axis]];
  });
  const settings = { kernel, stride, ceil: false, ...more };
  const walk = "inputGrad";
  if (edges.some(([start, end], axis) => start < 0 || end > input.shape[2 + axis])) {
    const tensors = { input: limited(planeOf(input, plane)), gradOutput: planeOf(grad, plane) };
    const around = { ...settings, padding: before, ceil: step.settings.ceil_mode };
    return sent({ op, settings: around, tensors, element: row * input.shape[3] + column, walk });
  }
  const [[top, bottom], [left, right]] = edges;
  const tensors = {
    input: patch(input, [plane], [top, left], [bottom - top, right - left]),
    gradOutput: patch(
      grad,
      [plane],
      bounds.map(([first]) => first),
      bounds.map(([first, end]) => end - first),
    ),
  };
  const element = (row - top) * (right - left) + column - left;
  return sent({ op, settings: { ...settings, padding: [0, 0] }, tensors, element, walk });
}

/** @type {import("./cut.js").Cut} */
export const maxPool = {
  value: max,
  gradient: (step, _wrt, index, grad) => windowsOver("max", step, index, grad, { dilation: windows(step).dilation }),
};

/** @type {import("./cut.js").Cut} */
export const avgPool = {
  value: average,
  gradient(step, _wrt, index, grad) {
    checkDivisor(step);
    return windowsOver("avg", step, index, grad, { countPadding: step.settings.count_include_pad });
  },
};

/** @type {import("./cut.js").Cut} */
export const adaptiveAvgPool = {
  value(step, index) {
    const { shape } = argumentOf(step, "input");
    const places = index.slice(-2).map((place, axis) => {
      const [extent, bins] = [shape[2 + axis], step.output.shape[2 + axis]];
      const first = Math.floor((place * extent) / bins);
      return upTo(Math.ceil(((place + 1) * extent) / bins) - first).map((k) => first + k);
    });
    const tensors = { input: oneWindow(step, index, places), gradOutput: filled(1, 1, 1, 1) };
    return sent({ op: "adaptive", settings: { output: [1, 1] }, tensors });
  },
  gradient(step, _wrt, index, grad) {
    const [input, plane] = [argumentOf(step, "input"), index.slice(0, -2)];
    const tensors = { input: limited(planeOf(input, plane)), gradOutput: planeOf(grad, plane) };
    const element = index[index.length - 2] * input.shape[3] + index[index.length - 1];
    const settings = { output: step.output.shape.slice(-2) };
    return sent({ op: "adaptive", settings, tensors, element, walk: "inputGrad" });
  },
};
