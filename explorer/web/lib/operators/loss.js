/** Cross-entropy and negative log-likelihood, as `core.ops.naive` writes them, for a small batch of rows and their true classes. */

import { largestOf, short } from "../numbers.js";
import { factor, kept, size, sumTold, termOf, unravel } from "../visits.js";
import { gradientCall } from "./formulas.js";
import { counted, plainSetting, reshaped, withGradient, withTensors } from "./settings.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("../arithmetic.js").Operator} Operator */
/** @typedef {import("../arithmetic.js").Tensor} Tensor */
/** @typedef {[number, number, number]} Place */

const MOST = { rows: 5, classes: 8 };

/** What both losses are. @param {string} name @param {string} variable what lines of PyTorch call the input @param {Tensor} input of the first case @param {import("../arithmetic.js").Labels} labels @returns {Omit<Operator, "passes">} */
const lossOf = (name, variable, input, labels) => ({
  name,
  family: "loss",
  inputs: ["input", "target", "gradOutput"],
  variables: { input: variable, target: "t", gradOutput: "g" },
  labels: {
    target: ["t", "arithmetic.tensor.target"],
    rowLoss: ["ℓ", "arithmetic.tensor.rowLoss"],
    output: ["L", "arithmetic.tensor.loss"],
    gradOutput: ["g", "arithmetic.tensor.upstream"],
    ...labels,
  },
  settings: [
    {
      key: "batch",
      parts: [
        {
          key: "batch",
          kind: "count",
          label: "arithmetic.batch",
          options: () => counted(1, MOST.rows),
          get: ({ tensors }) => tensors.input.shape[0],
          set: (given, rows) =>
            withTensors(given, {
              input: reshaped(given.tensors.input, [rows, given.tensors.input.shape[1]], 0),
              target: reshaped(given.tensors.target, [rows], 0),
            }),
        },
      ],
    },
    {
      key: "classes",
      parts: [
        {
          key: "classes",
          kind: "count",
          label: "arithmetic.classes",
          options: () => counted(2, MOST.classes),
          get: ({ tensors }) => tensors.input.shape[1],
          set: (given, classes) =>
            withTensors(given, {
              input: reshaped(given.tensors.input, [given.tensors.input.shape[0], classes], 0),
              target: {
                ...given.tensors.target,
                values: given.tensors.target.values.map((t) => Math.min(t, classes - 1)),
              },
            }),
        },
      ],
    },
    plainSetting("reduction", "choice", { options: () => ["mean", "sum", "none"] }),
  ],
  begin: (before) => {
    const kin = before && before.op !== name && ["crossEntropy", "nll"].includes(before.op) ? before : null;
    return {
      op: name,
      settings: kin?.settings ?? { reduction: "mean" },
      tensors: { input, target: { shape: [2], values: [1, 2] }, gradOutput: { shape: [1], values: [1] } },
    };
  },
  refusal: () => null,
  fit: (given) => withGradient(given, [given.settings.reduction === "none" ? given.tensors.input.shape[0] : 1]),
  ranges: ({ tensors }) => ({
    input: name === "nll" ? [-5, 0, 0.5] : [-3, 3],
    target: [0, tensors.input.shape[1] - 1],
    gradOutput: [1, 1],
  }),
  accepts: ({ tensors }, tensor, value) =>
    tensor === "target" && !(Number.isInteger(value) && value >= 0 && value < tensors.input.shape[1])
      ? { reason: "class", numbers: { value, most: tensors.input.shape[1] - 1 } }
      : null,
});

/** @type {Operator} */
export const crossEntropy = {
  ...lossOf(
    "crossEntropy",
    "X",
    { shape: [2, 4], values: [2, 1, 0, -1, 0, 3, 1, 2] },
    { logP: ["ln p", "arithmetic.tensor.logP"], probability: ["p", "arithmetic.tensor.probability"] },
  ),
  passes(given) {
    const {
      settings: { reduction },
      tensors: { input, target, gradOutput },
    } = given;
    const logP = exponentials(input, "forward");
    const rows = losses(given, {
      name: "logP",
      values: (k) => logP.visit(k).value,
      torch: "F.cross_entropy(X, t",
    });
    const p = exponentials(input, "backward");
    const [N, C] = input.shape;
    const grads = rowGradients(gradOutput, reduction, N);
    /** @type {Pass} */
    const inputGrad = {
      name: "inputGrad",
      direction: "backward",
      function: "cross_entropy_input_grad",
      formula: "cross_entropy_input_grad.equal",
      letters: upstream(reduction, N),
      torch: lossGradient("X", reduction),
      reads: ["probability", "target", "gradOutput"],
      slides: null,
      targets: ["gradInput"],
      shapes: { probability: input.shape, target: target.shape, gradOutput: gradOutput.shape, gradInput: input.shape },
      count: size(input.shape),
      taps: Array.from({ length: N * C }, (_, k) => (k % C ? 1 : 2)),
      starts: null,
      ends: null,
      scatter: false,
      visit: kept((k) => {
        const [n, at] = unravel(k, input.shape);
        const [true_, part] = [at === target.values[n] ? 1 : 0, p.visit(k).value];
        const value = grads[n] * (part * 1 - 1 * true_);
        const cells = { probability: k, target: n, gradOutput: reduction === "none" ? n : 0 };
        const mass = termOf({
          mark: "mass",
          vars: {},
          cells: {},
          factors: [],
          label: "Σ q",
          product: 1,
          after: { mass: 1 },
        });
        const last = termOf({
          vars: { k: at },
          cells,
          factors: [grads[n], part - true_],
          product: value,
          after: { mass: 1 },
          place: [0, 0, at ? 0 : 1],
        });
        return {
          vars: { n },
          target: ["gradInput", k],
          start: {},
          terms: at ? [last] : [mass, last],
          value,
          window: {},
          picture: [{ ...last, place: /** @type {Place} */ ([0, 0, 0]) }],
        };
      }),
      worked: ({ target: [, k], vars: { n }, terms }) => [
        {
          text: `${factor(grads[n])}·(${short(p.visit(k).value, 5)} − ${k % C === target.values[n] ? 1 : 0})`,
          at: terms.length - 1,
        },
      ],
      told: ({ target: [, k], vars: { n } }) => ({
        key: k % C === target.values[n] ? "arithmetic.loss.true" : "arithmetic.loss.other",
        values: { p: short(p.visit(k).value, 5) },
      }),
    };
    return [logP, ...rows, p, inputGrad];
  },
};

/** @type {Operator} */
export const nll = {
  ...lossOf(
    "nll",
    "logP",
    { shape: [2, 3], values: [-2, -0.5, -1.5, -3, -1, -0.5] },
    { input: ["ln p", "arithmetic.tensor.logP"], gradInput: ["dL/d ln p", "arithmetic.tensor.gradLogP"] },
  ),
  passes(given) {
    const {
      settings: { reduction },
      tensors: { input, target, gradOutput },
    } = given;
    const grads = rowGradients(gradOutput, reduction, input.shape[0]);
    /** @type {Pass} */
    const inputGrad = {
      name: "inputGrad",
      direction: "backward",
      function: "nll_loss_input_grad",
      letters: { w_k: 1, ...upstream(reduction, input.shape[0]) },
      torch: lossGradient("logP", reduction),
      reads: ["target", "gradOutput"],
      slides: null,
      targets: ["gradInput"],
      shapes: { target: target.shape, gradOutput: gradOutput.shape, gradInput: input.shape },
      count: input.shape[0],
      taps: 1,
      starts: null,
      ends: null,
      scatter: true,
      visit: kept((n) => {
        const [value, cell] = [-1 * grads[n], n * input.shape[1] + target.values[n]];
        const term = termOf({
          vars: {},
          cells: { target: n, gradOutput: reduction === "none" ? n : 0 },
          factors: [-1, grads[n]],
          product: value,
          writes: ["gradInput", cell],
        });
        return { vars: { n }, target: ["gradInput", cell], start: {}, terms: [term], value, window: {} };
      }),
      worked: ({ vars: { n } }) => [{ text: `−${factor(grads[n])}`, at: 0 }],
      told: () => ({ key: "arithmetic.nll.back", values: {} }),
    };
    return [
      ...losses(given, { name: "input", values: (k) => input.values[k], torch: "F.nll_loss(logP, t" }),
      inputGrad,
    ];
  },
};

/** The mean and the sum are numbers without axes, their gradient stands in a list of one. @param {string} letter @param {string} reduction */
const lossGradient = (letter, reduction) => gradientCall(letter, "L", reduction === "none" ? "g" : "g[0]");

/** What stands for dL/dℓ in a formula. @param {string} reduction @param {number} rows @returns {import("../formula/fill.js").Values} */
const upstream = (reduction, rows) =>
  reduction === "none" ? {} : { g_n: reduction === "sum" ? "g" : `\\frac{g}{${rows}}` };

/** dL/dloss of each row. @param {Tensor} gradOutput @param {string} reduction @param {number} rows */
const rowGradients = ({ values }, reduction, rows) =>
  reduction === "none" ? values : Array(rows).fill(reduction === "sum" ? values[0] : values[0] / rows);

/** ln p of every row, on the way forward, or p, on the way back. @param {Tensor} input @param {"forward" | "backward"} direction @returns {Pass} */
function exponentials(input, direction) {
  const [M, K] = input.shape;
  const logarithm = direction === "forward";
  const target = logarithm ? "logP" : "probability";
  const tops = Array.from({ length: M }, (_, m) => largestOf(input.values.slice(m * K, (m + 1) * K)));
  const power = (/** @type {number} */ m, /** @type {number} */ k) => Math.exp(input.values[m * K + k] - tops[m]);
  const totals = tops.map((_, m) =>
    Array.from({ length: K }, (__, k) => power(m, k)).reduce((sum, one) => sum + one, 0),
  );
  return {
    name: target,
    direction,
    function: logarithm ? "log_softmax" : "softmax",
    letters: {},
    torch: logarithm ? "logP = F.log_softmax(X, 1)" : "p = F.softmax(X, 1)",
    reads: ["input"],
    slides: "input",
    targets: [target],
    shapes: { input: input.shape, [target]: input.shape },
    count: size(input.shape),
    taps: Array.from({ length: M * K }, (_, k) => (k % K ? 1 : 3)),
    starts: null,
    ends: null,
    scatter: false,
    visit: kept((index) => {
      const [m, k] = unravel(index, input.shape);
      const [top, total] = [tops[m], totals[m]];
      const value = logarithm ? input.values[index] - top - Math.log(total) : power(m, k) / total;
      const picture = Array.from({ length: K }, (_, l) =>
        termOf({
          vars: {},
          cells: { input: m * K + l },
          factors: [],
          label: `e^(${short(input.values[m * K + l], 4)} − ${factor(top)})`,
          product: power(m, l),
          place: [0, 0, l],
          changes: l === k,
        }),
      );
      const first = [
        termOf({ mark: "top", vars: {}, cells: {}, factors: [], product: top, after: { top } }),
        termOf({ mark: "total", vars: {}, cells: {}, factors: [], product: total, after: { top, total } }),
      ];
      const last = termOf({ vars: { k }, cells: { input: index }, factors: [], product: value, after: { top, total } });
      return {
        vars: { m },
        target: [target, index],
        start: {},
        terms: k ? [last] : [...first, last],
        value,
        window: { input: Array.from({ length: K }, (_, l) => m * K + l) },
        picture,
      };
    }),
    worked: ({ target: [, index], terms }) => {
      const [m, k] = unravel(index, input.shape);
      return [
        {
          text: logarithm
            ? `${short(input.values[index], 5)} − ${factor(tops[m])} − ln ${short(totals[m], 6)}`
            : `${short(power(m, k), 6)} / ${short(totals[m], 6)}`,
          at: terms.length - 1,
        },
      ];
    },
    told: ({ vars: { m } }) => ({ text: `top = ${short(tops[m], 6)}, Σ = ${short(totals[m], 7)}` }),
  };
}

/**
 * −ln p of the true class of every row, then their mean or sum.
 * @param {Case} given @param {{ name: string, values: (k: number) => number, torch: string }} from where ln p stands; `torch`: the call up to its reduction
 * @returns {Pass[]}
 */
function losses({ settings: { reduction }, tensors: { input, target, gradOutput } }, { name, values, torch }) {
  const [N, C] = input.shape;
  const alone = reduction === "none";
  const written = alone ? "output" : "rowLoss";
  const line = `L = ${torch}${reduction === "mean" ? "" : `, reduction="${reduction}"`})`;
  /** @type {Pass} */
  const rows = {
    name: alone ? "forward" : "rows",
    direction: "forward",
    function: "nll_loss",
    letters: { "w_{t_n}": 1, ...(alone ? { "\\ell_n": "L_n" } : {}) },
    torch: alone ? line : `rows = ${torch}, reduction="none")`,
    reads: [name, "target"],
    slides: null,
    targets: [written],
    shapes: { [name]: input.shape, target: target.shape, [written]: [N], gradOutput: gradOutput.shape },
    count: N,
    taps: 1,
    starts: null,
    ends: null,
    scatter: false,
    visit: kept((n) => {
      const cell = n * C + target.values[n];
      const term = termOf({
        vars: {},
        cells: { [name]: cell, target: n },
        factors: [-1, values(cell)],
        product: -1 * values(cell),
      });
      return { vars: { n }, target: [written, n], start: {}, terms: [term], value: term.product, window: {} };
    }),
    worked: ({ terms: [{ factors }] }) => [{ text: `−${factor(factors[1])}`, at: 0 }],
    told: ({ terms: [{ factors }] }) => ({ text: `−ln ${short(Math.exp(factors[1]), 6)}` }),
  };
  if (alone) return [rows];
  /** @type {Pass} */
  const forward = {
    name: "forward",
    direction: "forward",
    function: "reduce_loss",
    letters: { D: reduction === "mean" ? N : 1 },
    torch: line,
    reads: ["rowLoss"],
    slides: "rowLoss",
    targets: ["output"],
    shapes: { rowLoss: [N], output: [1], gradOutput: [1] },
    count: 1,
    taps: 1,
    starts: null,
    ends: "done",
    scatter: false,
    visit: kept(() => {
      const picture = Array.from({ length: N }, (_, n) =>
        termOf({ vars: {}, cells: { rowLoss: n }, factors: [], product: rows.visit(n).value, place: [0, 0, n] }),
      );
      const total = picture.reduce((sum, { product }) => sum + product, 0);
      const term = termOf({ mark: "total", vars: {}, cells: {}, factors: [], product: total, after: { total } });
      return {
        vars: {},
        target: ["output", 0],
        start: {},
        terms: [term],
        value: reduction === "sum" ? total : total / N,
        window: { rowLoss: picture.map((_, n) => n) },
        picture,
      };
    }),
    worked: ({ picture = [] }) => [
      {
        text: `${reduction === "mean" ? "(" : ""}${picture.map(({ product }) => factor(product)).join(" + ")}${reduction === "mean" ? `) / ${N}` : ""}`,
        at: 0,
      },
    ],
    told: (visit, phase) => sumTold(visit, phase, reduction === "mean" ? `, ÷ ${N}` : ""),
  };
  return [rows, forward];
}
