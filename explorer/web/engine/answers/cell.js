/** The sum behind one element of a step's output. */

import { OPERATORS } from "../ops/index.js";
import { checkCell } from "../place.js";
import { MOST_TERMS, sumTold } from "./sum.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../../lib/contract/draw.js").Sum} Sum */

/** Operations whose whole channel can be scaled by their parameters. */
const SCALED = ["conv1d", "conv2d", "linear", "batch_norm"];

/** @param {Step} step @param {number[]} cell @param {number} [most] @returns {Sum} */
export function cellOpened(step, cell, most = MOST_TERMS) {
  checkCell(step.output.shape, cell, `step ${step.index + 1} (${step.op})`);
  const found = OPERATORS[step.op].terms(step, cell);
  const names = ["weight", "bias"].flatMap((name) => step.parameters[name] ?? []);
  return {
    ...sumTold([[step, found]], found.shown, most),
    channel: SCALED.includes(step.op) && names.length ? { parameters: names, channel: cell[1] } : null,
    formulas: [step.texts.formula],
    pytorch: step.texts.pytorch,
    reduction: found.reduction,
    after: found.after,
    quantities: found.quantities,
  };
}
