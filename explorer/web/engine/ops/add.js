/** Sums of two tensors of one shape, as `torch.add`. */

import { cellsOf, reachedBy } from "../cells.js";
import { zeros } from "../tensor.js";
import { addendsOf, partialsOf, read, summed } from "../terms.js";

/** @typedef {import("./index.js").Operator} Operator */

/** What a side is multiplied by. @param {Record<string, any>} settings @param {string} name */
const scaleOf = ({ alpha }, name) => (name === "other" ? alpha : 1);

/** @type {Operator} */
export const add = {
  forward({ input, other }, { alpha }, shape) {
    const output = zeros(shape);
    for (let k = 0; k < output.data.length; k++) output.data[k] = input.data[k] + alpha * other.data[k];
    return output;
  },
  backward: (step, grad, wrt) => ({
    shape: grad.shape,
    data: grad.data.map((value) => value * scaleOf(step.settings, wrt)),
  }),
  terms(step, index) {
    const addends = ["input", "other"].map((name) => {
      const scale = scaleOf(step.settings, name);
      const factor = read(step, name, cellsOf(step.relations[name], index));
      const products = factor.values.map((value) => value * scale);
      return addendsOf({ label: name, rule: scale === 1 ? name : `${scale} · ${name}`, factors: [factor], products });
    });
    return summed(step, index, addends);
  },
  partials(step, wrt, index) {
    const outputs = reachedBy(step.relations[wrt], index, step.output.shape);
    const slope = scaleOf(step.settings, wrt);
    return partialsOf({ outputs, values: outputs.map(() => slope), rule: String(slope) });
  },
};
