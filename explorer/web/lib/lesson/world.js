/** What a lesson sees of the pages: their state, which the link holds, and what they were answered. Types, and the walk behind the numbers of Arithmetic. */

import { passesOf, refusalOf, resultOf } from "../arithmetic.js";
import { FIRST, walkHeard } from "../case_link.js";

/** @typedef {import("../link.js").Linked} Linked */
/** @typedef {import("../contract/models.js").Facts & import("../contract/network.js").Description} Described */
/** The last drawing that was answered, and what it was asked with. @typedef {{ answer: import("../contract/draw.js").Observed, input: import("../contract/draw.js").Drawing }} Observed */
/** The opened cell's sum and where it is. @typedef {{ sum: import("../contract/draw.js").Explained, place: import("../link.js").Place }} Opened */
/** An output pixel of the Kernels page, taken apart. @typedef {{ y: number, x: number, sums: number[], values: number[] }} Magnified */
/** What the network of a moment of a run makes of the drawing. @typedef {{ step: number, prediction: import("../contract/network.js").Prediction }} Moment */
/** What the speed lab measured: the ways from the first to the fastest, and whether it is over. @typedef {{ size: number, steps: { way: string, median: number, faster: number, estimated: boolean }[], over: boolean } | null} Measured */

/**
 * What pages say while they work, beside their state. `acts`: how often somebody did what the state does not tell; `labels`: of one's own drawings on Train, in their order.
 * @typedef {{
 *   acts: Record<string, number>, observed: Observed | null, opened: Opened | null, magnified: Magnified | null, measured: Measured, telling: import("../telling.js").Telling | null,
 *   labels: number[], moment: Moment | null,
 * }} Seen
 */
/** @typedef {Seen & { state: Linked, description: Described | null, kept: Record<string, import("./progress.js").Value> }} World */

/** What the Arithmetic page shows where no link says anything. */
const USUAL = { preset: FIRST };

/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {{ given: import("../case.js").Case, passes: Record<string, Pass>, pass: Pass | null, name: string, at: number, unit: string, tensors: Record<string, { shape: number[], values: ArrayLike<number> }> }} Walk */

/** Computed once for each state of the walk. @type {WeakMap<object, Walk | null>} */
const walks = new WeakMap();

/** @param {object} told @returns {Walk | null} */
function walk(told) {
  try {
    const { given, pass: name, at, unit } = walkHeard(told);
    const passes = refusalOf(given) ? {} : passesOf(given);
    /** @type {Walk["tensors"]} */
    const tensors = { ...given.tensors };
    for (const pass of Object.values(passes))
      for (const [target, { values }] of Object.entries(resultOf(pass)))
        tensors[target] = { shape: pass.shapes[target] ?? [], values };
    return { given, passes, pass: passes[name] ?? null, name, at, unit, tensors };
  } catch {
    return null;
  }
}

/** The walk of the Arithmetic page with all its results; null where its settings are impossible. @param {Pick<World, "state">} world */
export function walkOf({ state }) {
  const told = /** @type {object} */ (state.walk ?? USUAL);
  if (!walks.has(told)) walks.set(told, walk(told));
  return walks.get(told) ?? null;
}

/** A step that is named by its path, its operation or its number. @param {Described["steps"]} steps @param {string} name */
export const stepNamed = (steps, name) =>
  steps.find(({ path }) => path === name) ??
  steps.find(({ op }) => op === name) ??
  steps.find(({ index }) => String(index) === name) ??
  null;

/** The step of the network that a lesson names. @param {World} world @param {string} name */
export const stepOf = ({ description }, name) => stepNamed(description?.steps ?? [], name);

/** The kernel in view on the Kernels page; null before somebody chose one. @param {Pick<World, "state">} world */
export const kernelOf = ({ state }) => state.kernelChain?.stages[state.kernelStage] ?? null;
