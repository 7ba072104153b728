/**
 * Normalisations, as `core.ops.naive.norm` writes them: batch normalisation of rows of channels, in training and evaluation,
 * and group normalisation of an image's channels. How they run is in norm_passes.js; here is what is normalised together.
 */

import { short } from "../numbers.js";
import { factor, kept, size, termOf, unravel } from "../visits.js";
import { call } from "./formulas.js";
import { momentsOf, normalisationPasses } from "./norm_passes.js";
import {
  counted,
  gradientOf,
  inputSize,
  pictureOf,
  plainSetting,
  repeated,
  reshaped,
  withGradient,
  withSettings,
  withTensors,
} from "./settings.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("./norm_passes.js").Together} Together */

const MOST = { rows: 8, channels: 4 };
/** @type {import("../arithmetic.js").Labels} */
const SCALED = {
  weight: ["γ", "arithmetic.tensor.scale"],
  bias: ["β", "arithmetic.tensor.shift"],
  gradWeight: ["dL/dγ", "arithmetic.tensor.gradScale"],
  gradBias: ["dL/dβ", "arithmetic.tensor.gradShift"],
};
const PER_CHANNEL = ["weight", "bias", "runningMean", "runningVar"];
const inTraining = (/** @type {Case} */ { settings }) => settings.training;

/** @type {import("../arithmetic.js").Operator} */
const batchNorm = {
  name: "batchNorm",
  family: "layer",
  inputs: ["input", "weight", "bias", "runningMean", "runningVar", "gradOutput"],
  variables: { weight: "weight", bias: "bias", runningMean: "running_mean", runningVar: "running_var" },
  labels: {
    ...SCALED,
    mean: ["μ", "arithmetic.tensor.mean"],
    var: ["σ²", "arithmetic.tensor.var"],
    runningMean: ["μ̄", "arithmetic.tensor.runningMean"],
    runningVar: ["σ̄²", "arithmetic.tensor.runningVar"],
    newMean: ["μ̄′", "arithmetic.tensor.newMean"],
    newVar: ["σ̄²′", "arithmetic.tensor.newVar"],
    meanGrad: ["ḡ", "arithmetic.tensor.meanGrad"],
    meanProduct: ["h", "arithmetic.tensor.meanProduct"],
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
  passes: batchPasses,
};

/** @param {Case} given @returns {Pass[]} */
function batchPasses(given) {
  const {
    settings: { training, eps, momentum },
    tensors: { input, weight, runningMean, runningVar },
  } = given;
  const [N, C] = input.shape;
  const columns = counted(0, C - 1).map((c) => counted(0, N - 1).map((n) => n * C + c));
  const place = (/** @type {number} */ e) => ({ n: Math.floor(e / C), c: e % C, l: 0 });
  const passes = normalisationPasses(given, {
    sets: columns,
    channels: columns,
    stored: !training,
    weighted: false,
    inner: (e) => ({ n: place(e).n }),
    outer: (c) => ({ c }),
    at: place,
    ofChannel: (c) => ({ c }),
    place: (e) => [0, place(e).n, 0],
    extent: [N, 1],
    letters: training
      ? { l: null, M: N }
      : { l: null, "\\mu_c": "\\bar\\mu_c", "\\sigma_c^2": "\\bar\\sigma_c^2", "\\bar g_c": 0, h_c: 0 },
    variable: (name) => `${name}[c]`,
    starts: null,
    loops: {
      mean: "batch_norm_statistics.mean",
      var: "batch_norm_statistics.var",
      output: "batch_norm",
      gradMeans: "batch_norm_input_grad.mean_product",
      gradInput: "batch_norm_input_grad.grad_input",
      gradWeight: "batch_norm_weight_grad",
    },
    torch: {
      mean: "mean = X.mean(0)",
      variance: "var = X.var(0, unbiased=False)",
      output: `Y = ${call("F.batch_norm", ["X", ...(training ? ["None", "None"] : ["running_mean", "running_var"]), "weight", "bias", training && "training=True", `eps=${eps}`])}`,
      gradMeans: {
        before: [`x_hat = (X - X.mean(0)) / torch.sqrt(X.var(0, unbiased=False) + ${eps})`],
        torch: "g_mean, gx_mean = dY.mean(0), (dY * x_hat).mean(0)",
      },
    },
  });
  if (!training) return passes;
  const [mean, variance] = momentsOf(columns, input.values);
  const [output] = passes;
  /** @type {Pass} */
  const running = {
    shapes: { ...output.shapes, newMean: weight.shape, newVar: weight.shape },
    slides: null,
    scatter: false,
    name: "running",
    direction: "step",
    function: "batch_norm_running_stats",
    letters: { M: N, "\\alpha": momentum },
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
  return [...passes, running];
}

const divisors = (/** @type {number} */ channels) => counted(1, channels).filter((groups) => channels % groups === 0);

/** @type {import("../arithmetic.js").Operator} */
const groupNorm = {
  name: "groupNorm",
  family: "layer",
  inputs: ["input", "weight", "bias", "gradOutput"],
  variables: { weight: "weight", bias: "bias" },
  labels: {
    ...SCALED,
    mean: ["μ", "arithmetic.tensor.groupMean"],
    var: ["σ²", "arithmetic.tensor.groupVar"],
    meanGrad: ["ḡ", "arithmetic.tensor.meanGrad"],
    meanProduct: ["h", "arithmetic.tensor.meanProduct"],
  },
  settings: [
    inputSize,
    {
      key: "channels",
      parts: [
        {
          key: "inputs",
          kind: "count",
          label: "arithmetic.inputs",
          options: () => counted(1, MOST.channels),
          get: ({ tensors }) => tensors.input.shape[0],
          set: (given, channels) => withChannels(given, channels),
        },
      ],
    },
    plainSetting("normGroups", "count", {
      options: ({ tensors }) => divisors(tensors.input.shape[0]),
    }),
    plainSetting("eps", "number", { accepts: (value) => value >= 0 }),
  ],
  begin(before) {
    const earlier = before && before.tensors.input.shape[0] > 1 ? pictureOf(before, 4) : null;
    const input = earlier ?? {
      shape: [4, 2, 2],
      values: [1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40, 40, 30, 20, 10],
    };
    const [C] = input.shape;
    return {
      op: "groupNorm",
      settings: { normGroups: C % 2 ? 1 : 2, eps: 0.00001 },
      tensors: {
        input,
        weight: { shape: [C], values: counted(1, C).map((c) => (c > C / 2 ? 2 : 1)) },
        bias: { shape: [C], values: counted(1, C).map((c) => (c > C / 2 ? 1 : 0)) },
        gradOutput: earlier
          ? gradientOf(before)
          : { shape: input.shape, values: [1, 0, 0, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0, 2, 0] },
      },
    };
  },
  refusal({ settings: { normGroups: groups }, tensors: { input } }) {
    const [channels] = input.shape;
    if (groups < 1 || channels % groups) return { reason: "normGroups", numbers: { groups, channels } };
    return size(input.shape) === groups ? { reason: "group", numbers: { groups, channels } } : null;
  },
  fit: (given) => withGradient(given, given.tensors.input.shape),
  ranges: () => ({ weight: [1, 3] }),
  passes: groupPasses,
};

/** The case with other channels, and groups that divide them. @param {Case} given @param {number} channels */
function withChannels(given, channels) {
  const { input, weight, bias } = given.tensors;
  const normGroups = divisors(channels).findLast((groups) => groups <= given.settings.normGroups);
  return withTensors(withSettings(given, { normGroups }), {
    input: repeated(input, [channels]),
    weight: reshaped(weight, [channels], 1),
    bias: reshaped(bias, [channels], 0),
  });
}

/** @param {Case} given @returns {Pass[]} */
function groupPasses(given) {
  const {
    settings: { normGroups: groups, eps },
    tensors: { input },
  } = given;
  const [C, H, W] = input.shape;
  const [area, D] = [size(input.shape) / C, C / groups];
  const block = (/** @type {number} */ count) => (/** @type {number} */ k) => counted(k * count, (k + 1) * count - 1);
  const place = (/** @type {number} */ e) => {
    const [c, y, x] = unravel(e, input.shape);
    return { c, y, x, g: Math.floor(c / D), l: e % area };
  };
  /** @type {Together["at"]} */
  const at = (e) => {
    const { g, c, l } = place(e);
    return { n: 0, g, c, l };
  };
  return normalisationPasses(given, {
    sets: counted(0, groups - 1).map(block(D * area)),
    channels: counted(0, C - 1).map(block(area)),
    stored: false,
    weighted: true,
    inner: (e) => ({ c: place(e).c, l: place(e).l }),
    outer: (g) => ({ n: 0, g }),
    at,
    ofChannel: (c) => ({ c, first: Math.floor(c / D) * D }),
    place: (e) => [place(e).c % D, place(e).y, place(e).x],
    extent: [H, W],
    grouped: "arithmetic.subtotal.in",
    letters: { n: null, l: "y,x", M: D * area },
    variable: (name) => name,
    starts: "start",
    loops: {
      mean: "group_norm.mean",
      var: "group_norm.var",
      output: "group_norm.output",
      gradMeans: "group_norm_input_grad.mean_product",
      gradInput: "group_norm_input_grad.grad_input",
      gradWeight: "group_norm_weight_grad",
    },
    torch: {
      mean: `mean = X.reshape(${groups}, -1).mean(1)`,
      variance: `var = X.reshape(${groups}, -1).var(1, unbiased=False)`,
      output: `Y = F.group_norm(X[None], ${groups}, weight, bias, eps=${eps})[0]`,
      gradMeans: {
        before: [
          `x_hat = F.group_norm(X[None], ${groups}, eps=${eps}).reshape(${groups}, -1)`,
          `g = (weight[:, None, None] * dY).reshape(${groups}, -1)`,
        ],
        torch: "g_mean, gx_mean = g.mean(1), (g * x_hat).mean(1)",
      },
    },
  });
}

/** @type {import("../arithmetic.js").Operator[]} */
export const normalisations = [batchNorm, groupNorm];
