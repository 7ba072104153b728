/**
 * A whole small network, forward and then backward, as one walk: convolution, ReLU, max pooling, flattening, linear layer,
 * softmax and cross-entropy. Every stage is a case of its operator; numbers are carried from stage to stage and back.
 */

import { momentAt, momentCount, numberAt, OPERATORS, passesOf, resultOf } from "./arithmetic.js";
import { size } from "./visits.js";

/** @typedef {import("./arithmetic.js").Tensor} Tensor */
/** @typedef {import("./arithmetic.js").Pass} Pass */
/** @typedef {import("./arithmetic.js").Unit} Unit */
/** `input` (1, H, W), `weight` (O, 1, kH, kW), `bias` (O), `matrix` (classes, features), `offset` (classes), `target` (1). @typedef {{ input: Tensor, weight: Tensor, bias: Tensor, matrix: Tensor, offset: Tensor, target: Tensor }} Matrices */
/** `lr`: the learning rate of the step. @typedef {Matrices & { lr: number }} Network */
/** @typedef {"conv" | "relu" | "pool" | "flatten" | "linear" | "loss"} StageName */
/** A stage; flattening has neither case nor passes. `tensors`: all it reads and writes. @typedef {{ name: StageName, given: import("./arithmetic.js").Case | null, passes: Record<string, Pass>, tensors: Record<string, { shape: number[], values: ArrayLike<number> }> }} Stage */
/** One pass of the walk; `pass` null where values only change their places. @typedef {{ stage: Stage, direction: "forward" | "backward" | "step", pass: Pass | null }} Leg */

const POOL = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceil: false };

/** The tensors that a person edits, by stage and by their name there. @type {Partial<Record<StageName, Record<string, keyof Matrices>>>} */
export const EDITED = {
  conv: { input: "input", weight: "weight", bias: "bias" },
  linear: { weight: "matrix", bias: "offset" },
  loss: { target: "target" },
};

/** @param {ArrayLike<number>} values @param {number[]} shape @returns {Tensor} */
const tensor = (values, shape) => ({ shape, values: Array.from(values) });

/** @param {number[]} shape */
const ones = (shape) => tensor(Array(size(shape)).fill(1), shape);

/** @param {string} op @param {Record<string, any>} settings @param {Record<string, Tensor>} tensors @returns {import("./arithmetic.js").Case} */
const caseOf = (op, settings, tensors) => ({
  op,
  settings: { ...OPERATORS[op].begin(null).settings, ...settings },
  tensors,
});

/** A case with everything that its passes write. @param {StageName} name @param {import("./arithmetic.js").Case} given @returns {Stage} */
function stageOf(name, given) {
  const passes = passesOf(given);
  /** @type {Stage["tensors"]} */
  const tensors = { ...given.tensors };
  for (const pass of Object.values(passes)) {
    for (const [target, { values }] of Object.entries(resultOf(pass)))
      tensors[target] = { shape: /** @type {number[]} */ (pass.shapes[target]), values };
  }
  return { name, given, passes, tensors };
}

/** The output of a case, whatever its gradient will be. @param {import("./arithmetic.js").Case} given @returns {Tensor} */
function outputOf(given) {
  const pass = /** @type {Pass} */ (
    OPERATORS[given.op].passes(given).findLast(({ direction }) => direction === "forward")
  );
  return tensor(resultOf(pass).output.values, /** @type {number[]} */ (pass.shapes.output));
}

/** All stages of a network, first the numbers forward, then their gradients backward. @param {Network} network @returns {Stage[]} */
export function stagesOf({ input, weight, bias, matrix, offset, target, lr }) {
  const run = (
    /** @type {string} */ op,
    /** @type {Record<string, any>} */ settings,
    /** @type {Record<string, Tensor>} */ tensors,
  ) => {
    const given = OPERATORS[op].fit(caseOf(op, settings, tensors));
    return { given, output: outputOf(given) };
  };
  const conv = run("conv", { lr }, { input, weight, bias, gradOutput: ones([1, 1, 1]) });
  const relu = run("relu", {}, { input: conv.output, gradOutput: ones([1, 1, 1]) });
  const pool = run("max", POOL, { input: relu.output, gradOutput: ones([1, 1, 1]) });
  const features = [1, pool.output.values.length];
  const linear = run(
    "linear",
    { lr },
    { input: tensor(pool.output.values, features), weight: matrix, bias: offset, gradOutput: ones([1, 1]) },
  );
  const loss = stageOf(
    "loss",
    OPERATORS.crossEntropy.fit(
      caseOf("crossEntropy", { reduction: "mean" }, { input: linear.output, target, gradOutput: ones([1]) }),
    ),
  );

  /** @param {StageName} name @param {import("./arithmetic.js").Case} given @param {ArrayLike<number>} gradient @param {number[]} shape */
  const back = (name, given, gradient, shape) =>
    stageOf(name, { ...given, tensors: { ...given.tensors, gradOutput: tensor(gradient, shape) } });
  const linearStage = back("linear", linear.given, loss.tensors.gradInput.values, linear.output.shape);
  const poolStage = back("pool", pool.given, linearStage.tensors.gradInput.values, pool.output.shape);
  const reluStage = back("relu", relu.given, poolStage.tensors.gradInput.values, relu.output.shape);
  const convStage = back("conv", conv.given, reluStage.tensors.gradInput.values, conv.output.shape);
  /** @type {Stage} */
  const flatten = {
    name: "flatten",
    given: null,
    passes: {},
    tensors: {
      input: pool.output,
      output: tensor(pool.output.values, features),
      gradOutput: linearStage.tensors.gradInput,
      gradInput: tensor(linearStage.tensors.gradInput.values, pool.output.shape),
    },
  };
  return [convStage, reluStage, poolStage, flatten, linearStage, loss];
}

/** The passes in the order of the walk: forward, backward, one step of gradient descent. @param {Stage[]} stages @returns {Leg[]} */
export function legsOf(stages) {
  /** @param {Stage} stage @param {Leg["direction"]} direction @returns {Leg[]} */
  const of = (stage, direction) => {
    if (!stage.given) return direction === "step" ? [] : [{ stage, direction, pass: null }];
    return Object.values(stage.passes)
      .filter((pass) => pass.direction === direction)
      .map((pass) => ({ stage, direction, pass }));
  };
  return [
    ...stages.flatMap((stage) => of(stage, "forward")),
    ...stages.toReversed().flatMap((stage) => of(stage, "backward")),
    ...stages.flatMap((stage) => of(stage, "step")),
  ];
}

/** Moments of a leg. @param {Leg} leg @param {Unit} unit */
const momentsOf = ({ pass }, unit) => (pass ? momentCount(pass, unit) : 1);

/** Moments of the whole walk. @param {Leg[]} legs @param {Unit} unit */
export const countOf = (legs, unit) => legs.reduce((all, leg) => all + momentsOf(leg, unit), 0);

/** The leg that a moment falls on, and its moment there. @param {Leg[]} legs @param {Unit} unit @param {number} k @returns {{ at: number, leg: Leg, moment: import("./arithmetic.js").Moment }} */
export function placeAt(legs, unit, k) {
  let [at, before] = [0, 0];
  while (at < legs.length - 1 && before + momentsOf(legs[at], unit) <= k) before += momentsOf(legs[at++], unit);
  const { pass } = legs[at];
  return { at, leg: legs[at], moment: pass ? momentAt(pass, unit, k - before) : { visit: 0, phase: 0 } };
}

/** The number of a moment of a leg. @param {Leg[]} legs @param {Unit} unit @param {number} at @param {import("./arithmetic.js").Moment} moment */
export const numberOfPlace = (legs, unit, at, moment) =>
  countOf(legs.slice(0, at), unit) + (legs[at].pass ? numberAt(/** @type {Pass} */ (legs[at].pass), unit, moment) : 0);

/** The loss after one step of gradient descent along the gradients. @param {Network} network @param {Stage[]} stages */
export function lossAfter(network, stages) {
  const of = (/** @type {StageName} */ name) =>
    /** @type {Stage} */ (stages.find((stage) => stage.name === name)).tensors;
  const like = (/** @type {Tensor} */ { shape }, /** @type {{ values: ArrayLike<number> }} */ { values }) =>
    tensor(values, shape);
  const next = stagesOf({
    ...network,
    weight: like(network.weight, of("conv").newWeight),
    bias: like(network.bias, of("conv").newBias),
    matrix: like(network.matrix, of("linear").newWeight),
    offset: like(network.offset, of("linear").newBias),
  });
  return next[next.length - 1].tensors.output.values[0];
}
