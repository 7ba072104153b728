/** parameter − lr · gradient: one step of gradient descent on the parameters of an operator, as `core.ops.optim.sgd_step` writes it. */

import { short } from "../numbers.js";
import { factor, kept, termOf } from "../visits.js";

/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("../arithmetic.js").Tensor} Tensor */

/**
 * @param {number} lr @param {{ name: string, letter: string, tensor: Tensor, gradient: string, pass: Pass, next: string }[]} parameters
 * `pass` computes the gradient, visit k that of element k
 * @returns {Pass}
 */
export function descent(lr, parameters) {
  const letters = parameters.map(({ letter }) => letter).join(", ");
  const owners = parameters.flatMap((parameter) =>
    parameter.tensor.values.map((_, index) => ({ ...parameter, index })),
  );
  return {
    name: "update",
    direction: "step",
    function: "sgd_step.g",
    letters: { "\\eta": lr, "\\lambda": 0 },
    before: [
      `${parameters.map(({ letter }) => `${letter}.grad`).join(", ")} = torch.autograd.grad(Y, [${letters}], dY)`,
    ],
    torch: `torch.optim.SGD([${letters}], lr=${lr}).step()`,
    gives: letters,
    reads: parameters.flatMap(({ name, gradient }) => [name, gradient]),
    slides: null,
    targets: parameters.map(({ next }) => next),
    shapes: Object.fromEntries(
      parameters.flatMap(({ name, gradient, next, tensor }) =>
        [name, gradient, next].map((each) => [each, tensor.shape]),
      ),
    ),
    count: owners.length,
    taps: 1,
    starts: null,
    ends: null,
    scatter: false,
    visit: kept((k) => {
      const { name, gradient, pass, next, tensor, index } = owners[k];
      const [parameter, grad] = [tensor.values[index], pass.scan?.(index) ?? pass.visit(index).value];
      const term = termOf({
        mark: "done",
        vars: { lr },
        cells: { [name]: index, [gradient]: index },
        factors: [lr, grad],
        product: lr * grad,
        after: { parameter, grad },
      });
      return { vars: {}, target: [next, index], start: {}, terms: [term], value: parameter - lr * grad, window: {} };
    }),
    worked: ({ terms: [{ after, factors }] }) => [
      { text: `${short(after.parameter, 7)} − ${factors.map(factor).join("·")}`, at: 0 },
    ],
    told: ({ terms: [{ after, factors }] }) => ({
      text: `${short(after.parameter, 7)} − ${short(lr, 7)} · ${factor(factors[1])}`,
    }),
  };
}
