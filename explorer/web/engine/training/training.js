/** Gradient descent on labelled pictures, step by step: the twin of `core/training/loop.py`. */

import { gradientsFrom, INPUT, parameterGradients, run, scoresOf, UNCHANGED } from "../network.js";
import { mersenneTwister, permutation, unit } from "../random.js";
import { size } from "../../lib/visits.js";
import { crossEntropy } from "./loss.js";
import { createOptimiser } from "./optimiser.js";
import { feeding } from "./pictures.js";
import { momentumOf, SCHEDULES } from "./schedule.js";
import { headOf, reachedOf, trainedOf } from "./weights.js";

/** @typedef {import("../network.js").Network} Network */
/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("./pictures.js").Pictures} Pictures */
/**
 * `dropout`: share of the units that each dropout layer silences, null for the network's own; `head`: only the last layer learns.
 * @typedef {{
 *   epochs: number, batch: number, optimiser: import("./optimiser.js").Name, rate: number, momentum: number, schedule: import("./schedule.js").Schedule,
 *   dropout: number | null, decay: number, smoothing: number, head: boolean, seed: number,
 * }} Recipe
 */
/** After a step: means over its pictures, before it. @typedef {{ loss: number, right: number, pictures: number, rate: number, gradients: Record<string, Tensor> }} Done */

/** Between the seeds of the order of pictures and of dropout. */
const APART = 0x9e3779b9;

/** The network shown so many pictures at once. @param {Network} network @param {number} count @returns {Network} */
export const together = (network, count) => ({
  ...network,
  description: {
    ...network.description,
    steps: network.description.steps.map((step) => ({ ...step, shape: [count, ...step.shape.slice(1)] })),
  },
});

/** The steps whose outputs are silenced, with their shares: dropout layers, or what a network without one gives its head. @param {Network["plan"]} plan @param {number | null} share @returns {[number, number][]} */
function silenced(plan, share) {
  const layers = plan.steps.flatMap(({ op }, index) => (op === "dropout" ? [index] : []));
  if (layers.length) return layers.map((index) => [index, share ?? plan.steps[index].settings.p]);
  return share === null ? [] : [[plan.steps[headOf(plan)].parents.input, share]];
}

/** 0 for a share of the units, 1 / (1 − share) for the others. @param {number[]} shape @param {number} share @param {import("../random.js").Bits} next @returns {Tensor} */
const maskOf = (shape, share, next) => ({
  shape,
  data: Float32Array.from({ length: size(shape) }, () => (unit(next) < share ? 0 : 1 / (1 - share))),
});

/** @param {Network} start whose weights the run begins with @param {Pictures} pictures @param {Recipe} recipe */
export function createTraining(start, pictures, recipe) {
  const count = pictures.labels.length;
  const batches = Math.ceil(count / recipe.batch);
  const steps = recipe.epochs * batches;
  const trained = trainedOf(start.plan, recipe.head);
  const network = { ...start, plan: { ...start.plan, trained } };
  const reached = reachedOf(start.plan, trained);
  const optimise = createOptimiser(recipe);
  const feed = feeding(start.card, pictures);
  const [ordering, silencing] = [recipe.seed, recipe.seed ^ APART].map((seed) => mersenneTwister(seed >>> 0));
  const layers = silenced(start.plan, recipe.dropout);
  let { weights } = start;
  let [step, rate] = [0, recipe.rate];
  /** @type {Uint32Array} */
  let order = new Uint32Array();

  /** @param {Network} shown */
  const masks = ({ description }) =>
    Object.fromEntries(
      layers.map(([index, share]) => [index, maskOf(description.steps[index + 1].shape, share, silencing)]),
    );

  return {
    batches,
    steps,
    trained,
    get step() {
      return step;
    },
    /** The epoch that the last step belongs to, from 1; 0 before the first step. */
    get epoch() {
      return Math.ceil(step / batches);
    },
    /** The network as it is now. @returns {Network} */
    get network() {
      return { ...start, weights };
    },
    /** Go on with another learning rate, of which the schedule makes that of each step. @param {number} value */
    pace(value) {
      rate = value;
    },
    /** Learn from the next batch. @returns {Done} */
    advance() {
      const batch = step % batches;
      if (batch === 0) order = permutation(count, ordering);
      const chosen = order.subarray(batch * recipe.batch, (batch + 1) * recipe.batch);
      const shown = together({ ...network, weights }, chosen.length);
      const trace = run(shown, feed(chosen), { ...UNCHANGED, masks: masks(shown) });
      const labels = Array.from(chosen, (k) => pictures.labels[k]);
      const { loss, right, gradient } = crossEntropy(scoresOf(trace), labels, recipe.smoothing);
      const wanted = (/** @type {number} */ parent) => parent !== INPUT && reached.has(parent);
      const gradients = parameterGradients(trace, {
        gradients: gradientsFrom(trace, start.plan.scores, gradient, wanted),
      });
      const own = rate * SCHEDULES[recipe.schedule](step, steps);
      weights = optimise(weights, gradients, { rate: own, momentum: momentumOf(recipe.schedule, step, steps) });
      step += 1;
      return { loss, right, pictures: chosen.length, rate: own, gradients };
    },
  };
}
