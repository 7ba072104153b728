/** What a step does, in words, with its own numbers. */

import { t } from "../i18n.js";

/** @typedef {import("./column.js").Step} Step */

/** Operators that are said to do the same. @type {Record<string, string>} */
const LIKE = {
  adaptive_max_pool2d: "max_pool2d",
  adaptive_avg_pool2d: "avg_pool2d",
  mean: "avg_pool2d",
  layer_norm: "batch_norm",
  group_norm: "batch_norm",
  log_softmax: "softmax",
};
const SAID = [
  "conv2d",
  "linear",
  "max_pool2d",
  "avg_pool2d",
  "batch_norm",
  "relu",
  "flatten",
  "softmax",
  "dropout",
  "add",
  "cat",
];

/** The step's sentence; "" for an operator of which nothing is said. @param {Step} step */
export function saysOf({ op, shape, parameters }) {
  const said = LIKE[op] ?? op;
  if (!SAID.includes(said)) return "";
  const [outputs = 0, inputs = 0, ...kernel] = parameters
    .split(/ [+=] /)[0]
    .split("×")
    .map(Number);
  if ((said === "conv2d" && kernel.length !== 2) || (said === "linear" && !inputs)) return "";
  const products = kernel.reduce((product, side) => product * side, inputs);
  return t(`says.${said}`, {
    maps: shape[1] ?? 0,
    size: shape.slice(2).join("×"),
    count: shape.reduce((product, side) => product * side, 1),
    outputs,
    inputs,
    kernel: kernel.join("×"),
    products,
  });
}
