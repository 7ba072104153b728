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

/**
 * What a pass adds up: element `index` of `target` is a sum over `tap`, of the products of the `cells` that a turn reads;
 * `beside`: what it is added to.
 * @typedef {{ target: string, shape: number[], axes: string[], tap: string, taps: number, down?: boolean, cells: (index: number[], turn: number) => Record<string, number>,
 *   beside?: (index: number[]) => { first: number, also: Record<string, number> } }} Gathered
 */

/** @param {Case["tensors"]} tensors @param {Gathered & Pick<Pass, "name" | "direction" | "function" | "torch" | "reads" | "slides"> & Partial<Pass>} gathered `down`: the picture of the terms is a column @returns {Pass} */
function gathering(tensors, { target, shape, axes, tap, taps, down = false, cells, beside, ...own }) {
  const shapes = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.shape]));
  return {
    starts: "start",
    ends: "done",
    scatter: false,
    letters: {},
    told: sumTold,
    worked: (visit) => sumPieces(visit),
    targets: [target],
    shapes: { ...shapes, [target]: shape },
    count: size(shape),
    taps,
    visit: kept((k) => {
      const index = unravel(k, shape);
      const terms = Array.from({ length: taps }, (_, turn) => {
        const read = cells(index, turn);
        return {
          vars: { [tap]: turn },
          cells: read,
          factors: Object.entries(read).map(([name, at]) => tensors[name].values[at]),
          place: /** @type {Place} */ (down ? [0, turn, 0] : [0, 0, turn]),
        };
      });
      const vars = Object.fromEntries(axes.map((axis, at) => [axis, index[at]]));
      return summed({ vars, target: [target, k], slides: own.slides, terms, ...beside?.(index) });
    }),
    ...own,
  };
}

/** @param {Case} given @returns {Pass[]} */
function passes({ settings: { lr }, tensors }) {
  const { input, weight, bias } = tensors;
  const [[N, F], [O]] = [input.shape, weight.shape];
  const forward = gathering(tensors, {
    name: "forward",
    direction: "forward",
    function: "linear",
    torch: "Y = F.linear(X, W, b)",
    reads: ["input", "weight", "bias"],
    slides: "input",
    target: "output",
    shape: [N, O],
    axes: ["n", "o"],
    tap: "f",
    taps: F,
    cells: ([n, o], f) => ({ weight: o * F + f, input: n * F + f }),
    beside: ([, o]) => ({ first: bias.values[o], also: { bias: o } }),
    worked: (visit) => sumPieces(visit, true),
    told: (visit, phase) => sumTold(visit, phase, `, + b = ${short(visit.start.total, 7)}`),
  });
  const inputGrad = gathering(tensors, {
    name: "inputGrad",
    direction: "backward",
    function: "linear_input_grad",
    torch: gradientCall("X"),
    reads: ["gradOutput", "weight"],
    slides: "gradOutput",
    target: "gradInput",
    shape: input.shape,
    axes: ["n", "f"],
    tap: "o",
    taps: O,
    cells: ([n, f], o) => ({ weight: o * F + f, gradOutput: n * O + o }),
  });
  const weightGrad = gathering(tensors, {
    name: "weightGrad",
    direction: "backward",
    function: "linear_weight_grad",
    torch: gradientCall("W"),
    reads: ["input", "gradOutput"],
    slides: "input",
    target: "gradWeight",
    shape: weight.shape,
    axes: ["o", "f"],
    tap: "n",
    taps: N,
    down: true,
    cells: ([o, f], n) => ({ gradOutput: n * O + o, input: n * F + f }),
  });
  const biasGrad = gathering(tensors, {
    name: "biasGrad",
    direction: "backward",
    function: "linear_bias_grad",
    torch: gradientCall("b"),
    reads: ["gradOutput"],
    slides: "gradOutput",
    target: "gradBias",
    shape: bias.shape,
    axes: ["o"],
    tap: "n",
    taps: N,
    down: true,
    cells: ([o], n) => ({ gradOutput: n * O + o }),
  });
  const update = descent(lr, [
    { name: "weight", letter: "W", tensor: weight, gradient: "gradWeight", pass: weightGrad, next: "newWeight" },
    { name: "bias", letter: "b", tensor: bias, gradient: "gradBias", pass: biasGrad, next: "newBias" },
  ]);
  return [forward, inputGrad, weightGrad, biasGrad, update];
}
