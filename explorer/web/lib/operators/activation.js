/** Activations element by element, as `core.ops.naive.activation` writes them: backward each is a gate of its own width. */

import { erf } from "../erf.js";
import { short } from "../numbers.js";
import { factor, kept, size, termOf } from "../visits.js";
import { gradientCall } from "./formulas.js";
import { inputChannels } from "./pooling.js";
import { gradientOf, inputSize, pictureOf, plainSetting, withGradient } from "./settings.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("../arithmetic.js").Operator} Operator */
/** @typedef {import("../arithmetic.js").Setting} Setting */
/** What an activation is set to, beside its numbers. @typedef {Record<string, any>} Given */
/**
 * One activation. `title`: its name, the same in all languages; `function`: that of the loop, if it is not `name`. `value` is f(x), `gate` f′(x); `grad` is what
 * the loop writes, in its order of products. `formula`: that of `core`, if it is not `function`; `worked`: f(x) with the number in it.
 * @typedef {{
 *   name: string, title: string, function?: string, settings?: Setting[], initial?: Given,
 *   value: (x: number, given: Given) => number, gate: (x: number, given: Given) => number, grad?: (x: number, g: number) => number,
 *   formula?: (given: Given) => string, torch: string | ((given: Given) => string),
 *   worked: (x: string, given: Given) => string,
 * }} Activation
 */

const sigma = (/** @type {number} */ x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** tanh(ln(1 + e^x)), what Mish lets through of x. @param {number} x */
const opening = (x) => Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));

/** √(2/π) · (x + 0.044715·x³), what GELU's approximation takes the tanh of. @param {number} x */
const bent = (x) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
/** Φ(x), the share of a standard normal distribution below x. @param {number} x @param {Given} given */
const below = (x, { approximate }) => (1 + (approximate === "tanh" ? Math.tanh(bent(x)) : erf(x / Math.SQRT2))) / 2;
/** Φ′(x). @param {number} x @param {Given} given */
const density = (x, { approximate }) =>
  approximate === "tanh"
    ? ((1 - Math.tanh(bent(x)) ** 2) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x)) / 2
    : Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** @type {Activation[]} */
const ACTIVATIONS = [
  {
    name: "relu",
    title: "ReLU",
    value: (x) => (x <= 0 ? 0 : x),
    gate: (x) => (x <= 0 ? 0 : 1),
    grad: (x, g) => (x <= 0 ? 0 : g),
    torch: "F.relu(X)",
    worked: (x) => `max(0, ${x})`,
  },
  {
    name: "leakyRelu",
    title: "Leaky ReLU",
    function: "leaky_relu",
    settings: [plainSetting("slope", "number", { accepts: Number.isFinite })],
    initial: { slope: 0.1 },
    value: (x, { slope }) => (x > 0 ? x : slope * x),
    gate: (x, { slope }) => (x > 0 ? 1 : slope),
    torch: ({ slope }) => `F.leaky_relu(X, ${slope})`,
    worked: (x, { slope }) => (x.startsWith("(") || x === "0" ? `${short(slope)}·${x}` : x),
  },
  {
    name: "sigmoid",
    title: "Sigmoid",
    value: sigma,
    gate: (x) => sigma(x) * (1 - sigma(x)),
    grad: (x, g) => g * sigma(x) * (1 - sigma(x)),
    torch: "torch.sigmoid(X)",
    worked: (x) => `1 / (1 + e^(−${x}))`,
  },
  {
    name: "tanh",
    title: "Tanh",
    value: Math.tanh,
    gate: (x) => 1 - Math.tanh(x) ** 2,
    torch: "torch.tanh(X)",
    worked: (x) => `tanh ${x}`,
  },
  {
    name: "hardsigmoid",
    title: "Hard sigmoid",
    value: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + 0.5),
    gate: (x) => (x > -3 && x < 3 ? 1 / 6 : 0),
    grad: (x, g) => (x > -3 && x < 3 ? g / 6 : 0),
    torch: "F.hardsigmoid(X)",
    worked: (x) => `min(max(${x} / 6 + 0.5, 0), 1)`,
  },
  {
    name: "hardswish",
    title: "Hard swish",
    value: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    gate: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
    torch: "F.hardswish(X)",
    worked: (x) => `${x} · min(max(${x} + 3, 0), 6) / 6`,
  },
  {
    name: "silu",
    title: "SiLU",
    value: (x) => x * sigma(x),
    gate: (x) => sigma(x) * (1 + x * (1 - sigma(x))),
    grad: (x, g) => g * sigma(x) * (1 + x * (1 - sigma(x))),
    torch: "F.silu(X)",
    worked: (x) => `${x} / (1 + e^(−${x}))`,
  },
  {
    name: "mish",
    title: "Mish",
    value: (x) => x * opening(x),
    gate: (x) => opening(x) + x * (1 - opening(x) ** 2) * sigma(x),
    torch: "F.mish(X)",
    worked: (x) => `${x} · tanh(ln(1 + e^${x}))`,
  },
  {
    name: "gelu",
    title: "GELU",
    settings: [plainSetting("approximate", "choice", { options: () => ["none", "tanh"] })],
    initial: { approximate: "none" },
    value: (x, given) => x * below(x, given),
    gate: (x, given) => below(x, given) + x * density(x, given),
    formula: ({ approximate }) => (approximate === "tanh" ? "gelu.tanh" : "gelu"),
    torch: ({ approximate }) => (approximate === "tanh" ? 'F.gelu(X, approximate="tanh")' : "F.gelu(X)"),
    worked: (x, { approximate }) =>
      approximate === "tanh"
        ? `${x} · (1 + tanh(√(2/π)·(${x} + 0.044715·${x}³))) / 2`
        : `${x} · (1 + erf(${x} / √2)) / 2`,
  },
];

/** f(x) and f′(x) of each activation, by its name. @type {Record<string, Pick<Activation, "value" | "gate" | "settings">>} */
export const FUNCTIONS = Object.fromEntries(ACTIVATIONS.map((activation) => [activation.name, activation]));

/** @param {Activation} activation @returns {Operator} */
const operatorFor = (activation) => ({
  name: activation.name,
  title: activation.title,
  family: "activation",
  inputs: ["input", "gradOutput"],
  labels: {},
  settings: [inputSize, inputChannels, ...(activation.settings ?? [])],
  begin: (before) => ({
    op: activation.name,
    settings: { ...activation.initial },
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
  { name, value, gate, grad, formula, torch, worked, function: written = name },
  { settings, tensors: { input, gradOutput } },
) {
  const shapes = { input: input.shape, gradOutput: input.shape, output: input.shape, gradInput: input.shape };
  /** @type {import("../formula/fill.js").Values} */
  const letters = "slope" in settings ? { a: settings.slope } : {};
  const common = {
    shapes,
    slides: null,
    count: size(input.shape),
    taps: 1,
    starts: null,
    ends: null,
    scatter: false,
    letters,
  };
  /** @type {Pass} */
  const forward = {
    ...common,
    name: "forward",
    direction: "forward",
    function: written,
    formula: formula?.(settings),
    torch: `Y = ${typeof torch === "string" ? torch : torch(settings)}`,
    reads: ["input"],
    targets: ["output"],
    visit: kept((k) => {
      const x = input.values[k];
      const found = value(x, settings);
      return {
        vars: { k, x },
        target: ["output", k],
        start: {},
        terms: [termOf({ vars: {}, cells: { input: k }, factors: [x], product: found })],
        value: found,
        window: {},
      };
    }),
    worked: ({ vars: { x } }) => [{ text: worked(factor(x), settings), at: 0 }],
    told: ({ vars: { x } }) => ({ text: `x = ${short(x, 6)}` }),
  };
  /** @type {Pass} */
  const inputGrad = {
    ...common,
    name: "inputGrad",
    direction: "backward",
    function: `${written}_input_grad`,
    torch: gradientCall("X"),
    reads: ["input", "gradOutput"],
    targets: ["gradInput"],
    visit: kept((k) => {
      const [x, g] = [input.values[k], gradOutput.values[k]];
      const open = gate(x, settings);
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
