/** The fully connected layer: the row that an element is computed from. The twin of `explorer/arithmetic/operators/linear.py`. */

import { upTo } from "../cells.js";
import { argumentOf } from "../step.js";
import { elementOf } from "../tensor.js";
import { biasOf, elements, filled, indicesOf, limited, numbers, sent, weightiest } from "./cut.js";

/** Most products of a row that travel one by one, the largest; the others travel as their sum. */
const LONGEST = 32;

const op = "linear";
const settings = { lr: 0.1 };

/** @type {import("./cut.js").Cut} */
export const linear = {
  value(step, index) {
    const [row, o] = [index.slice(0, -1), index[index.length - 1]];
    const [input, weight] = [argumentOf(step, "input"), argumentOf(step, "weight")];
    const count = weight.shape[1];
    const own = elements(
      input,
      upTo(count).map((f) => [...row, f]),
    );
    const over = elements(
      weight,
      upTo(count).map((f) => [o, f]),
    );
    const products = own.map((x, f) => x * over[f]);
    const { kept, rest } = weightiest(products, LONGEST);
    const left = count > LONGEST ? { count: count - LONGEST, sum: rest } : null;
    const bias = biasOf(step, o, o + 1);
    bias.values[0] += left ? rest : 0;
    const tensors = {
      input: numbers([1, kept.length], kept.map((f) => own[f])), // prettier-ignore
      weight: numbers([1, kept.length], kept.map((f) => over[f])), // prettier-ignore
      bias,
      gradOutput: filled(1, 1, 1),
    };
    return sent({ op, settings, tensors, left });
  },

  gradient(step, wrt, index, grad) {
    const [input, weight] = [argumentOf(step, "input"), argumentOf(step, "weight")];
    const [outputs] = weight.shape;
    if (wrt === "input") {
      const [row, f] = [index.slice(0, -1), index[index.length - 1]];
      const column = upTo(outputs).map((o) => [o, f]);
      const arriving = upTo(outputs).map((o) => [...row, o]);
      const tensors = {
        input: filled(elementOf(input, index), 1, 1),
        weight: limited(numbers([outputs, 1], elements(weight, column))),
        bias: biasOf(step, 0, outputs),
        gradOutput: numbers([1, outputs], elements(grad, arriving)),
      };
      return sent({ op, settings, tensors, walk: "inputGrad" });
    }
    const [o, f] = wrt === "weight" ? index : [index[0], 0];
    const rows = indicesOf(input.shape.slice(0, -1));
    const columnOf = (/** @type {import("../tensor.js").Tensor} */ tensor, /** @type {number} */ at) =>
      numbers(
        [rows.length, 1],
        elements(
          tensor,
          rows.map((row) => [...row, at]),
        ),
      );
    const tensors = {
      input: limited(columnOf(input, f)),
      weight: filled(elementOf(weight, [o, f]), 1, 1),
      bias: biasOf(step, o, o + 1),
      gradOutput: columnOf(grad, o),
    };
    return sent({ op, settings, tensors, walk: wrt === "bias" ? "biasGrad" : "weightGrad" });
  },
};
