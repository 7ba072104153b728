/** Optimisers step by step with their state, as `core.ops.optim` writes them: one parameter row, one row of gradients for each step. */

import { short } from "../numbers.js";
import { factor, kept, termOf, unravel } from "../visits.js";
import { counted, plainSetting, reshaped, withTensors } from "./settings.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("../arithmetic.js").Operator} Operator */
/** @typedef {import("../arithmetic.js").Term} Term */
/** One step of one parameter: its lines in order, the value that it ends with, the state that it leaves. @typedef {{ terms: Term[], value: number, state: number[], worked: string }} Step */
/**
 * `counts`: its formula has the number of the step; `state`: the tensors that the optimiser keeps; `step`: one parameter after `count` steps, given its state (null before the first).
 * @typedef {{
 *   name: string, counts?: boolean, settings: import("../arithmetic.js").Setting[], initial: Record<string, any>, state: (given: Case) => string[], function: (given: Case) => string,
 *   formula?: (given: Case) => string | undefined, letters: (given: Case) => import("../formula/fill.js").Values, torch: (given: Case) => string, step: (given: Case, parameter: number, grad: number, state: number[] | null, count: number) => Step,
 * }} Optimiser
 */

const MOST = { parameters: 6, steps: 8 };
const notNegative = { accepts: (/** @type {number} */ value) => value >= 0 };
const belowOne = { accepts: (/** @type {number} */ value) => value >= 0 && value < 1 };

/** A line of the step: what it computes, at its place in the picture. @param {string} mark @param {number} at @param {string} label @param {number} product @param {Record<string, number>} after */
const line = (mark, at, label, product, after) =>
  termOf({ mark, vars: {}, cells: {}, factors: [], label, product, after, place: [0, at, 0] });

/** g = grad + weight_decay · parameter @param {Case} given @param {number} parameter @param {number} grad */
function decayed({ settings: { weightDecay } }, parameter, grad) {
  const g = grad + weightDecay * parameter;
  return {
    g,
    text: weightDecay ? `${factor(grad)} + ${short(weightDecay)}·${factor(parameter)}` : `g = ${short(grad, 5)}`,
  };
}

/** @type {Optimiser} */
const sgd = {
  name: "sgd",
  settings: [
    plainSetting("momentum", "number", notNegative),
    plainSetting("dampening", "number", { hidden: ({ settings }) => settings.momentum === 0 || settings.nesterov }),
    plainSetting("nesterov", "switch", {
      hidden: ({ settings }) => settings.momentum === 0 || settings.dampening !== 0,
    }),
  ],
  initial: { lr: 0.1, momentum: 0.9, dampening: 0, nesterov: false, weightDecay: 0 },
  state: ({ settings }) => (settings.momentum ? ["buffer"] : []),
  function: ({ settings }) => (settings.momentum ? "sgd_step.buffer" : "sgd_step.g"),
  formula: ({ settings: { momentum, nesterov } }) => (momentum && nesterov ? "sgd_step.nesterov" : undefined),
  letters: ({ settings: { lr, momentum, dampening, weightDecay } }) => ({
    "\\eta": lr,
    "\\mu": momentum,
    "\\tau": dampening,
    "\\lambda": weightDecay,
  }),
  torch: ({ settings: { lr, momentum, dampening, nesterov, weightDecay } }) =>
    `optimizer = torch.optim.SGD([w], lr=${lr}${momentum ? `, momentum=${momentum}` : ""}${dampening && momentum ? `, dampening=${dampening}` : ""}${weightDecay ? `, weight_decay=${weightDecay}` : ""}${nesterov ? ", nesterov=True" : ""})`,
  step(given, parameter, grad, state) {
    const { lr, momentum, dampening, nesterov } = given.settings;
    const { g, text } = decayed(given, parameter, grad);
    const first = line("g", 0, text, g, { g });
    if (!momentum)
      return {
        terms: [first],
        value: parameter - lr * g,
        state: [],
        worked: `${short(parameter, 6)} − ${short(lr)}·${factor(g)}`,
      };
    const buffer = state ? momentum * state[0] + (1 - dampening) * g : g;
    const label = state
      ? `${short(momentum)}·${factor(state[0])} + ${dampening ? `${short(1 - dampening, 4)}·` : ""}${factor(g)}`
      : "v = g";
    const along = nesterov ? g + momentum * buffer : buffer;
    return {
      terms: [first, line("buffer", 1, label, buffer, { g, buffer })],
      value: parameter - lr * along,
      state: [buffer],
      worked: `${short(parameter, 6)} − ${short(lr)}·${nesterov ? `(${factor(g)} + ${short(momentum)}·${factor(buffer)})` : factor(buffer)}`,
    };
  },
};

/** @type {Optimiser} */
const adam = {
  name: "adam",
  counts: true,
  settings: [
    plainSetting("beta1", "number", belowOne),
    plainSetting("beta2", "number", belowOne),
    plainSetting("eps", "number", notNegative),
  ],
  initial: { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
  state: () => ["expAvg", "expAvgSq"],
  function: () => "adam_step",
  letters: ({ settings: { lr, beta1, beta2, weightDecay } }) => ({
    "\\eta": lr,
    "\\beta_1": beta1,
    "\\beta_2": beta2,
    "\\lambda": weightDecay,
  }),
  torch: ({ settings: { lr, beta1, beta2, eps, weightDecay } }) =>
    `optimizer = torch.optim.Adam([w], lr=${lr}, betas=(${beta1}, ${beta2}), eps=${eps}${weightDecay ? `, weight_decay=${weightDecay}` : ""})`,
  step(given, parameter, grad, state, count) {
    const { lr, beta1, beta2, eps } = given.settings;
    const { g, text } = decayed(given, parameter, grad);
    const [one, other] = [1 - beta1, 1 - beta2];
    const m = (state ? beta1 * state[0] : 0) + one * g;
    const v = (state ? beta2 * state[1] : 0) + other * (g * g);
    const root = Math.sqrt(v) / Math.sqrt(1 - beta2 ** count);
    const corrected = m / (1 - beta1 ** count);
    return {
      terms: [
        line("g", 0, text, g, { g }),
        line("m", 1, `${state ? `${short(beta1)}·${factor(state[0])} + ` : ""}${short(one, 4)}·${factor(g)}`, m, {
          g,
          m,
        }),
        line("v", 2, `${state ? `${short(beta2)}·${factor(state[1])} + ` : ""}${short(other, 4)}·${factor(g)}²`, v, {
          g,
          m,
          v,
        }),
        line("root", 3, `√(${short(v, 4)} / ${short(1 - beta2 ** count, 4)})`, root, { g, m, v, root }),
      ],
      value: parameter - ((lr / (1 - beta1 ** count)) * m) / (root + eps),
      state: [m, v],
      worked: `${short(parameter, 6)} − ${short(lr)}·${factor(corrected)} / (${short(root, 5)} + ${short(eps)})`,
    };
  },
};

/** @param {Optimiser} optimiser @returns {Operator} */
const operatorFor = (optimiser) => ({
  name: optimiser.name,
  family: "optimiser",
  inputs: ["parameter", "grad"],
  variables: { parameter: "w", grad: "dW" },
  labels: {
    parameter: ["w", "arithmetic.tensor.parameter"],
    grad: ["dL/dw", "arithmetic.tensor.grad"],
    steps: ["w′", "arithmetic.tensor.steps"],
    buffer: ["v", "arithmetic.tensor.buffer"],
    expAvg: ["m", "arithmetic.tensor.expAvg"],
    expAvgSq: ["v", "arithmetic.tensor.expAvgSq"],
  },
  settings: [
    {
      key: "steps",
      parts: [
        {
          key: "steps",
          kind: "count",
          label: "arithmetic.steps",
          options: () => counted(1, MOST.steps),
          get: ({ tensors }) => tensors.grad.shape[0],
          set: (given, steps) =>
            withTensors(given, { grad: reshaped(given.tensors.grad, [steps, given.tensors.grad.shape[1]], 1) }),
        },
      ],
    },
    {
      key: "parameters",
      parts: [
        {
          key: "parameters",
          kind: "count",
          label: "arithmetic.parameters",
          options: () => counted(1, MOST.parameters),
          get: ({ tensors }) => tensors.grad.shape[1],
          set: (given, count) =>
            withTensors(given, {
              parameter: reshaped(given.tensors.parameter, [count], 0),
              grad: reshaped(given.tensors.grad, [given.tensors.grad.shape[0], count], 1),
            }),
        },
      ],
    },
    plainSetting("lr", "number", notNegative),
    ...optimiser.settings,
    plainSetting("weightDecay", "number", notNegative),
  ],
  begin: (before) => ({
    op: optimiser.name,
    settings: { ...optimiser.initial },
    tensors: before?.tensors.parameter
      ? before.tensors
      : {
          parameter: { shape: [3], values: [1, 0, -2] },
          grad: { shape: [4, 3], values: [2, 1, -4, 2, -1, -2, 2, 1, 0, 2, -1, 1] },
        },
  }),
  refusal: () => null,
  fit: (given) => given,
  ranges: () => ({ parameter: [-3, 3], grad: [-4, 4] }),
  passes: (given) => [walkOf(optimiser, given)],
});

/** @param {Optimiser} optimiser @param {Case} given @returns {Pass} */
function walkOf(optimiser, given) {
  const { parameter, grad } = given.tensors;
  const [T, P] = grad.shape;
  const state = optimiser.state(given);
  /** @type {Step[]} */
  const steps = [];
  const before = (/** @type {number} */ k) => (k < P ? parameter.values[k] : steps[k - P].value);
  for (let k = 0; k < T * P; k++)
    steps.push(
      optimiser.step(given, before(k), grad.values[k], k < P ? null : steps[k - P].state, Math.floor(k / P) + 1),
    );
  return {
    name: "forward",
    direction: "step",
    function: optimiser.function(given),
    formula: optimiser.formula?.(given),
    letters: optimiser.letters(given),
    before: [optimiser.torch(given)],
    torch: "for g in dW: w.grad = g; optimizer.step()",
    gives: "w",
    reads: ["parameter", "grad"],
    slides: null,
    targets: ["steps", ...state],
    shapes: {
      parameter: parameter.shape,
      grad: grad.shape,
      ...Object.fromEntries(["steps", ...state].map((name) => [name, grad.shape])),
    },
    count: T * P,
    taps: steps[0].terms.length,
    starts: null,
    ends: "done",
    scatter: false,
    running: "g",
    visit: kept((k) => {
      const [t, p] = unravel(k, grad.shape);
      const { terms, value, state: left } = steps[k];
      const first = { ...terms[0], cells: { grad: k, ...(t ? {} : { parameter: p }) } };
      const rest = terms
        .slice(1)
        .map((term, at) =>
          state[at] ? { ...term, writes: /** @type {[string, number]} */ ([state[at], k]), product: left[at] } : term,
        );
      return {
        vars: { ...(optimiser.counts ? { step: t + 1 } : {}), parameter: before(k), grad: grad.values[k] },
        target: ["steps", k],
        start: {},
        terms: [first, ...rest],
        value,
        window: t ? { steps: [k - P] } : {},
      };
    }),
    worked: ({ target: [, k], terms }) => [{ text: steps[k].worked, at: terms.length - 1 }],
    told: ({ target: [, k] }) => ({
      key: k < P ? "arithmetic.optimiser.first" : "arithmetic.optimiser.step",
      values: { step: Math.floor(k / P) + 1 },
    }),
  };
}

/** @type {Operator[]} */
export const optimisers = [sgd, adam].map(operatorFor);
