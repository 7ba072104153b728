/** Why a class has its score: a method's map over the input, and what must be said of it (`explorer/draw/why.py`). */

import { gradCam, integratedGradients, occlusion, passOf, saliency, scoreOf } from "../attribution.js";
import { floatsToBase64, greyCodes, toBase64 } from "../encode.js";
import { scoresOf } from "../network.js";
import { layoutOf, mapsOf } from "../maps.js";
import { baselineOf } from "../prepare.js";
import { shownFor } from "../shown.js";
import { largestOf, smallestOf } from "../../lib/numbers.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("../shown.js").Shown} Shown */
/** @typedef {import("../../lib/contract/draw.js").Server} Server */
/** @typedef {import("../../lib/contract/draw.js").Why} Why */
/** @typedef {import("../attribution.js").Question} Question */

/** @param {import("../shown.js").Library} library @param {Parameters<Server["why"]>[0]} asked @returns {Promise<Why>} */
export async function why(library, { method, layer, ...asked }) {
  const { target: wanted, over = null, ...drawing } = asked;
  if (method === "grad_cam" && over !== null)
    throw new Error("Grad-CAM weighs the score of one class, not the difference of two");
  const shown = await shownFor(library, drawing);
  const scores = Array.from(scoresOf(shown.trace).data);
  const target = wanted ?? scores.indexOf(largestOf(scores));
  for (const k of [target, over ?? target])
    if (!(k in scores)) throw new Error(`there is no class ${k}; the model has ${scores.length}`);
  const question = { target, over };
  const answer = { method, target, ink: inkOf(shown), note: null };
  const score = scoreOf(scores, question);
  if (!Number.isFinite(score)) return { ...answer, note: { reason: "not_finite", message: `the score is ${score}` } };
  const map = method === "grad_cam" ? camTold(shown, layer, target) : await overInput(shown, method, question);
  return { ...answer, score, ...map };
}

const told = (/** @type {number} */ value) => String(Number(value.toPrecision(6)));

/** @param {Shown} shown @param {string} method @param {Question} question */
async function overInput(shown, method, question) {
  const { trace } = shown;
  if (method === "saliency") return mapTold(saliency(trace, question));
  const [pass, baseline] = [passOf(shown), baselineOf(shown.network, trace.input)];
  const computed = { integrated_gradients: integratedGradients, occlusion }[method];
  if (!computed) throw new Error(`there is no method ${method}`);
  const found = await computed(pass, trace.input, baseline, question);
  const before = scoreOf(scoresOf(pass(baseline)).data, question);
  return { ...mapBeside(baseline, trace.input, found), baseline: before };
}

/** @param {Shown} shown @param {number | null} layer @param {number} target */
function camTold({ trace, network: { plan } }, layer, target) {
  const layers = plan.camLayers.map((each) => {
    const { op, path } = trace.description.steps[each.index + 1];
    return { ...each, op, path };
  });
  const known = layers.map(({ index }) => index);
  if (layer !== null && !known.includes(layer))
    throw new Error(`step ${layer} has no maps to weigh; the steps that have are ${known.join(", ")}`);
  const chosen = layer ?? known[known.length - 1];
  const { values, before, negative } = gradCam(trace, chosen, target);
  const note = { reason: "negative", message: told(largestOf(before.data)) };
  return {
    ...mapTold({ shape: [1, ...values.shape], data: values.data }),
    layer: chosen,
    layers,
    ...(negative ? { note } : {}),
  };
}

/** The sum of a tensor's channels. @param {Tensor} tensor @returns {{ size: number[], data: Float64Array }} */
function overChannels({ shape, data }) {
  const size = [1, ...shape.slice(-2)];
  const places = size.reduce((product, length) => product * length, 1);
  const sums = new Float64Array(places);
  data.forEach((value, k) => (sums[k % places] += value));
  return { size, data: sums };
}

/** `mapTold` of values that compare an input with a baseline; where both are the same its `note` says so. @param {Tensor} baseline @param {Tensor} input @param {Tensor} values */
export function mapBeside(baseline, input, values) {
  const empty = input.data.every((x, k) => x === baseline.data[k]);
  const note = { reason: "no_ink", message: "the input is the baseline" };
  return { ...mapTold(values), ...(empty ? { note } : {}) };
}

/** An attribution as a table of numbers, added up over channels, and its sum. @param {Tensor} values of a sample @returns {Pick<Why, "note"> & { rows: number, columns: number, block: number, values: string, sum: number }} */
export function mapTold(values) {
  const { size, data } = overChannels(values);
  const layout = layoutOf([1, ...size]);
  const { rows, columns, block } = layout;
  const [low, high] = [smallestOf(values.data), largestOf(values.data)];
  let note = null;
  if (low === 0 && high === 0) note = { reason: "zero", message: "every value is exactly 0" };
  else if (low === high && values.data.length > 1) note = { reason: "flat", message: told(low) };
  const sum = values.data.reduce((all, value) => all + value, 0);
  const [map] = mapsOf({ shape: size, data: Float32Array.from(data) }, layout);
  return { rows, columns, block, values: floatsToBase64(map), sum, note };
}

/** The input as grey bytes, the mean of its channels, for its outline; null where it is no picture. @param {Shown} shown @returns {Why["ink"]} */
export function inkOf({ network, trace: { input } }) {
  if (input.shape.length !== 4) return null;
  const [shown, ground] = [input, baselineOf(network, input)].map(overChannels);
  const channels = input.shape[1];
  const ends = [...shown.data, ...ground.data].map((sum) => sum / channels);
  const [low, high] = [smallestOf(ends), largestOf(ends)];
  const grey = Float32Array.from(shown.data, (sum) => (sum / channels - low) / Math.max(high - low, 1e-12));
  const layout = layoutOf([1, ...shown.size]);
  const [map] = mapsOf({ shape: shown.size, data: grey }, layout);
  return { rows: layout.rows, columns: layout.columns, data: toBase64(greyCodes(map)) };
}
