/** The small network that the chain begins with, and what a person or a link may make of it. */

import { numbersIn, wholeIn } from "../lib/decode.js";

/** @typedef {import("../lib/chain.js").Network} Network */

/** @param {number[]} shape @param {number[]} values */
const tensor = (shape, values) => ({ shape, values });

/** A corner in a picture of 6 × 6, two kernels for edges, three classes. @type {Network} */
export const INITIAL = {
  input: tensor(
    [1, 6, 6],
    [0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 2, 1, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ),
  weight: tensor([2, 1, 3, 3], [-1, 0, 1, -1, 0, 1, -1, 0, 1, 1, 1, 1, 0, 0, 0, -1, -1, -1]),
  bias: tensor([2], [0, 1]),
  matrix: tensor(
    [3, 8],
    [0.2, 0, 0.1, 0, 0.1, 0, -0.1, 0, 0, 0.3, 0, -0.1, 0.2, 0.1, 0, 0, -0.1, 0, 0.2, 0.1, 0, 0.2, 0, 0.1],
  ),
  offset: tensor([3], [0, 0.5, -0.5]),
  target: tensor([1], [0]),
  lr: 0.02,
};

const NAMES = /** @type {const} */ (["input", "weight", "bias", "matrix", "offset", "target"]);

/** @param {Network} network @param {keyof Network} name @param {number} index @param {number} value @returns {Network} */
export const withNumber = (network, name, index, value) =>
  name === "lr"
    ? { ...network, lr: value }
    : { ...network, [name]: { ...network[name], values: network[name].values.with(index, value) } };

/** Numbers from an element on. @param {Network} network @param {keyof import("../lib/chain.js").Matrices} name @param {number} from @param {number[]} numbers @returns {Network} */
export const withNumbers = (network, name, from, numbers) => {
  const { shape, values } = network[name];
  return { ...network, [name]: { shape, values: values.map((value, k) => numbers[k - from] ?? value) } };
};

/** Whether a number can stand there: classes are counted from 0. @param {Network} network @param {keyof Network} name @param {number} value */
export const accepts = ({ offset }, name, value) =>
  name !== "target" || (Number.isInteger(value) && value >= 0 && value < offset.values.length);

/** What differs from the beginning, to travel in a link; null for nothing. @param {Network} network @param {"value" | "product"} unit @param {number} at */
export function chainTold(network, unit, at) {
  const changed = NAMES.filter((name) => String(network[name].values) !== String(INITIAL[name].values)).map((name) => [
    name,
    network[name].values,
  ]);
  const told = { ...Object.fromEntries(changed), ...(unit === "product" ? { unit } : {}), ...(at ? { at } : {}) };
  return Object.keys(told).length ? told : null;
}

/** @param {any} told @returns {{ network: Network, unit: "value" | "product", at: number }} @throws {Error} what was expected and what came */
export function chainHeard(told) {
  let network = INITIAL;
  for (const [name, value] of Object.entries(told)) {
    if (name === "unit" || name === "at") continue;
    const known = NAMES.find((each) => each === name);
    if (!known) throw new Error(`there is no ${name}`);
    const { shape, values } = INITIAL[known];
    network = { ...network, [known]: { shape, values: numbersIn(value, name, values.length, values.length) } };
  }
  if (!accepts(network, "target", network.target.values[0]))
    throw new Error(`class ${network.target.values[0]}, expected 0 to ${network.offset.values.length - 1}`);
  if (!["value", "product", undefined].includes(told.unit)) throw new Error(`unit is ${told.unit}`);
  return { network, unit: told.unit ?? "value", at: wholeIn(told.at ?? 0, "at", 0, 100_000) };
}
