/** A network that Python wrote out (explorer/publish/plan.py): run forward, and its loss run backward. */

import { OPERATORS } from "./ops/index.js";
import { logSumExp, softmaxOf } from "./ops/softmax.js";
import { addTo, multiplied, zeros } from "./tensor.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("./step.js").Planned} Planned */
/** @typedef {import("./step.js").Step} Step */
/** @typedef {import("../lib/contract/network.js").Description} Description */

/**
 * What an activation is in the place of another. @typedef {{ walk: string | null, texts: import("./step.js").Texts }} Swap
 */
/**
 * `trained`: parameters that gradient descent changes; `camLayers`: steps whose maps have `places` on the input; `scores`: the step whose output has one number for each class; `chain`, `beginning`:
 * formulas of a gradient with several readers, and of the loss's gradient by the scores; `softmax`: the words of the one behind a class.
 * @typedef {{
 *   steps: Planned[], trained: string[], scores: number, camLayers: { index: number, places: number[] }[], swaps: Record<string, Swap>, softmax: import("./step.js").Texts, chain: string, beginning: Record<LossName, string>,
 * }} Plan
 */
/** @typedef {"cross-entropy" | "negative log-likelihood"} LossName */
/** A tensor in a file: its numbers as float32 in base64. @typedef {{ shape: number[], data: string }} Coded */
/** What is known of a model beside its structure; `shipped`: every ConvScope has its weights. @typedef {{ title: string, classes: string[], takes: "ink" | "pictures" | "tensors", shape: number[], mean: number[], std: number[], unsureBelow: number, trained: boolean, shipped: boolean, example: Coded | null }} Card */
/** A model's file. @typedef {{ facts: import("../lib/contract/models.js").Facts, description: Description, plan: Plan, card: Card }} Model */

/**
 * What somebody changed: parameters by name, activations by the number of their call; in training `masks` silence units, by step.
 * @typedef {{ parameters: Record<string, Tensor>, swaps: Record<number, string>, masks?: Record<number, Tensor> }} Changes
 */
/** @type {Changes} */
export const UNCHANGED = { parameters: {}, swaps: {} };

/** A forward pass. @typedef {{ network: Network, description: Description, input: Tensor, steps: Step[], milliseconds: number[] }} Trace */
/** A loss and its gradients: dL/d(output) by step, and by the input as −1. @typedef {{ label: number, name: LossName, loss: number, gradients: Map<number, Tensor> }} Backward */

/** @typedef {Model & { weights: Record<string, Tensor> }} Network */

export const INPUT = -1;

/** The output of a step, or the input. @param {Trace} trace @param {number} step @returns {Tensor} */
export const valueOf = (trace, step) => (step === INPUT ? trace.input : trace.steps[step].output);

/** The description of a network some of whose activations were swapped. @param {Network} network @param {Changes["swaps"]} swaps @returns {Description} */
function described({ description, plan }, swaps) {
  const made = Object.entries(swaps).filter(([call, name]) =>
    description.steps.some((step) => step.call === Number(call) && step.op !== name),
  );
  if (!made.length) return description;
  const steps = description.steps.map((step) => {
    const name = step.call === null ? undefined : swaps[step.call];
    return name === undefined || name === step.op ? step : { ...step, op: name, walk: plan.swaps[name].walk };
  });
  const nameOf = (/** @type {number} */ parent) =>
    parent === INPUT ? "input" : `${parent + 1} ${steps[parent + 1].op}`;
  return {
    ...description,
    structure: `${description.structure} ${made.map((swap) => swap.join(" ")).join(", ")}`,
    steps: steps.map((step) => (step.from.length ? { ...step, from: step.parents.map(nameOf) } : step)),
  };
}

/** The operation of a step, with what was swapped. @param {Network} network @param {number} index @param {Changes["swaps"]} swaps @returns {Planned} */
function plannedStep({ description, plan }, index, swaps) {
  const planned = plan.steps[index];
  const { call } = description.steps[index + 1];
  const name = call === null ? undefined : swaps[call];
  return name === undefined || name === planned.op
    ? planned
    : { ...planned, op: name, settings: {}, texts: plan.swaps[name].texts };
}

/** @param {Network} network @param {Tensor} input @param {Changes} [changes] @returns {Trace} */
export function run(network, input, changes = UNCHANGED) {
  const description = described(network, changes.swaps);
  /** @type {Trace} */
  const trace = { network, description, input, steps: [], milliseconds: [] };
  for (let index = 0; index < network.plan.steps.length; index++) {
    const planned = plannedStep(network, index, changes.swaps);
    const relations = description.geometry[index];
    /** @type {Record<string, Tensor>} */
    const tensors = {};
    for (const [name, parent] of Object.entries(planned.parents)) tensors[name] = valueOf(trace, parent);
    for (const [name, path] of Object.entries(planned.parameters))
      tensors[name] = changes.parameters[path] ?? network.weights[path];
    const start = performance.now();
    const { shape } = description.steps[index + 1];
    const made = OPERATORS[planned.op].forward(tensors, planned.settings, shape, relations);
    const mask = changes.masks?.[index];
    const output = mask ? multiplied(made, mask) : made;
    trace.steps.push({ ...planned, index, arguments: tensors, relations, output, mask });
    trace.milliseconds.push(performance.now() - start);
  }
  return trace;
}

/** What the network says: one number for each class. @param {Trace} trace @returns {Tensor} */
export const scoresOf = (trace) => valueOf(trace, trace.network.plan.scores);

/** Whether the scores are logarithms of probabilities. @param {Trace} trace */
export const endsInLogarithms = ({ steps, network: { plan } }) => steps[plan.scores]?.op === "log_softmax";

/** The step that made the logits: the scores, or what their log-softmax was given. @param {Trace} trace */
export const logitsStep = (trace) =>
  endsInLogarithms(trace) ? trace.steps[trace.network.plan.scores].parents.input : trace.network.plan.scores;

/**
 * The gradients of a number by the outputs of all steps that are `wanted`, given those by one of them.
 * @param {Trace} trace @param {number} step @param {Tensor} gradient @param {(step: number) => boolean} [wanted] @returns {Map<number, Tensor>}
 */
export function gradientsFrom(trace, step, gradient, wanted = () => true) {
  const gradients = new Map([[step, gradient]]);
  for (let index = step; index >= 0; index--) {
    let arrived = gradients.get(index);
    if (!arrived) continue;
    const each = trace.steps[index];
    if (each.mask) gradients.set(index, (arrived = multiplied(arrived, each.mask)));
    for (const [name, parent] of Object.entries(each.parents)) {
      if (!wanted(parent)) continue;
      const found = OPERATORS[each.op].backward(each, arrived, name);
      const known = gradients.get(parent);
      if (known) addTo(known, found);
      else gradients.set(parent, found);
    }
  }
  return gradients;
}

/** The loss for a true class run backwards: L = −log softmax(z)[label], or −z[label] of logarithms. @param {Trace} trace @param {number} label @returns {Backward} */
export function backward(trace, label) {
  const scores = scoresOf(trace);
  const classes = scores.shape[1];
  if (!(Number.isInteger(label) && label >= 0 && label < classes))
    throw new Error(`there is no class ${label}; the model has ${classes}`);
  const logarithms = endsInLogarithms(trace);
  const gradient = zeros(scores.shape);
  if (!logarithms) gradient.data.set(softmaxOf(scores.data));
  gradient.data[label] -= 1;
  return {
    label,
    name: logarithms ? "negative log-likelihood" : "cross-entropy",
    loss: Math.fround((logarithms ? 0 : logSumExp(scores.data)) - scores.data[label]),
    gradients: gradientsFrom(trace, trace.network.plan.scores, gradient),
  };
}

/** dL/d(parameter) of the parameters that are trained, by name. @param {Trace} trace @param {Pick<Backward, "gradients">} back @returns {Record<string, Tensor>} */
export function parameterGradients(trace, { gradients }) {
  /** @type {Record<string, Tensor>} */
  const found = {};
  for (const step of trace.steps) {
    const arrived = gradients.get(step.index);
    if (!arrived) continue;
    for (const [name, path] of Object.entries(step.parameters)) {
      if (!trace.network.plan.trained.includes(path)) continue;
      const gradient = OPERATORS[step.op].backward(step, arrived, name);
      if (found[path]) addTo(found[path], gradient);
      else found[path] = gradient;
    }
  }
  return found;
}
