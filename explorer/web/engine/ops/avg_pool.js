/** The mean of each window: `torch.nn.functional.avg_pool2d` and `adaptive_avg_pool2d`. */

import { cellsOf, outside, reachedBy } from "../cells.js";
import { argumentOf } from "../step.js";
import { offsetOf, zeros } from "../tensor.js";
import { size, unravel } from "../../lib/visits.js";
import { divisorsOf } from "../../lib/operators/windows.js";
import { mean, partialsOf } from "../terms.js";
import { windowsOf } from "./max_pool.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("./index.js").Operator} Operator */
/** @typedef {(step: Step, index: number[]) => number} Divisor */

/** How many elements a window of `avg_pool2d` counts. @type {Divisor} */
function counted({ settings, output, arguments: { input } }, index) {
  if (settings.divisor_override) return settings.divisor_override;
  const { kernel, stride, before } = windowsOf(settings);
  return [0, 1].reduce((product, axis) => {
    const length = input.shape[2 + axis];
    const [taps, step, margin] = [kernel[axis], stride[axis], before[axis]];
    const axisOf = { size: length, before: margin, after: margin, padded: length + 2 * margin, taps, span: taps };
    const divisors = divisorsOf(
      { ...axisOf, stride: step, dilation: 1, output: output.shape[2 + axis] },
      settings.count_include_pad,
    );
    return product * divisors[index[2 + axis]];
  }, 1);
}

/** How many elements a bin holds. @type {Divisor} */
const held = (step, index) => cellsOf(step.relations.input, index).length;

/** @param {Divisor} divisor @returns {Operator} */
function averaging(divisor) {
  return {
    forward(tensors, settings, shape, relations) {
      const output = zeros(shape);
      const step = /** @type {Step} */ ({ settings, arguments: tensors, output, relations });
      const { input } = tensors;
      for (let k = 0; k < size(shape); k++) {
        const index = unravel(k, shape);
        const cells = cellsOf(relations.input, index);
        const beyond = outside(cells, input.shape);
        let sum = 0;
        cells.forEach((cell, place) => {
          if (!beyond[place]) sum += input.data[offsetOf(input.shape, cell)];
        });
        output.data[k] = sum / divisor(step, index);
      }
      return output;
    },
    backward(step, grad) {
      const { shape } = argumentOf(step, "input");
      const result = zeros(shape);
      for (let k = 0; k < grad.data.length; k++) {
        const index = unravel(k, grad.shape);
        const share = grad.data[k] / divisor(step, index);
        const cells = cellsOf(step.relations.input, index);
        const beyond = outside(cells, shape);
        cells.forEach((cell, place) => {
          if (!beyond[place]) result.data[offsetOf(shape, cell)] += share;
        });
      }
      return result;
    },
    terms: (step, index) => mean(step, index, divisor(step, index)),
    partials(step, _wrt, index) {
      const outputs = reachedBy(step.relations.input, index, step.output.shape);
      return partialsOf({ outputs, values: outputs.map((output) => 1 / divisor(step, output)), rule: "1 / k" });
    },
  };
}

export const avgPool = averaging(counted);
export const adaptiveAvgPool = averaging(held);
