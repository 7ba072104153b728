/** Batch normalisation of rows of channels, in training and evaluation, as `core.ops.naive.batch_norm` writes it. */

import { short } from "../numbers.js";
import { factor, kept, size, summed, sumPieces, sumTold, termOf, unravel } from "../visits.js";
import { call, gradientCall } from "./formulas.js";
import { counted, plainSetting, reshaped, withGradient, withTensors } from "./settings.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("../arithmetic.js").Tensor} Tensor */
/** @typedef {[number, number, number]} Place */

const MOST = { rows: 8, channels: 4 };
const PER_CHANNEL = ["weight", "bias", "runningMean", "runningVar"];
const inTraining = (/** @type {Case} */ { settings }) => settings.training;

/** @type {import("../arithmetic.js").Operator} */
export const batchNorm = {
  name: "batchNorm",
  family: "layer",
  inputs: ["input", "weight", "bias", "runningMean", "runningVar", "gradOutput"],
  variables: { weight: "weight", bias: "bias", runningMean: "running_mean", runningVar: "running_var" },
  labels: {
    weight: ["γ", "arithmetic.tensor.scale"],
    bias: ["β", "arithmetic.tensor.shift"],
    gradWeight: ["dL/dγ", "arithmetic.tensor.gradScale"],
    gradBias: ["dL/dβ", "arithmetic.tensor.gradShift"],
    mean: ["μ", "arithmetic.tensor.mean"],
    var: ["σ²", "arithmetic.tensor.var"],
    runningMean: ["μ̄", "arithmetic.tensor.runningMean"],
    runningVar: ["σ̄²", "arithmetic.tensor.runningVar"],
    newMean: ["μ̄′", "arithmetic.tensor.newMean"],
    newVar: ["σ̄²′", "arithmetic.tensor.newVar"],
    meanGrad: ["ḡ", "arithmetic.tensor.meanGrad"],
    meanProduct: ["mean g·x̂", "arithmetic.tensor.meanProduct"],
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
            withTensors(given, { input: reshaped(given.tensors.input, [rows, given.tensors.input.shape[1]], 0) }),
        },
      ],
    },
    {
      key: "channels",
      parts: [
        {
          key: "inputs",
          kind: "count",
          label: "arithmetic.inputs",
          options: () => counted(1, MOST.channels),
          get: ({ tensors }) => tensors.input.shape[1],
          set: (given, channels) =>
            withTensors(given, {
              input: reshaped(given.tensors.input, [given.tensors.input.shape[0], channels], 1),
              ...Object.fromEntries(
                PER_CHANNEL.map((name) => [
                  name,
                  reshaped(given.tensors[name], [channels], name === "weight" || name === "runningVar" ? 1 : 0),
                ]),
              ),
            }),
        },
      ],
    },
    plainSetting("training", "switch"),
    plainSetting("eps", "number", { accepts: (value) => value >= 0 }),
    plainSetting("momentum", "number", { passes: ["running"], accepts: (value) => value >= 0 && value <= 1 }),
  ],
  begin: () => ({
    op: "batchNorm",
    settings: { training: true, eps: 0.00001, momentum: 0.1 },
    tensors: {
      input: { shape: [4, 2], values: [1, 10, 3, 20, 5, 30, 7, 40] },
      weight: { shape: [2], values: [1, 2] },
      bias: { shape: [2], values: [0, 1] },
      runningMean: { shape: [2], values: [0, 0] },
      runningVar: { shape: [2], values: [1, 1] },
      gradOutput: { shape: [4, 2], values: [1, 0, 0, 0, 0, 1, 0, -1] },
    },
  }),
  refusal: (given) =>
    inTraining(given) && given.tensors.input.shape[0] === 1 ? { reason: "batch", numbers: {} } : null,
  fit: (given) => withGradient(given, given.tensors.input.shape),
  ranges: () => ({ runningMean: [-2, 2], runningVar: [1, 4], weight: [1, 3] }),
  accepts: (given, name, value) =>
    name === "runningVar" && value < 0 ? { reason: "negative", numbers: { value } } : null,
  passes,
};

/** @param {Case} given @returns {Pass[]} */
function passes(given) {
  const {
    settings: { training, eps, momentum },
    tensors: { input, weight, bias, runningMean, runningVar, gradOutput },
  } = given;
  const [N, C] = input.shape;
  const x = (/** @type {number} */ n, /** @type {number} */ c) => input.values[n * C + c];
  const g = (/** @type {number} */ n, /** @type {number} */ c) => gradOutput.values[n * C + c];
  const rows = Array.from({ length: N }, (_, n) => n);
  const down = (/** @type {number} */ n) => /** @type {Place} */ ([0, n, 0]);
  const [mean, variance] = training ? statistics(input) : [runningMean.values, runningVar.values];
  const deviation = (/** @type {number} */ c) => Math.sqrt(variance[c] + eps);
  const normal = (/** @type {number} */ n, /** @type {number} */ c) => (x(n, c) - mean[c]) / deviation(c);
  const [M, V] = training ? ["mean", "var"] : ["runningMean", "runningVar"];
  const known = (/** @type {number} */ c) => ({ [M]: c, [V]: c });
  const root = (/** @type {number} */ c) => `√(${short(variance[c], 5)} + ${short(eps)})`;
  const channel = [C];
  const shapes = Object.fromEntries(Object.entries(given.tensors).map(([name, { shape }]) => [name, shape]));
  Object.assign(shapes, {
    output: input.shape,
    gradInput: input.shape,
    gradWeight: channel,
    gradBias: channel,
    mean: channel,
    var: channel,
    newMean: channel,
    newVar: channel,
    meanGrad: channel,
    meanProduct: channel,
  });
  const common = { shapes, slides: null, scatter: false };
  const lone = { ...common, taps: 1, starts: null, ends: null };

  /** One of the batch's statistics: a sum over a column. @param {"mean" | "var"} name @param {(n: number, c: number) => number} part @param {(n: number, c: number) => string} label @returns {Pass} */
  const statistic = (name, part, label) => ({
    ...common,
    name,
    direction: "forward",
    function: `batch_norm_statistics.${name}`,
    formula: name === "mean" ? "μ[c] = Σ(n) X[n, c] / N" : "σ²[c] = Σ(n) (X[n, c] − μ[c])² / N",
    torch: name === "mean" ? "mean = X.mean(0)" : "var = X.var(0, unbiased=False)",
    reads: name === "mean" ? ["input"] : ["input", "mean"],
    slides: "input",
    targets: [name],
    count: C,
    taps: N,
    starts: null,
    ends: null,
    running: `${name}[c]`,
    visit: kept((c) => {
      let total = 0;
      const terms = rows.map((n) => {
        total += part(n, c);
        return termOf({
          vars: { n },
          cells: { input: n * C + c, ...(name === "var" ? { mean: c } : {}) },
          factors: [],
          label: label(n, c),
          product: part(n, c),
          after: { [`${name}[c]`]: total },
          place: down(n),
        });
      });
      return {
        vars: { c },
        target: [name, c],
        start: {},
        terms,
        value: total,
        window: { input: rows.map((n) => n * C + c) },
      };
    }),
    worked: (visit) => visit.terms.map((term, n) => ({ text: `${n ? " + " : ""}${term.label}`, at: n })),
    told: sumTold,
  });

  /** @type {Pass} */
  const forward = {
    ...lone,
    name: "forward",
    direction: "forward",
    function: "batch_norm",
    formula: `Y[n, c] = γ[c] · (X[n, c] − ${training ? "μ" : "μ̄"}[c]) / √(${training ? "σ²" : "σ̄²"}[c] + eps) + β[c]`,
    torch: `Y = ${call("F.batch_norm", ["X", ...(training ? ["None", "None"] : ["running_mean", "running_var"]), "weight", "bias", training && "training=True", `eps=${eps}`])}`,
    reads: ["input", M, V, "weight", "bias"],
    targets: ["output"],
    count: size(input.shape),
    visit: kept((k) => {
      const [n, c] = unravel(k, input.shape);
      const value = (weight.values[c] * (x(n, c) - mean[c])) / deviation(c) + bias.values[c];
      const term = termOf({
        vars: {},
        cells: { input: k, weight: c, bias: c, ...known(c) },
        factors: [weight.values[c], normal(n, c)],
        product: value,
      });
      return {
        vars: { n, c, l: 0, "mean[c]": mean[c], "var[c]": variance[c] },
        target: ["output", k],
        start: {},
        terms: [term],
        value,
        window: {},
      };
    }),
    worked: ({ vars: { n, c } }) => [
      {
        text: `${factor(weight.values[c])}·(${short(x(n, c), 5)} − ${factor(mean[c])}) / ${root(c)} + ${factor(bias.values[c])}`,
        at: 0,
      },
    ],
    told: ({ vars: { n, c } }) => ({ text: `x̂ = ${short(normal(n, c), 6)}` }),
  };

  /** @type {Pass} */
  const running = {
    ...common,
    name: "running",
    direction: "step",
    function: "batch_norm_running_stats",
    formula: "μ̄′ = (1 − m) · μ̄ + m · μ,  σ̄²′ = (1 − m) · σ̄² + m · σ² · N / (N − 1)",
    torch: call("F.batch_norm", [
      "X",
      "running_mean",
      "running_var",
      "weight",
      "bias",
      "training=True",
      `momentum=${momentum}`,
    ]),
    gives: "running_mean, running_var",
    reads: ["runningMean", "mean", "runningVar", "var"],
    targets: ["newMean", "newVar"],
    count: C,
    taps: 2,
    starts: null,
    ends: "new_var",
    running: "unbiased",
    visit: kept((c) => {
      const unbiased = (variance[c] * N * 1) / (N - 1);
      const next = (1 - momentum) * runningMean.values[c] + momentum * mean[c];
      const value = (1 - momentum) * runningVar.values[c] + momentum * unbiased;
      const terms = [
        termOf({
          mark: "unbiased",
          vars: {},
          cells: { var: c },
          factors: [],
          label: "σ² · N / (N − 1)",
          product: unbiased,
          after: { unbiased },
        }),
        termOf({
          mark: "new_mean",
          vars: {},
          cells: { runningMean: c, mean: c },
          factors: [],
          label: "μ̄′",
          product: next,
          after: {},
          place: [0, 1, 0],
          writes: ["newMean", c],
        }),
      ];
      return {
        vars: { c, momentum },
        target: ["newVar", c],
        start: {},
        terms,
        value,
        window: {},
        also: { runningVar: c },
      };
    }),
    worked: ({ vars: { c }, terms: [{ product }] }) => [
      { text: `${short(1 - momentum, 5)}·${factor(runningVar.values[c])} + ${short(momentum, 5)}·${factor(product)}` },
    ],
    told: ({ terms: [, { product }] }) => ({ text: `μ̄′ = ${short(product, 7)}` }),
  };

  /** Σ of dL/dY and of dL/dY · x̂ over a column: what the batch's statistics take away from every gradient. @type {Pass} */
  const gradMeans = {
    ...common,
    name: "gradMeans",
    direction: "backward",
    function: "batch_norm_input_grad.mean_product",
    formula: "ḡ[c] = Σ(n) dL/dY[n, c] / N,  mean g·x̂[c] = Σ(n) dL/dY[n, c] · x̂[n, c] / N",
    before: [`x_hat = (X - X.mean(0)) / torch.sqrt(X.var(0, unbiased=False) + ${eps})`],
    torch: "g_mean, gx_mean = dY.mean(0), (dY * x_hat).mean(0)",
    reads: ["gradOutput", "input", M, V],
    slides: "gradOutput",
    targets: ["meanGrad", "meanProduct"],
    count: C,
    taps: 2 * N,
    starts: "start",
    ends: null,
    running: "mean_product",
    visit: kept((c) => {
      let [meanGrad, meanProduct] = [0, 0];
      const terms = rows.flatMap((n) => {
        const [one, other] = [g(n, c) / N, (g(n, c) * (x(n, c) - mean[c])) / deviation(c) / N];
        meanGrad += one;
        const first = termOf({
          mark: "mean_grad",
          vars: { n },
          cells: { gradOutput: n * C + c },
          factors: [],
          label: `${factor(g(n, c))} / ${N}`,
          product: one,
          after: { mean_grad: meanGrad, mean_product: meanProduct },
          place: down(n),
          writes: ["meanGrad", c, meanGrad],
        });
        meanProduct += other;
        const cells = { gradOutput: n * C + c, input: n * C + c, ...known(c) };
        return [
          first,
          termOf({
            mark: "mean_product",
            vars: { n },
            cells,
            factors: [],
            label: `${factor(g(n, c))}·${factor(normal(n, c))} / ${N}`,
            product: other,
            after: { mean_grad: meanGrad, mean_product: meanProduct },
            place: [0, n, 1],
          }),
        ];
      });
      return {
        vars: { c },
        target: ["meanProduct", c],
        start: { deviation: deviation(c), mean_grad: 0, mean_product: 0 },
        terms,
        value: meanProduct,
        window: {},
      };
    }),
    worked: ({ terms }) =>
      terms.flatMap((term, k) => (k % 2 ? [{ text: `${k > 1 ? " + " : ""}${term.label}`, at: k }] : [])),
    told: ({ terms }) => ({ text: `ḡ = ${short(terms[terms.length - 2].after.mean_grad, 7)}` }),
  };

  const means = (/** @type {number} */ c) =>
    training ? [gradMeans.visit(c).terms[2 * N - 2].after.mean_grad, gradMeans.visit(c).value] : [0, 0];
  /** @type {Pass} */
  const inputGrad = {
    ...common,
    name: "inputGrad",
    direction: "backward",
    function: "batch_norm_input_grad.grad_input",
    formula: training
      ? "dL/dX[n, c] = γ[c] / √(σ²[c] + eps) · (dL/dY[n, c] − ḡ[c] − x̂[n, c] · mean g·x̂[c])"
      : "dL/dX[n, c] = γ[c] / √(σ̄²[c] + eps) · dL/dY[n, c]",
    torch: gradientCall("X"),
    reads: ["gradOutput", "input", M, V, "weight", ...(training ? ["meanGrad", "meanProduct"] : [])],
    targets: ["gradInput"],
    count: size(input.shape),
    taps: 2,
    starts: null,
    ends: "grad_input",
    running: "grad",
    visit: kept((k) => {
      const [c, n] = [Math.floor(k / N), k % N];
      const [meanGrad, meanProduct] = means(c);
      const grad = g(n, c) - meanGrad - normal(n, c) * meanProduct;
      const value = (weight.values[c] / deviation(c)) * grad;
      const cell = n * C + c;
      const terms = [
        termOf({
          mark: "normal",
          vars: {},
          cells: { input: cell, ...known(c) },
          factors: [],
          label: "x̂",
          product: normal(n, c),
          after: { normal: normal(n, c) },
        }),
        termOf({
          mark: "grad",
          vars: {},
          cells: { gradOutput: cell, weight: c, ...(training ? { meanGrad: c, meanProduct: c } : {}) },
          factors: [],
          label: training ? "g − ḡ − x̂ · mean g·x̂" : "g",
          product: grad,
          after: { normal: normal(n, c), grad },
          place: [0, 1, 0],
        }),
      ];
      return {
        vars: { c, n, l: 0, deviation: deviation(c), mean_grad: meanGrad, mean_product: meanProduct },
        target: ["gradInput", cell],
        start: {},
        terms,
        value,
        window: {},
      };
    }),
    worked: ({ vars: { c, n } }) => {
      const [meanGrad, meanProduct] = means(c);
      return [
        {
          text: `${factor(weight.values[c])} / ${root(c)} · ${training ? `(${factor(g(n, c))} − ${factor(meanGrad)} − ${factor(normal(n, c))}·${factor(meanProduct)})` : factor(g(n, c))}`,
        },
      ];
    },
    told: ({ terms: [one, other] }) => ({
      text: `x̂ = ${short(one.product, 6)}, ${other.label} = ${short(other.product, 6)}`,
    }),
  };

  const column = {
    ...common,
    starts: "start",
    ends: "done",
    slides: "gradOutput",
    count: C,
    taps: N,
    worked: (/** @type {import("../arithmetic.js").Visit} */ visit) => sumPieces(visit),
    told: sumTold,
  };
  /** @type {Pass} */
  const weightGrad = {
    ...column,
    name: "weightGrad",
    direction: "backward",
    function: "batch_norm_weight_grad",
    formula: "dL/dγ[c] = Σ(n) dL/dY[n, c] · x̂[n, c]",
    torch: gradientCall("weight"),
    reads: ["gradOutput", "input", M, V],
    targets: ["gradWeight"],
    visit: kept((c) =>
      summed({
        vars: { c },
        target: ["gradWeight", c],
        slides: "gradOutput",
        terms: rows.map((n) => ({
          vars: { n, l: 0 },
          cells: { gradOutput: n * C + c, input: n * C + c, ...known(c) },
          factors: [g(n, c), normal(n, c)],
          place: down(n),
        })),
      }),
    ),
  };
  /** @type {Pass} */
  const biasGrad = {
    ...column,
    name: "biasGrad",
    direction: "backward",
    function: "batch_norm_bias_grad",
    formula: "dL/dβ[c] = Σ(n) dL/dY[n, c]",
    torch: gradientCall("bias"),
    reads: ["gradOutput"],
    targets: ["gradBias"],
    visit: kept((c) =>
      summed({
        vars: { c },
        target: ["gradBias", c],
        slides: "gradOutput",
        terms: rows.map((n) => ({
          vars: { n, l: 0 },
          cells: { gradOutput: n * C + c },
          factors: [g(n, c)],
          place: down(n),
        })),
      }),
    ),
  };
  if (!training) return [forward, inputGrad, weightGrad, biasGrad];
  return [
    statistic(
      "mean",
      (n, c) => x(n, c) / N,
      (n, c) => `${factor(x(n, c))} / ${N}`,
    ),
    statistic(
      "var",
      (n, c) => (x(n, c) - mean[c]) ** 2 / N,
      (n, c) => `(${short(x(n, c), 4)} − ${factor(mean[c])})² / ${N}`,
    ),
    forward,
    gradMeans,
    inputGrad,
    weightGrad,
    biasGrad,
    running,
  ];
}

/** Every channel's mean and variance over the batch. @param {Tensor} input @returns {[number[], number[]]} */
function statistics({ shape: [N, C], values }) {
  const [mean, variance] = [Array(C).fill(0), Array(C).fill(0)];
  for (let c = 0; c < C; c++) {
    for (let n = 0; n < N; n++) mean[c] += values[n * C + c] / N;
    for (let n = 0; n < N; n++) variance[c] += (values[n * C + c] - mean[c]) ** 2 / N;
  }
  return [mean, variance];
}
