/** The weights that a run begins with, and those of them that it trains. */

import { size } from "../../lib/visits.js";
import { mersenneTwister, unit } from "../random.js";
import { zeros } from "../tensor.js";

/** @typedef {import("../network.js").Network} Network */
/** @typedef {import("../tensor.js").Tensor} Tensor */

/**
 * Fresh convolutions and linear layers, as torch makes them after `torch.manual_seed(seed)`: each number is drawn from ±1/√n, n the
 * inputs of an output. Source: `reset_parameters` of torch.nn.Conv2d and torch.nn.Linear.
 * @param {Network} network its trained parameters in the order of its layers, a bias behind its weight @param {number} seed
 * @returns {Record<string, Tensor>}
 */
export function freshWeights({ weights, plan }, seed) {
  const next = mersenneTwister(seed);
  let inputs = 1;
  return Object.fromEntries(
    plan.trained.map((name) => {
      const fresh = zeros(weights[name].shape);
      if (fresh.shape.length > 1) inputs = size(fresh.shape.slice(1));
      const bound = Math.fround(1 / Math.sqrt(inputs));
      for (let k = 0; k < fresh.data.length; k++) fresh.data[k] = Math.fround(unit(next) * (2 * bound)) - bound;
      return [name, fresh];
    }),
  );
}

/** The last linear layer. @param {Network["plan"]} plan */
export const headOf = ({ steps }) => steps.findLastIndex(({ op }) => op === "linear");

/** The names of the parameters that a run changes: all, or those of the last linear layer. @param {Network["plan"]} plan @param {boolean} head */
export function trainedOf(plan, head) {
  const own = Object.values(plan.steps[headOf(plan)]?.parameters ?? {});
  return head ? plan.trained.filter((name) => own.includes(name)) : plan.trained;
}

/** The steps that a trained parameter reaches: their gradients are wanted. @param {Network["plan"]} plan @param {string[]} trained @returns {Set<number>} */
export function reachedOf({ steps }, trained) {
  const reached = new Set();
  for (const [index, { parents, parameters }] of steps.entries()) {
    const own = Object.values(parameters).some((name) => trained.includes(name));
    if (own || Object.values(parents).some((parent) => reached.has(parent))) reached.add(index);
  }
  return reached;
}
