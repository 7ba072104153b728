/** Tensors one behind the other along an axis, as `torch.cat`. */

import { size, unravel } from "../../lib/visits.js";
import { cellsOf, outside, reachedBy } from "../cells.js";
import { argumentOf } from "../step.js";
import { offsetOf, zeros } from "../tensor.js";
import { addendsOf, ones, read, summed } from "../terms.js";

/** @typedef {import("./index.js").Operator} Operator */

/** Where each tensor begins along the axis. @param {import("../tensor.js").Tensor[]} tensors @param {number} dim */
function starts(tensors, dim) {
  let next = 0;
  return tensors.map(({ shape }) => {
    const start = next;
    next += shape[dim];
    return start;
  });
}

/** @param {Record<string, import("../tensor.js").Tensor>} tensors by "tensors.0", "tensors.1" … */
const inOrder = (tensors) => Object.keys(tensors).map((_, k) => tensors[`tensors.${k}`]);

/** @type {Operator} */
export const cat = {
  forward(given, settings, shape) {
    const tensors = inOrder(given);
    const dim = (settings.dim + shape.length) % shape.length;
    const output = zeros(shape);
    const inner = size(shape.slice(dim + 1));
    for (const [k, start] of starts(tensors, dim).entries()) {
      const block = tensors[k].shape[dim] * inner;
      for (let outer = 0; outer < size(shape.slice(0, dim)); outer++)
        output.data.set(
          tensors[k].data.subarray(outer * block, (outer + 1) * block),
          outer * shape[dim] * inner + start * inner,
        );
    }
    return output;
  },
  backward(step, grad, wrt) {
    const dim = (step.settings.dim + grad.shape.length) % grad.shape.length;
    const start = starts(inOrder(step.arguments), dim)[Number(wrt.slice("tensors.".length))];
    const result = zeros(argumentOf(step, wrt).shape);
    for (let k = 0; k < result.data.length; k++) {
      const index = unravel(k, result.shape);
      index[dim] += start;
      result.data[k] = grad.data[offsetOf(grad.shape, index)];
    }
    return result;
  },
  terms(step, index) {
    const several = Object.keys(step.relations).length > 1;
    const addends = Object.entries(step.relations).flatMap(([name, relation]) => {
      const cells = cellsOf(relation, index);
      const beyond = outside(cells, argumentOf(step, name).shape);
      if (several && beyond.every(Boolean)) return []; // the element comes from another tensor of the list
      const factor = read(step, name, cells);
      return [addendsOf({ label: "source", rule: name, factors: [factor], products: factor.values, outside: beyond })];
    });
    return summed(step, index, addends, { exact: true });
  },
  partials: (step, wrt, index) => ones(reachedBy(step.relations[wrt], index, step.output.shape)),
};
