/** Softmax, its logarithm and the loss behind them, of one row: the twin of `explorer/arithmetic/operators/loss.py`. */

import { argumentOf } from "../step.js";
import { argmax, elements, filled, numbers, sent } from "./cut.js";
import { upTo } from "../cells.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../tensor.js").Tensor} Tensor */

const settings = { reduction: "mean" };

/** A walk of cross-entropy on one row of logits; the most likely class stands for a true one not chosen. @param {number[]} row @param {number} k @param {string} walk @param {number | null} label */
export function softmax(row, k, walk, label = null) {
  const tensors = {
    input: numbers([1, row.length], row),
    target: filled(label ?? argmax(row), 1),
    gradOutput: filled(1, 1),
  };
  return sent({ op: "crossEntropy", settings, tensors, element: k, walk });
}

/** Where the gradient begins: dL/d(score k) of a row of logits, or of logarithms of probabilities. @param {number[]} scores @param {number} k @param {number} label @param {boolean} logarithms */
export function lossGradient(scores, k, label, logarithms) {
  if (!logarithms) return softmax(scores, k, "inputGrad", label);
  if (k !== label)
    throw new Error("the loss reads the true class alone: this gradient is 0, there is nothing to add up");
  const tensors = { input: numbers([1, scores.length], scores), target: filled(label, 1), gradOutput: filled(1, 1) };
  return sent({ op: "nll", settings, tensors, element: k, walk: "inputGrad" });
}

/** The row that a cell is normalised over, the last axis. @param {Tensor} tensor @param {number[]} index */
const rowOf = (tensor, index) =>
  elements(
    tensor,
    upTo(tensor.shape[tensor.shape.length - 1]).map((k) => [...index.slice(0, -1), k]),
  );

/** @type {import("./cut.js").Cut} */
export const softmaxes = {
  value: (step, index) =>
    softmax(
      rowOf(argumentOf(step, "input"), index),
      index[index.length - 1],
      step.op === "log_softmax" ? "logP" : "probability",
    ),
  /** Cross-entropy's p − y, where all that arrives is −1 at the true class. */
  gradient(step, _wrt, index, grad) {
    const arriving = rowOf(grad, index);
    const label = argmax(arriving.map((value) => -value));
    if (step.op !== "log_softmax" || arriving.some((value, k) => value !== -Number(k === label)))
      throw new Error("what arrives here is not the gradient of a negative log-likelihood of one class");
    return softmax(rowOf(argumentOf(step, "input"), index), index[index.length - 1], "inputGrad", label);
  },
};
