/** Why a class has its score: the twin of `core/explain/attribution.py`. The score is the log-odds of the class, or its lead over another. */

import { largestOf } from "../lib/numbers.js";
import { gradientsFrom, INPUT, run, scoresOf, valueOf } from "./network.js";
import { logSumExp, softmaxOf } from "./ops/softmax.js";
import { legendre } from "./quadrature.js";
import { zeros } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./network.js").Trace} Trace */
/** What is asked about: how much speaks for a class, against all others or against one. @typedef {{ target: number, over: number | null }} Question */
/** Answers a network for an input. @typedef {(input: Tensor) => Trace} Pass */

/** Points between baseline and input at which the gradient is read. */
const STEPS = 128;
/** How many windows lie side by side on an axis where occlusion covers it without overlap. */
const WINDOWS = 7;
/** Passes between which others may ask: drawing goes on while a map is computed. */
const TURN = 8;

const turn = () => new Promise((done) => setTimeout(done, 0));

/** z[target] − ln Σ_others exp z, or z[target] − z[over]. @param {ArrayLike<number>} z @param {Question} question */
export function scoreOf(z, { target, over }) {
  if (over !== null) return Math.fround(z[target] - z[over]);
  return Math.fround(z[target] - logSumExp(Array.from(z).filter((_, k) => k !== target)));
}

/** The score's gradient by the scores z. @param {Tensor} scores @param {Question} question @returns {Tensor} */
function scoreGradient({ shape, data }, { target, over }) {
  const gradient = zeros(shape);
  if (over === null) {
    const others = [...data.keys()].filter((k) => k !== target);
    softmaxOf(others.map((k) => data[k])).forEach((share, place) => (gradient.data[others[place]] = -share));
  } else gradient.data[over] = -1;
  gradient.data[target] += 1;
  return gradient;
}

/** The gradients of the score by every step's output. @param {Trace} trace @param {Question} question */
export const scoreGradients = (trace, question) =>
  gradientsFrom(trace, trace.network.plan.scores, scoreGradient(scoresOf(trace), question));

/** ∂score/∂input. @param {Trace} trace @param {Question} question @returns {Tensor} */
export const saliency = (trace, question) => scoreGradients(trace, question).get(INPUT) ?? zeros(trace.input.shape);

/** (input − baseline) · ∫₀¹ ∂score/∂input at baseline + α · (input − baseline) dα. @param {Pass} pass @param {Tensor} input @param {Tensor} baseline @param {Question} question @returns {Promise<Tensor>} */
export async function integratedGradients(pass, input, baseline, question) {
  const found = new Float64Array(input.data.length);
  for (const [k, { place, weight }] of legendre(STEPS).entries()) {
    if (k % TURN === 0) await turn();
    const between = input.data.map((x, i) => baseline.data[i] + place * (x - baseline.data[i]));
    const { data } = saliency(pass({ shape: input.shape, data: between }), question);
    for (let i = 0; i < found.length; i++) found[i] += weight * data[i];
  }
  return { shape: input.shape, data: input.data.map((x, i) => found[i] * (x - baseline.data[i])) };
}

/** By how much the score falls when a window of the input is covered by the baseline; where windows overlap, their mean. @param {Pass} pass @param {Tensor} input @param {Tensor} baseline @param {Question} question @returns {Promise<Tensor>} */
export async function occlusion(pass, input, baseline, question) {
  const [, , H, W] = input.shape;
  const [high, wide] = [H, W].map((side) => Math.max(1, Math.ceil(side / WINDOWS)));
  const [down, across] = [high, wide].map((side) => Math.max(1, Math.floor(side / 2)));
  const known = scoreOf(scoresOf(pass(input)).data, question);
  const [sum, count] = [new Float64Array(input.data.length), new Float64Array(input.data.length)];
  const places = [Math.ceil((H - high) / down) + 1, Math.ceil((W - wide) / across) + 1];
  for (let k = 0; k < places[0] * places[1]; k++) {
    if (k % TURN === 0) await turn();
    const [top, left] = [Math.floor(k / places[1]) * down, (k % places[1]) * across];
    const inside = (/** @type {number} */ i) => {
      const [y, x] = [Math.floor(i / W) % H, i % W];
      return y >= top && y < top + high && x >= left && x < left + wide;
    };
    const covered = input.data.map((x, i) => (inside(i) ? baseline.data[i] : x));
    const fall = known - scoreOf(scoresOf(pass({ shape: input.shape, data: covered })).data, question);
    for (let i = 0; i < sum.length; i++)
      if (inside(i)) {
        sum[i] += fall;
        count[i] += 1;
      }
  }
  return { shape: input.shape, data: Float32Array.from(sum, (fallen, i) => fallen / count[i]) };
}

/** A layer's maps, each weighed by the mean slope of the score on it; `before` negative values became 0. @param {Trace} trace @param {number} layer @param {number} target */
export function gradCam(trace, layer, target) {
  const { shape, data } = valueOf(trace, layer);
  const slopes = scoreGradients(trace, { target, over: null }).get(layer) ?? zeros(shape);
  const [, C, h, w] = shape;
  const before = zeros([h, w]);
  for (let c = 0; c < C; c++) {
    const map = (/** @type {Float32Array} */ values) => values.subarray(c * h * w, (c + 1) * h * w);
    const weight = map(slopes.data).reduce((sum, slope) => sum + slope, 0) / (h * w);
    map(data).forEach((value, k) => (before.data[k] += weight * value));
  }
  const values = { shape: before.shape, data: before.data.map((value) => Math.max(value, 0)) };
  return { values, negative: largestOf(before.data, 0) === 0 && before.data.some((value) => value !== 0), before };
}

/** Runs a network with a person's changes. @param {import("./shown.js").Shown} shown @returns {Pass} */
export const passOf =
  ({ network, changes }) =>
  (input) =>
    run(network, input, changes);
