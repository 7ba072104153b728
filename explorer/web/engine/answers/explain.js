/** One cell's complete sum: what was multiplied, what it adds up to, where each number comes from (`explorer/draw/sums.py`). */

import { gradientTerms } from "../gradients.js";
import { endsInLogarithms, INPUT, scoresOf } from "../network.js";
import { softmaxOf } from "../ops/softmax.js";
import { checkCell, needsLabel, stepOf } from "../place.js";
import { shownFor } from "../shown.js";
import { elementOf } from "../tensor.js";
import { sends } from "./arithmetic.js";
import { cellOpened } from "./cell.js";
import { classOpened } from "./class_sum.js";
import { compared, EPSILON, MOST_TERMS, sumTold } from "./sum.js";

/** @typedef {import("../shown.js").Shown} Shown */
/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../network.js").Backward} Backward */
/** @typedef {import("../../lib/contract/draw.js").AtPlace} AtPlace */
/** @typedef {import("../../lib/contract/draw.js").Explained} Explained */
/** @typedef {import("../../lib/contract/draw.js").Sum} Sum */
/** @typedef {import("../../lib/contract/draw.js").Element} Element */
/** A step that reads a tensor, and as which argument. @typedef {[Step, string]} Reader */

/** Most terms that travel one by one when all of them are asked for. */
const EVERY_TERM = 200_000;

/** @param {import("../shown.js").Library} library @param {AtPlace & { every?: boolean }} asked @returns {Promise<Explained>} */
export async function explain(library, asked) {
  const { step, cell, of, label, every } = asked;
  if (of === "output" && label === null) needsLabel();
  const shown = await shownFor(library, asked);
  const most = every ? EVERY_TERM : MOST_TERMS;
  const back = of === "" || of === "class" ? null : shown.back(label);
  const told = (/** @type {object} */ found) =>
    /** @type {Explained} */ ({ ...found, sends: sends(shown.trace, back, step, of) });
  if (of === "class") return told(classOpened(shown, label, cell));
  if (!of) return told(cellOpened(stepOf(shown.trace, step), cell, most));
  if (of === "output" && back) return told(gradientOpened(shown, back, step, cell, most));
  return told(parameterOpened(shown, back, step, of, cell, most));
}

/** @param {Shown} shown @param {Backward} back @param {number} step @param {number[]} cell @param {number} most @returns {Sum} */
function gradientOpened({ trace }, back, step, cell, most) {
  const { shape } = step === INPUT ? trace.input : stepOf(trace, step).output;
  checkCell(shape, cell, step === INPUT ? "the input" : `step ${step + 1} (${trace.steps[step].op})`);
  const arrived = back.gradients.get(step);
  const element = arrived ? elementOf(arrived, cell) : 0;
  if (step === trace.network.plan.scores) return lossGradient(trace, back, cell, element);
  const readers = trace.steps.flatMap((reader) =>
    Object.entries(reader.parents).flatMap(([name, parent]) =>
      parent === step ? [/** @type {Reader} */ ([reader, name])] : [],
    ),
  );
  return gradientTold(trace, readers, cell, back, element, most);
}

/** @param {Shown} shown @param {Backward | null} back @param {number} step @param {string} argument @param {number[]} cell @param {number} most @returns {(Element & { shown?: undefined, addends?: undefined }) | (Sum & Element)} */
function parameterOpened({ trace }, back, step, argument, cell, most) {
  const opened = stepOf(trace, step);
  const parameter = opened.parameters[argument];
  if (!parameter) {
    const known = Object.keys(opened.parameters).join(", ") || "none";
    throw new Error(`step ${step + 1} (${opened.op}) has no parameter '${argument}'; its parameters: ${known}`);
  }
  checkCell(opened.arguments[argument].shape, cell, parameter);
  const element = { parameter, element: elementOf(opened.arguments[argument], cell) };
  if (!back) return element;
  const readers = trace.steps.flatMap((reader) =>
    Object.entries(reader.parameters).flatMap(([name, path]) =>
      path === parameter ? [/** @type {Reader} */ ([reader, name])] : [],
    ),
  );
  return { ...element, ...gradientTold(trace, readers, cell, back, null, most) };
}

/** The gradient as the sum over its readers; without `shown` it is compared with the engine's own parts. @param {import("../network.js").Trace} trace @param {Reader[]} readers @param {number[]} index @param {Backward} back @param {number | null} shown @param {number} most @returns {Sum} */
function gradientTold(trace, readers, index, back, shown, most) {
  const reached = readers.flatMap(([step, name]) => {
    const arrived = back.gradients.get(step.index);
    return arrived ? [{ step, name, arrived }] : [];
  });
  const parts = reached.map(
    ({ step, name, arrived }) =>
      /** @type {[Step, import("../terms.js").Terms]} */ ([step, gradientTerms(step, index, name, arrived)]),
  );
  const told = sumTold(parts, shown ?? parts.reduce((sum, [, part]) => sum + part.shown, 0), most);
  const own = new Map(
    reached.map(({ step, name }) => [`${step.op} ${name}`, step.texts.gradients[name.split(".")[0]] ?? null]),
  );
  const formulas = [...own.values()].filter((formula) => formula !== null);
  if (readers.length > 1 || !formulas.length) formulas.unshift({ latex: trace.network.plan.chain, letters: {} });
  return { ...told, formulas, pytorch: "loss.backward()" };
}

/** The gradient where it begins: p − y for cross-entropy, −y for logarithms. @param {import("../network.js").Trace} trace @param {Backward} back @param {number[]} index @param {number} shown @returns {Sum} */
function lossGradient(trace, back, index, shown) {
  const k = /** @type {number} */ (index.at(-1));
  const own = -Number(k === back.label);
  const logarithms = endsInLogarithms(trace);
  const products = logarithms ? [own] : [softmaxOf(scoresOf(trace).data)[k], own];
  const total = products.reduce((sum, product) => sum + product, 0);
  const terms = products.map((product) => ({ cells: [], values: [], product, outside: false, winner: false }));
  const group = { group: 0, subtotal: total, count: products.length, rest: null, terms };
  const rule = logarithms ? "−y" : "p − y";
  return {
    ...compared(total, shown, Math.max(1e-6, EPSILON)),
    count: products.length,
    addends: [{ label: back.name, rule, groupLabel: "", count: products.length, total, factors: [], groups: [group] }],
    formulas: [{ latex: trace.network.plan.beginning[back.name], letters: { g_n: 1, w_k: 1 } }],
    pytorch: `F.${logarithms ? "nll_loss" : "cross_entropy"}(output, target)`,
  };
}
