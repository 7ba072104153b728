/** The fully connected layer, as `core.ops.naive.linear` writes it, for a small batch of rows. */

import { short } from "../numbers.js";
import { kept, size, summed, sumPieces, sumTold, unravel } from "../visits.js";
import { gradientCall } from "./formulas.js";
import { counted, learningRate, reshaped, withGradient, withTensors } from "./settings.js";
import { descent } from "./update.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {[number, number, number]} Place */

const MOST = { rows: 4, features: 9, outputs: 6 };

/** A size of the layer: rows, features or outputs. @param {string} key @param {number} most @param {(given: Case) => number} get @param {(given: Case, value: number) => Record<string, number[]>} shapes @returns {import("../arithmetic.js").Part} */
const part = (key, most, get, shapes) => ({
  key,
  kind: "count",
  label: `arithmetic.${key}`,
  options: () => counted(1, most),
  get,
  set: (given, value) =>
    withTensors(
      given,
      Object.fromEntries(
        Object.entries(shapes(given, value)).map(([name, shape]) => [name, reshaped(given.tensors[name], shape, 0)]),
      ),
    ),
});

/** @type {import("../arithmetic.js").Operator} */
export const linear = {
  name: "linear",
  family: "layer",
  inputs: ["input", "weight", "bias", "gradOutput"],
  labels: {
    weight: ["W", "arithmetic.tensor.weights"],
    gradWeight: ["dL/dW", "arithmetic.tensor.gradWeights"],
    newWeight: ["W′", "arithmetic.tensor.newWeights"],
  },
  variables: { weight: "W" },
  settings: [
    {
      key: "batch",
      parts: [
        part(
          "batch",
          MOST.rows,
          ({ tensors }) => tensors.input.shape[0],
          ({ tensors }, rows) => ({ input: [rows, tensors.input.shape[1]] }),
        ),
      ],
    },
    {
      key: "features",
      between: "→",
      parts: [
        part(
          "features",
          MOST.features,
          ({ tensors }) => tensors.input.shape[1],
          ({ tensors }, features) => ({
            input: [tensors.input.shape[0], features],
            weight: [tensors.weight.shape[0], features],
          }),
        ),
        part(
          "outFeatures",
          MOST.outputs,
          ({ tensors }) => tensors.weight.shape[0],
          ({ tensors }, outputs) => ({ weight: [outputs, tensors.weight.shape[1]], bias: [outputs] }),
        ),
      ],
    },
    learningRate(["update"]),
  ],
  begin: () => ({
    op: "linear",
    settings: { lr: 0.1 },
    tensors: {
      input: { shape: [2, 4], values: [1, 0, 2, 3, 0, 1, 1, 2] },
      weight: { shape: [3, 4], values: [1, 0, -1, 2, 0, 1, 1, 0, -1, 2, 0, 1] },
      bias: { shape: [3], values: [1, 0, -2] },
      gradOutput: { shape: [2, 3], values: [1, -1, 0, 2, 0, 1] },
    },
  }),
  refusal: () => null,
  fit: (given) => withGradient(given, [given.tensors.input.shape[0], given.tensors.weight.shape[0]]),
  passes,
};

/** @param {Case} given @returns {Pass[]} */
function passes({ settings: { lr }, tensors: { input, weight, bias, gradOutput } }) {
  const [N, F] = input.shape;
  const O = weight.shape[0];
  const outputShape = [N, O];
  const shapes = { input: input.shape, weight: weight.shape, bias: bias.shape, gradOutput: outputShape };
  const common = /** @type {const} */ ({
    starts: "start",
    ends: "done",
    scatter: false,
    letters: {},
    told: sumTold,
    worked: (/** @type {import("../arithmetic.js").Visit} */ visit) => sumPieces(visit),
  });

  /** @type {Pass} */
  const forward = {
    ...common,
    name: "forward",
    direction: "forward",
    function: "linear",
    torch: "Y = F.linear(X, W, b)",
    reads: ["input", "weight", "bias"],
    slides: "input",
    targets: ["output"],
    shapes: { ...shapes, output: outputShape },
    count: size(outputShape),
    taps: F,
    visit: kept((k) => {
      const [n, o] = unravel(k, outputShape);
      const terms = Array.from({ length: F }, (_, f) => {
        const cells = { weight: o * F + f, input: n * F + f };
        return {
          vars: { f },
          cells,
          factors: [weight.values[cells.weight], input.values[cells.input]],
          place: /** @type {Place} */ ([0, 0, f]),
        };
      });
      return summed({
        vars: { n, o },
        target: ["output", k],
        first: bias.values[o],
        slides: "input",
        terms,
        also: { bias: o },
      });
    }),
    worked: (visit) => sumPieces(visit, true),
    told: (visit, phase) => sumTold(visit, phase, `, + b = ${short(visit.start.total, 7)}`),
  };

  /** @type {Pass} */
  const inputGrad = {
    ...common,
    name: "inputGrad",
    direction: "backward",
    function: "linear_input_grad",
    torch: gradientCall("X"),
    reads: ["gradOutput", "weight"],
    slides: "gradOutput",
    targets: ["gradInput"],
    shapes: { ...shapes, gradInput: input.shape },
    count: size(input.shape),
    taps: O,
    visit: kept((k) => {
      const [n, f] = unravel(k, input.shape);
      const terms = Array.from({ length: O }, (_, o) => {
        const cells = { weight: o * F + f, gradOutput: n * O + o };
        return {
          vars: { o },
          cells,
          factors: [weight.values[cells.weight], gradOutput.values[cells.gradOutput]],
          place: /** @type {Place} */ ([0, 0, o]),
        };
      });
      return summed({ vars: { n, f }, target: ["gradInput", k], slides: "gradOutput", terms });
    }),
  };

  /** @type {Pass} */
  const weightGrad = {
    ...common,
    name: "weightGrad",
    direction: "backward",
    function: "linear_weight_grad",
    torch: gradientCall("W"),
    reads: ["input", "gradOutput"],
    slides: "input",
    targets: ["gradWeight"],
    shapes: { ...shapes, gradWeight: weight.shape },
    count: size(weight.shape),
    taps: N,
    visit: kept((k) => {
      const [o, f] = unravel(k, weight.shape);
      const terms = Array.from({ length: N }, (_, n) => {
        const cells = { gradOutput: n * O + o, input: n * F + f };
        return {
          vars: { n },
          cells,
          factors: [gradOutput.values[cells.gradOutput], input.values[cells.input]],
          place: /** @type {Place} */ ([0, n, 0]),
        };
      });
      return summed({ vars: { o, f }, target: ["gradWeight", k], slides: "input", terms });
    }),
  };

  /** @type {Pass} */
  const biasGrad = {
    ...common,
    name: "biasGrad",
    direction: "backward",
    function: "linear_bias_grad",
    torch: gradientCall("b"),
    reads: ["gradOutput"],
    slides: "gradOutput",
    targets: ["gradBias"],
    shapes: { ...shapes, gradBias: bias.shape },
    count: O,
    taps: N,
    visit: kept((o) => {
      const terms = Array.from({ length: N }, (_, n) => ({
        vars: { n },
        cells: { gradOutput: n * O + o },
        factors: [gradOutput.values[n * O + o]],
        place: /** @type {Place} */ ([0, n, 0]),
      }));
      return summed({ vars: { o }, target: ["gradBias", o], slides: "gradOutput", terms });
    }),
  };

  const update = descent(lr, [
    { name: "weight", letter: "W", tensor: weight, gradient: "gradWeight", pass: weightGrad, next: "newWeight" },
    { name: "bias", letter: "b", tensor: bias, gradient: "gradBias", pass: biasGrad, next: "newBias" },
  ]);
  return [forward, inputGrad, weightGrad, biasGrad, update];
}
