/** What a step does, in words, with its own numbers; words that have a card are marked, see term.js. */

import { t } from "../i18n.js";

/** @typedef {import("../../lib/contract/network.js").Step} Step */

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

/** The step's own numbers, by the names that the catalogue uses; those that it does not have are left out. @param {Step} step @returns {Record<string, string | number>} */
export function numbersOf({ shape, parameters, field }) {
  const [outputs = 0, inputs = 0, ...kernel] = parameters
    .split(/ [+=] /)[0]
    .split("×")
    .map(Number);
  const known = {
    maps: shape[1],
    size: shape.slice(2).join("×"),
    count: shape.reduce((product, side) => product * side, 1),
    shape: shape.join("×"),
    field,
    ...(kernel.length === 2 ? { kernel: kernel.join("×") } : {}),
    ...(inputs ? { outputs, inputs, products: kernel.reduce((product, side) => product * side, inputs) } : {}),
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== ""));
}

/** The step's sentence; "" for an operator of which nothing is said. @param {Step} step */
export function saysOf(step) {
  const said = LIKE[step.op] ?? step.op;
  const numbers = numbersOf(step);
  const lacks = (said === "conv2d" && !numbers.kernel) || (said === "linear" && !numbers.inputs);
  return SAID.includes(said) && !lacks ? t(`says.${said}`, { size: "", ...numbers }) : "";
}
