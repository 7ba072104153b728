/** Backward by number: the products behind one element of a gradient, as core/explain/gradients.py makes them. */

import { largestOf } from "../lib/numbers.js";
import { OPERATORS } from "./ops/index.js";
import { elementOf, offsetOf } from "./tensor.js";
import { absolute, addendsOf, rounding } from "./terms.js";

/** @typedef {import("./step.js").Step} Step */
/** @typedef {import("./tensor.js").Tensor} Tensor */

/** Name of the factor that reads the arriving gradient. */
export const ARRIVING = "grad_output";

const EPSILON = 2 ** -23;

/** dL/d`wrt`[index] = Σ_cells grad[cell] · ∂output[cell]/∂`wrt`[index]. @param {Step} step @param {number[]} index @param {string} wrt @param {Tensor} grad by the step's output @returns {import("./terms.js").Terms} */
export function gradientTerms(step, index, wrt, grad) {
  const operator = OPERATORS[step.op];
  const { outputs, values, rule, factors, scale, groupAxis } = operator.partials(step, wrt, index);
  const arriving = outputs.map((cell) => grad.data[offsetOf(grad.shape, cell)]);
  const products = arriving.map((g, k) => g * values[k]);
  const rows = addendsOf({
    label: "gradient",
    rule: rule === "1" ? ARRIVING : `${ARRIVING} · ${rule}`,
    factors: [{ argument: ARRIVING, cells: outputs, values: arriving }, ...factors],
    products,
    groupLabel: groupAxis === null ? "" : "output channel",
    groups: groupAxis === null ? null : outputs.map((cell) => cell[groupAxis]),
  });
  const value = products.reduce((sum, product) => sum + product, 0);
  const largest = largestOf(arriving.map(Math.abs), 0);
  const steepest = largest * largestOf(values.map(Math.abs), scale);
  const tolerance =
    rounding(products.length, Math.max(steepest, absolute(products)), value) + 4 * EPSILON * largest * scale;
  const shown = elementOf(operator.backward(step, grad, wrt), index);
  return {
    addends: [rows],
    reduction: "sum",
    reduced: value,
    after: "",
    value,
    shown,
    tolerance,
    quantities: [],
    winner: null,
  };
}
