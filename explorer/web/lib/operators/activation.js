/** Activations element by element, as `core.ops.naive.activation` writes them: backward each is a gate of its own width. */

import { short } from "../numbers.js";
import { factor, kept, size, termOf } from "../visits.js";
import { gradientCall } from "./formulas.js";
import { inputChannels } from "./pooling.js";
import { gradientOf, inputSize, pictureOf, plainSetting, withGradient } from "./settings.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("../arithmetic.js").Operator} Operator */
/**
 * `gate` is f′(x); `grad` is what the loop writes, in its order of products. `worked`: f(x) with the number in it;
 * `slope`: f′ as a formula.
 * @typedef {{
 *   name: string, value: (x: number, slope: number) => number, gate: (x: number, slope: number) => number, grad?: (x: number, g: number) => number,
 *   formula: string, slope: string, torch: string, worked: (x: string, slope: number) => string, function?: string,
 * }} Activation
 */

const sigma = (/** @type {number} */ x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** @type {Activation[]} */
const ACTIVATIONS = [
  {
    name: "relu",
    value: (x) => (x <= 0 ? 0 : x),
    gate: (x) => (x <= 0 ? 0 : 1),
    grad: (x, g) => (x <= 0 ? 0 : g),
    formula: "max(0, x)",
    slope: "(1 if x > 0 else 0)",
    torch: "F.relu(X)",
    worked: (x) => `max(0, ${x})`,
  },
  {
    name: "leakyRelu",
    function: "leaky_relu",
    value: (x, slope) => (x > 0 ? x : slope * x),
    gate: (x, slope) => (x > 0 ? 1 : slope),
    formula: "x if x > 0 else s·x",
    slope: "(1 if x > 0 else s)",
    torch: "F.leaky_relu(X, s)",
    worked: (x, slope) => (x.startsWith("(") || x === "0" ? `${short(slope)}·${x}` : x),
  },
  {
    name: "sigmoid",
    value: sigma,
    gate: (x) => sigma(x) * (1 - sigma(x)),
    grad: (x, g) => g * sigma(x) * (1 - sigma(x)),
    formula: "1 / (1 + e^(−x))",
    slope: "σ(x)·(1 − σ(x))",
    torch: "torch.sigmoid(X)",
    worked: (x) => `1 / (1 + e^(−${x}))`,
  },
  {
    name: "tanh",
    value: Math.tanh,
    gate: (x) => 1 - Math.tanh(x) ** 2,
    formula: "(e^x − e^(−x)) / (e^x + e^(−x))",
    slope: "(1 − tanh²(x))",
    torch: "torch.tanh(X)",
    worked: (x) => `tanh ${x}`,
  },
  {
    name: "hardsigmoid",
    value: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + 0.5),
    gate: (x) => (x > -3 && x < 3 ? 1 / 6 : 0),
    grad: (x, g) => (x > -3 && x < 3 ? g / 6 : 0),
    formula: "min(max(x / 6 + 1/2, 0), 1)",
    slope: "(1/6 if −3 < x < 3 else 0)",
    torch: "F.hardsigmoid(X)",
    worked: (x) => `min(max(${x} / 6 + 0.5, 0), 1)`,
  },
  {
    name: "hardswish",
    value: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    gate: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
    formula: "x · min(max(x + 3, 0), 6) / 6",
    slope: "(0 if x ≤ −3, 1 if x ≥ 3, else x/3 + 1/2)",
    torch: "F.hardswish(X)",
    worked: (x) => `${x} · min(max(${x} + 3, 0), 6) / 6`,
  },
];

/** @param {Activation} activation @returns {Operator} */
const operatorFor = (activation) => ({
  name: activation.name,
  family: "activation",
  inputs: ["input", "gradOutput"],
  labels: {},
  settings: [
    inputSize,
    inputChannels,
    ...(activation.name === "leakyRelu" ? [plainSetting("slope", "number", { accepts: Number.isFinite })] : []),
  ],
  begin: (before) => ({
    op: activation.name,
    settings: activation.name === "leakyRelu" ? { slope: 0.1 } : {},
    tensors: {
      input: (before && ACTIVATIONS.some(({ name }) => name === before.op) && pictureOf(before)) || {
        shape: [1, 3, 3],
        values: [-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4],
      },
      gradOutput: gradientOf(before),
    },
  }),
  refusal: () => null,
  fit: (given) => withGradient(given, given.tensors.input.shape),
  ranges: () => ({ input: [-4, 4, 0.5], gradOutput: [-2, 3] }),
  passes: (given) => passes(activation, given),
});

/** @param {Activation} activation @param {Case} given @returns {Pass[]} */
function passes(
  { name, value, gate, grad, formula, slope: derivative, torch, worked, function: written = name },
  { settings, tensors: { input, gradOutput } },
) {
  const { slope = 0 } = settings;
  const shapes = { input: input.shape, gradOutput: input.shape, output: input.shape, gradInput: input.shape };
  const common = { shapes, slides: null, count: size(input.shape), taps: 1, starts: null, ends: null, scatter: false };
  /** @type {Pass} */
  const forward = {
    ...common,
    name: "forward",
    direction: "forward",
    function: written,
    formula: `y = ${formula}`,
    torch: `Y = ${torch.replace(", s)", `, ${slope})`)}`,
    reads: ["input"],
    targets: ["output"],
    visit: kept((k) => {
      const x = input.values[k];
      const found = value(x, slope);
      return {
        vars: { k, x },
        target: ["output", k],
        start: {},
        terms: [termOf({ vars: {}, cells: { input: k }, factors: [x], product: found })],
        value: found,
        window: {},
      };
    }),
    worked: ({ vars: { x } }) => [{ text: worked(factor(x), slope), at: 0 }],
    told: ({ vars: { x } }) => ({ text: `x = ${short(x, 6)}` }),
  };
  /** @type {Pass} */
  const inputGrad = {
    ...common,
    name: "inputGrad",
    direction: "backward",
    function: `${written}_input_grad`,
    formula: `dL/dx = dL/dy · ${derivative}`,
    torch: gradientCall("X"),
    reads: ["input", "gradOutput"],
    targets: ["gradInput"],
    visit: kept((k) => {
      const [x, g] = [input.values[k], gradOutput.values[k]];
      const open = gate(x, slope);
      const found = grad ? grad(x, g) : g * open;
      return {
        vars: { k, x, grad: g },
        target: ["gradInput", k],
        start: {},
        terms: [termOf({ vars: {}, cells: { input: k, gradOutput: k }, factors: [g, open], product: found })],
        value: found,
        window: {},
      };
    }),
    worked: ({ terms: [{ factors }] }) => [{ text: factors.map(factor).join("·"), at: 0 }],
    told: ({ vars: { x, grad: g }, terms: [{ factors }] }) => ({
      key: factors[1] === 0 ? "arithmetic.gate.closed" : "arithmetic.gate.open",
      values: { x: short(x, 6), gate: short(factors[1], 6), grad: short(g, 6) },
    }),
  };
  return [forward, inputGrad];
}

/** @type {Operator[]} */
export const activations = ACTIVATIONS.map(operatorFor);
