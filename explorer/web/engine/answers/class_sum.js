/** One class opened: the softmax behind its probability, the loss, and the gradient's beginning (`explorer/draw/class_sum.py`). */

import { logitsStep, scoresOf, valueOf } from "../network.js";
import { logSumExp, softmaxOf } from "../ops/softmax.js";
import { cellOpened } from "./cell.js";

/** @typedef {import("../shown.js").Shown} Shown */
/** @typedef {import("../../lib/contract/draw.js").Sum} Sum */
/** @typedef {import("../../lib/contract/draw.js").Classes} Classes */

/** @param {Shown} shown @param {number | null} label @param {number[]} cell `(0, class)` @returns {Sum & Classes} */
export function classOpened({ trace, network: { card, plan } }, label, cell) {
  const { classes } = card;
  if (cell.length !== 2 || cell[0] !== 0 || !(cell[1] >= 0 && cell[1] < classes.length))
    throw new Error(`the classes are (0, 0) to (0, ${classes.length - 1}), got (${cell.join(", ")})`);
  if (label !== null && !(label >= 0 && label < classes.length))
    throw new Error(`there is no class ${label}; the model has ${classes.length}`);
  const scores = scoresOf(trace);
  const madeBy = logitsStep(trace);
  const logits = valueOf(trace, madeBy);
  if (!logits.data.every(Number.isFinite))
    throw new Error("the logits are not all finite: no probabilities follow from them");
  const shares = softmaxOf(scores.data);
  const row = { kind: /** @type {const} */ ("window"), stride: 1, offset: 0, dilation: 1, divide: 1 };
  const softmax = {
    op: "softmax",
    index: trace.steps.length,
    settings: { dim: 1 },
    arguments: { input: logits },
    parents: { input: madeBy },
    parameters: {},
    texts: plan.softmax,
    output: { shape: scores.shape, data: Float32Array.from(shares) },
    relations: {
      input: {
        parent: madeBy,
        kind: /** @type {const} */ ("product"),
        axes: [
          { ...row, axis: 0, size: 1, taps: 1 },
          { ...row, axis: null, size: classes.length, taps: classes.length },
        ],
        output_shape: scores.shape,
      },
    },
  };
  return {
    ...cellOpened(softmax, cell),
    classes: classes.map((name, k) => {
      const [p, y] = [shares[k], Number(k === label)];
      return { name, logit: logits.data[k], p, y, gradient: p - y };
    }),
    logits: madeBy,
    label,
    loss: label === null ? null : logSumExp(scores.data) - scores.data[label],
  };
}
