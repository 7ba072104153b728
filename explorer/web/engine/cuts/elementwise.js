/** Activations and batch norm with stored moments: one element alone, and a channel for its parameters. The twin of `explorer/arithmetic/operators/activation.py` and `norm.py`. */

import { argumentOf } from "../step.js";
import { elementOf, offsetOf } from "../tensor.js";
import { filled, indicesOf, limited, numbers, sent } from "./cut.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../tensor.js").Tensor} Tensor */

/** What the page calls an activation, and its settings. @type {Record<string, { op: string, settings: (given: Record<string, any>) => import("./cut.js").Sent["settings"] }>} */
const ACTIVATIONS = {
  ...Object.fromEntries(
    ["relu", "silu", "mish", "sigmoid", "tanh", "hardsigmoid", "hardswish"].map((op) => [
      op,
      { op, settings: () => ({}) },
    ]),
  ),
  leaky_relu: { op: "leakyRelu", settings: ({ negative_slope: slope = 0.01 }) => ({ slope }) },
  gelu: { op: "gelu", settings: ({ approximate = "none" }) => ({ approximate }) },
};

/** @param {{ op: string, settings: (given: Record<string, any>) => import("./cut.js").Sent["settings"] }} known @returns {import("./cut.js").Cut} */
const activation = ({ op, settings }) => {
  const cut = (
    /** @type {Step} */ step,
    /** @type {number[]} */ index,
    /** @type {number} */ grad,
    /** @type {string} */ walk,
  ) => {
    const input = filled(elementOf(argumentOf(step, "input"), index), 1, 1, 1);
    return sent({ op, settings: settings(step.settings), tensors: { input, gradOutput: filled(grad, 1, 1, 1) }, walk });
  };
  return {
    value: (step, index) => cut(step, index, 1, "forward"),
    gradient: (step, _wrt, index, grad) => cut(step, index, elementOf(grad, index), "inputGrad"),
  };
};

/** By the name of the operation. @type {Record<string, import("./cut.js").Cut>} */
export const activations = Object.fromEntries(
  Object.entries(ACTIVATIONS).map(([name, known]) => [name, activation(known)]),
);

/** The settings of a batch norm, and the numbers of a channel. @param {Step} step @param {number} c */
function channelOf({ settings, arguments: given }, c) {
  const usual = { weight: 1, bias: 0, running_mean: 0, running_var: 1 };
  const [weight, bias, runningMean, runningVar] = Object.entries(usual).map(([name, otherwise]) =>
    filled(given[name] ? given[name].data[c] : otherwise, 1),
  );
  const told = { training: settings.training, eps: settings.eps, momentum: settings.momentum ?? 0 };
  return { settings: told, tensors: { weight, bias, runningMean, runningVar } };
}

/** A channel of all images as rows of one number. @param {Tensor} tensor @param {number} c */
function columnOf({ shape, data }, c) {
  const [N, , ...place] = shape;
  const values = indicesOf([N, ...place]).map(([n, ...at]) => data[offsetOf(shape, [n, c, ...at])]);
  return limited(numbers([values.length, 1], values));
}

/** @type {import("./cut.js").Cut} */
export const batchNorm = {
  value(step, index) {
    const { settings, tensors } = channelOf(step, index[1]);
    const input = filled(elementOf(argumentOf(step, "input"), index), 1, 1);
    return sent({ op: "batchNorm", settings, tensors: { ...tensors, input, gradOutput: filled(1, 1, 1) } });
  },
  gradient(step, wrt, index, grad) {
    const input = argumentOf(step, "input");
    const c = wrt === "input" ? index[1] : index[0];
    const { settings, tensors } = channelOf(step, c);
    if (wrt === "input") {
      const [own, arriving] = [input, grad].map((tensor) => filled(elementOf(tensor, index), 1, 1));
      const numbers = { ...tensors, input: own, gradOutput: arriving };
      return sent({ op: "batchNorm", settings, tensors: numbers, walk: "inputGrad" });
    }
    const walk = wrt === "bias" ? "biasGrad" : "weightGrad";
    const column = { ...tensors, input: columnOf(input, c), gradOutput: columnOf(grad, c) };
    return sent({ op: "batchNorm", settings, tensors: column, walk });
  },
};
