/** An element of a network as a case of the Arithmetic page: the twin of `explorer/arithmetic/from_network.py`. */

import { adaptiveAvgPool, avgPool, maxPool } from "../cuts/pool.js";
import { activations, batchNorm } from "../cuts/elementwise.js";
import { conv } from "../cuts/conv.js";
import { linear } from "../cuts/linear.js";
import { lossGradient, softmax, softmaxes } from "../cuts/loss.js";
import { endsInLogarithms, logitsStep, scoresOf, valueOf } from "../network.js";
import { needsLabel, Refused, stepOf } from "../place.js";
import { shownFor } from "../shown.js";
import { isCell } from "../tensor.js";
import { tensorOf } from "./exact.js";

/** @typedef {import("../network.js").Trace} Trace */
/** @typedef {import("../network.js").Backward} Backward */
/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../../lib/contract/draw.js").AtPlace} AtPlace */
/** @typedef {import("../../lib/contract/draw.js").Sent} Sent */

/** How elements are cut out, by the operation. @type {Record<string, import("../cuts/cut.js").Cut>} */
const CUTS = {
  conv2d: conv,
  max_pool2d: maxPool,
  avg_pool2d: avgPool,
  adaptive_avg_pool2d: adaptiveAvgPool,
  linear,
  batch_norm: batchNorm,
  softmax: softmaxes,
  log_softmax: softmaxes,
  ...activations,
};

/** Whether the page has the operator behind a place. @param {Trace} trace @param {Backward | null} back @param {number} step @param {string} of */
export function sends(trace, back, step, of) {
  if (of === "class") return true;
  if (!of) return trace.steps[step].op in CUTS;
  if (!back) return false;
  if (of === "output" && step === trace.network.plan.scores) return true;
  const readers = readersOf(trace, back, step, of);
  return readers.length === 1 && readers[0][0].op in CUTS;
}

/** The operations that the gradient of an output, or of a parameter, arrives from, with the argument. @param {Trace} trace @param {Backward} back @param {number} step @param {string} of @returns {[Step, string][]} */
function readersOf(trace, back, step, of) {
  const parameter = of === "output" ? null : trace.steps[step].parameters[of];
  return trace.steps
    .filter(({ index }) => back.gradients.has(index))
    .flatMap((reader) =>
      Object.entries(parameter === null ? reader.parents : reader.parameters).flatMap(([name, read]) =>
        read === (parameter ?? step) ? [/** @type {[Step, string]} */ ([reader, name])] : [],
      ),
    );
}

/** @param {import("../shown.js").Library} library @param {AtPlace} asked @returns {Promise<Sent>} */
export async function arithmetic(library, asked) {
  const shown = await shownFor(library, asked);
  const found = cutOut(shown, asked, asked.of ? shown.back(asked.label) : null);
  if (Object.values(found.tensors).every(({ values }) => values.every(Number.isFinite))) return found;
  throw new Refused("not all of its numbers are finite", "told.unsent.infinite");
}

/** @param {import("../shown.js").Shown} shown @param {AtPlace} asked @param {Backward | null} back @returns {Sent} */
function cutOut(shown, asked, back) {
  const { trace } = shown;
  const { step, of, cell, label } = asked;
  const k = cell[cell.length - 1];
  if (of === "class") {
    const row = [...valueOf(trace, logitsStep(trace)).data];
    if (!isCell(scoresOf(trace).shape, cell)) throw new Refused(`there is no class ${cell.join(", ")}`);
    return softmax(row, k, "probability", label);
  }
  if (of && !back) needsLabel();
  if (!isCell(tensorOf(shown, asked).shape, cell)) throw new Refused(`there is no cell ${cell.join(", ")}`);
  if (!back) return known(stepOf(trace, step)).value(trace.steps[step], cell);
  if (of === "output" && step === trace.network.plan.scores)
    return lossGradient([...scoresOf(trace).data], k, back.label, endsInLogarithms(trace));
  const readers = readersOf(trace, back, step, of);
  const count = readers.length;
  if (count !== 1) throw new Refused(`${count} operations add to this gradient`, "told.unsent.many", { count });
  const [[reader, name]] = readers;
  const arrived = /** @type {import("../tensor.js").Tensor} */ (back.gradients.get(reader.index));
  return known(reader).gradient(reader, name, cell, arrived);
}

/** @param {Step} step */
function known({ op }) {
  if (op in CUTS) return CUTS[op];
  throw new Refused(`Arithmetic has no ${op}`, "told.unsent.operator", { op });
}
