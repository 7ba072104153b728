/** Activations: f(x) and f′(x) of each element, by the functions that Arithmetic steps through. */

import { FUNCTIONS } from "../../lib/operators/activation.js";
import { rectified } from "../conv.js";
import { argumentOf } from "../step.js";
import { mapped, zeros } from "../tensor.js";
import { addendsOf, partialsOf, read, summed } from "../terms.js";

/** @typedef {import("./index.js").Operator} Operator */
/** f and f′. `exact`: f rounds nothing; `cancels`: it adds up numbers as large as x, which may leave a small one. @typedef {{ value: (x: number) => number, gate: (x: number) => number, exact?: boolean, cancels?: boolean }} Activation */

/** torch's own settings, where an activation has any. */
const DEFAULTS = { slope: 0.01, approximate: "none" };

/** @param {string} name @param {Partial<Activation>} [more] @returns {Activation} */
function shared(name, more) {
  const { value, gate } = FUNCTIONS[name];
  return { value: (x) => value(x, DEFAULTS), gate: (x) => gate(x, DEFAULTS), ...more };
}

/** What an activation can be swapped for. @type {Record<string, Activation>} */
export const ACTIVATIONS = {
  relu: shared("relu", { exact: true }),
  leaky_relu: shared("leakyRelu"),
  elu: { value: (x) => (x > 0 ? x : Math.expm1(x)), gate: (x) => (x > 0 ? 1 : Math.exp(x)) },
  gelu: shared("gelu", { cancels: true }),
  silu: shared("silu"),
  mish: shared("mish"),
  sigmoid: shared("sigmoid"),
  tanh: shared("tanh"),
  hardsigmoid: shared("hardsigmoid", { cancels: true }),
  hardswish: shared("hardswish", { cancels: true }),
  identity: { value: (x) => x, gate: () => 1, exact: true },
};

/** @param {Activation} activation @returns {Operator} */
const operatorOf = ({ value, gate, exact = false, cancels = false }) => ({
  forward: ({ input }) => mapped(input, value),
  backward(step, grad) {
    const { shape, data } = argumentOf(step, "input");
    const result = zeros(shape);
    for (let k = 0; k < data.length; k++) result.data[k] = grad.data[k] * gate(data[k]);
    return result;
  },
  terms(step, index) {
    const factor = read(step, "input", [index]);
    const rows = addendsOf({ label: "input", rule: "input", factors: [factor], products: factor.values });
    const x = Math.abs(factor.values[0]);
    const magnitude = Math.abs(value(factor.values[0])) * (1 + x) + (cancels ? 1 + x : 0);
    return summed(step, index, [rows], { after: step.texts.after, value, magnitude, exact });
  },
  partials(step, _wrt, index) {
    const factor = read(step, "input", [index]);
    const [x] = factor.values;
    return partialsOf({
      outputs: [index],
      values: [gate(x)],
      rule: "dy/dx",
      factors: [factor],
      scale: 1 + Math.abs(x),
    });
  },
});

/** @type {Record<string, Operator>} */
export const activations = Object.fromEntries(
  Object.entries(ACTIVATIONS).map(([name, activation]) => [name, operatorOf(activation)]),
);
activations.relu.forward = ({ input }) => rectified(input); // every stroke waits for it
