/** What moves elements and changes none: flatten, view, and dropout in evaluation. */

import { size } from "../../lib/visits.js";
import { cellsOf, outside, reachedBy } from "../cells.js";
import { argumentOf } from "../step.js";
import { addendsOf, ones, read, summed } from "../terms.js";

/** @typedef {import("./index.js").Operator} Operator */

/** @type {Pick<Operator, "forward" | "backward" | "partials">} */
const passing = {
  forward: ({ input }, _settings, shape) => ({ shape, data: input.data.slice() }),
  backward: (step, grad) => ({ shape: argumentOf(step, "input").shape, data: grad.data.slice(0, size(grad.shape)) }),
  partials: (step, wrt, index) => ones(reachedBy(step.relations[wrt], index, step.output.shape)),
};

/** @type {Operator} */
export const reshape = {
  ...passing,
  terms(step, index) {
    const factor = read(step, "input", cellsOf(step.relations.input, index));
    const beyond = outside(factor.cells, argumentOf(step, "input").shape);
    const rows = { label: "source", rule: "input", factors: [factor], products: factor.values, outside: beyond };
    return summed(step, index, [addendsOf(rows)], { exact: true });
  },
};

/** @type {Operator} */
export const dropout = {
  ...passing,
  terms(step, index) {
    const factor = read(step, "input", [index]);
    const rows = addendsOf({ label: "input", rule: "input", factors: [factor], products: factor.values });
    return summed(step, index, [rows], { exact: true });
  },
};
