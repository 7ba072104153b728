/**
 * An opened cell of a network as a case of the Arithmetic page: the window that it was computed from as the whole input, with
 * the very numbers. What a dilated kernel steps over is 0 and never read; padding is part of the window.
 */

import { OPERATORS } from "./arithmetic.js";
import { numberOf } from "./numbers.js";

/** @param {string} call of PyTorch @param {string} name @param {number} otherwise @returns {[number, number]} */
function pairIn(call, name, otherwise) {
  const found = new RegExp(`${name}=\\(?(\\d+)(?:, (\\d+))?`).exec(call);
  return found ? [Number(found[1]), Number(found[2] ?? found[1])] : [otherwise, otherwise];
}

/** All terms of an addend, or null where some travelled as a sum. @param {any} addends */
const termsOf = ({ groups }) => (groups.some((/** @type {any} */ { rest }) => rest) ? null : groups.flatMap((/** @type {any} */ { terms }) => terms));

/** Sorted, each once. @param {number[]} values */
const distinct = (values) => [...new Set(values)].sort((a, b) => a - b);

/**
 * The case behind a cell, or null for what the page does not walk through.
 * @param {any} sum as the server answered for the cell @returns {import("../arithmetic/state.js").Case | null}
 */
export function caseOf({ pytorch, addends }) {
  if (pytorch?.startsWith("F.conv2d(")) return convolution(pytorch, addends);
  if (pytorch?.startsWith("F.max_pool2d(")) return pooling(pytorch, addends);
  return null;
}

/** @param {string} call @param {any[]} addends */
function convolution(call, [taps, ...others]) {
  const terms = termsOf(taps);
  if (!terms) return null;
  const [channels, rows, columns] = [1, 2, 3].map((axis) => distinct(terms.map((/** @type {any} */ { cells }) => cells[1][axis])));
  const [C, kH, kW] = [channels.length, rows.length, columns.length];
  if (terms.length !== C * kH * kW) return null;
  const [dilation, stride] = [pairIn(call, "dilation", 1), pairIn(call, "stride", 1)];
  const [H, W] = [dilation[0] * (kH - 1) + 1, dilation[1] * (kW - 1) + 1];
  const input = Array(C * H * W).fill(0);
  const weight = Array(C * kH * kW).fill(0);
  for (const { cells: [, [, channel, i, j]], values: [value, factor] } of terms) {
    const c = channels.indexOf(channel);
    input[(c * H + i * dilation[0]) * W + j * dilation[1]] = numberOf(value);
    weight[(c * kH + i) * kW + j] = numberOf(factor);
  }
  const bias = others.reduce((all, { total }) => all + numberOf(total), 0);
  const tensors = { input: { shape: [C, H, W], values: input }, weight: { shape: [1, C, kH, kW], values: weight }, bias: { shape: [1], values: [bias] }, gradOutput: { shape: [1, 1, 1], values: [1] } };
  return finite({ op: "conv", settings: { ...OPERATORS.conv.begin(null).settings, stride, dilation }, tensors, preset: null });
}

/** @param {string} call @param {any[]} addends */
function pooling(call, [window]) {
  const terms = termsOf(window);
  if (!terms || terms.some((/** @type {any} */ { outside }) => outside)) return null;
  const [rows, columns] = [2, 3].map((axis) => distinct(terms.map((/** @type {any} */ { cells }) => cells[0][axis])));
  if (terms.length !== rows.length * columns.length) return null;
  const values = Array(terms.length).fill(0);
  for (const term of terms) values[rows.indexOf(term.cells[0][2]) * columns.length + columns.indexOf(term.cells[0][3])] = numberOf(term.values[0]);
  const kernel = [rows.length, columns.length];
  const tensors = { input: { shape: [1, ...kernel], values }, gradOutput: { shape: [1, 1, 1], values: [1] } };
  return finite({ op: "max", settings: { ...OPERATORS.max.begin(null).settings, kernel, stride: pairIn(call, "stride", kernel[0]) }, tensors, preset: null });
}

/** The case, unless a number in it is not finite: cells hold numbers. @param {import("../arithmetic/state.js").Case} given */
const finite = (given) => (Object.values(given.tensors).every(({ values }) => values.every(Number.isFinite)) ? given : null);
