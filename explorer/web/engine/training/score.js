/** What a run looks at: gradient norms, activations, and how a network does on pictures. The twin of `core/training/observe.py`. */

import { logSumExp, softmaxOf } from "../ops/softmax.js";
import { run, scoresOf } from "../network.js";
import { ACTIVATIONS } from "../ops/activation.js";
import { feeding } from "./pictures.js";
import { together } from "./training.js";
import { largestOf } from "../../lib/numbers.js";

/** @typedef {import("../network.js").Network} Network */
/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("./pictures.js").Pictures} Pictures */
/** @typedef {import("../../lib/contract/train.js").Score} Score */
/** @typedef {import("../../lib/contract/train.js").Activation} Activation */

/** The most wrong answers that are named. */
const WRONG = 200;
/** Pictures that a network is shown at once: as many as are quickly held. */
const AT_ONCE = 50;
/** Pictures that activations are looked at with. */
const SAMPLE = 63;

/** The norm ‖dL/dw‖ of each layer's own parameters, by its path. @param {Record<string, Tensor>} gradients */
export function gradientNorms(gradients) {
  /** @type {Record<string, number>} */
  const squares = {};
  for (const [name, { data }] of Object.entries(gradients)) {
    const path = name.slice(0, name.lastIndexOf("."));
    squares[path] = data.reduce((sum, g) => sum + g * g, squares[path] ?? 0);
  }
  return Object.fromEntries(Object.entries(squares).map(([path, square]) => [path, Math.sqrt(square)]));
}

/** What each activation function answers to the first pictures, in the order they run. @param {Network} network @param {Pictures} pictures @returns {Activation[]} */
export function activations(network, pictures) {
  const count = Math.min(SAMPLE, pictures.labels.length);
  const feed = feeding(network.card, pictures);
  const trace = run(together(network, count), feed(Array.from({ length: count }, (_, k) => k)));
  /** @type {Record<string, number>} */
  const names = {};
  return trace.steps
    .filter(({ op }) => op in ACTIVATIONS)
    .map(({ index, op, output }) => {
      const name = trace.description.steps[index + 1].path || op;
      names[name] = (names[name] ?? 0) + 1;
      return { name: names[name] === 1 ? name : `${name} ${names[name]}`, ...unitsOf(output) };
    });
}

/** @param {Tensor} output `(N, units, …)` */
function unitsOf({ shape: [N, units], data }) {
  const places = data.length / (N * units);
  const alive = new Uint8Array(units);
  let [sum, squares] = [0, 0];
  data.forEach((value, k) => {
    if (value !== 0) alive[Math.floor(k / places) % units] = 1;
    sum += value;
    squares += value * value;
  });
  const mean = sum / data.length;
  const dead = Array.from(alive.keys()).filter((unit) => !alive[unit]);
  return { units, dead, mean, std: Math.sqrt(Math.max(0, squares - data.length * mean * mean) / (data.length - 1)) };
}

/** How a network does on labelled pictures, a few at a time: others may ask between them. @param {Network} network @param {Pictures} pictures @param {() => Promise<unknown>} turn @returns {Promise<Score>} */
export async function score(network, pictures, turn) {
  const classes = network.card.classes.length;
  const confusion = Array.from({ length: classes }, () => Array(classes).fill(0));
  const feed = feeding(network.card, pictures);
  /** @type {Score["wrong"]} */
  const wrong = [];
  let [loss, right] = [0, 0];
  const total = pictures.labels.length;
  for (let first = 0; first < total; first += AT_ONCE) {
    const chosen = Array.from({ length: Math.min(AT_ONCE, total - first) }, (_, k) => first + k);
    const { data } = scoresOf(run(together(network, chosen.length), feed(chosen)));
    for (const [row, k] of chosen.entries()) {
      const z = data.subarray(row * classes, (row + 1) * classes);
      const [label, answer] = [pictures.labels[k], z.indexOf(largestOf(z))];
      confusion[label][answer] += 1;
      loss += logSumExp(z) - z[label];
      if (label === answer) right += 1;
      else wrong.push([k, label, answer, largestOf(softmaxOf(z))]);
    }
    await turn();
  }
  wrong.sort((one, other) => other[3] - one[3]);
  return { pictures: total, loss: loss / total, accuracy: right / total, confusion, wrong: wrong.slice(0, WRONG) };
}
