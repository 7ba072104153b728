/** What a run would be, before it is started: the twin of `core/training/summary.py`. */

import { MEMORY } from "./optimiser.js";
import { pick } from "./pictures.js";
import { createTraining } from "./training.js";
import { headOf, trainedOf } from "./weights.js";

/** @typedef {import("../network.js").Network} Network */
/** @typedef {import("./pictures.js").Pictures} Pictures */

/** Bytes of a number. */
const FLOAT = 4;
/** Bytes that one run may take of a tab. */
const MOST = 2 ** 30;
/** Pictures of the steps that are timed, and how many of them: the shortest tells. */
const [SAMPLE, TIMED] = [4, 3];

/** Seconds that a picture of a step takes. @param {Network} network @param {Pictures} pictures @param {import("./training.js").Recipe} recipe */
function secondsEach(network, pictures, recipe) {
  const few = pick(
    pictures,
    Uint32Array.from({ length: Math.min(SAMPLE, pictures.labels.length) }, (_, k) => k),
  );
  const training = createTraining(network, few, { ...recipe, batch: few.labels.length, epochs: TIMED });
  let shortest = Infinity;
  for (let k = 0; k < TIMED; k++) {
    const began = performance.now();
    training.advance();
    shortest = Math.min(shortest, performance.now() - began);
  }
  return shortest / 1000 / few.labels.length;
}

/** @param {Network} network @param {{ training: Pictures, held: Pictures }} parts @param {import("./settings.js").Settings} settings @returns {import("../../lib/contract/train.js").Summary} */
export function summarise(network, { training, held }, { recipe }) {
  const { plan, weights, card, description } = network;
  const count = (/** @type {string[]} */ names) => names.reduce((sum, name) => sum + weights[name].data.length, 0);
  const trained = count(trainedOf(plan, recipe.head));
  const parameters = count(plan.trained);
  const pictures = training.labels.length;
  const numbers = description.steps.reduce((sum, { shape }) => sum + shape.reduce((all, each) => all * each, 1), 0);
  return {
    parameters,
    trained,
    frozen: recipe.head
      ? plan.steps.flatMap(({ parameters: { weight } }, k) => (weight && k !== headOf(plan) ? [weight] : []))
      : [],
    pictures: { training: pictures, validation: held.labels.length },
    classes: card.classes,
    steps: recipe.epochs * Math.ceil(pictures / recipe.batch),
    seconds: secondsEach(network, training, recipe) * pictures * recipe.epochs,
    memory: {
      pictures: training.bytes.length + held.bytes.length,
      batch: 2 * FLOAT * numbers * Math.min(recipe.batch, pictures),
      weights: FLOAT * (parameters + trained * (2 + MEMORY[recipe.optimiser])),
      most: MOST,
    },
    notes: [],
  };
}
