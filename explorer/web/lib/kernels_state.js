/** Everything that a person can choose about a chain of kernels, as plain objects that are never changed in place. */

import { PRESETS, resized, SHAPE } from "./kernels.js";

/** @typedef {import("./conv.js").Kernel} Kernel */
/** @typedef {import("./kernels.js").Stage} Stage */
/** @typedef {import("./kernels.js").State} State */

/** The size at which a preset is known. @param {string} name */
const usualOf = (name) => PRESETS[name].usual ?? /** @type {[number, number]} */ ([3, 3]);

/** @param {string} name of a preset @returns {Stage} */
function stageOf(name) {
  const { make, shape, result } = PRESETS[name];
  const [rows, columns] = usualOf(name);
  const given = { ...SHAPE, ...shape };
  return {
    on: true,
    preset: name,
    learned: null,
    shape: given,
    kernel: make(rows, columns, given),
    stride: [1, 1],
    dilation: [1, 1],
    padding: "same",
    mode: "replicate",
    flip: false,
    pass: "values",
    ...result,
  };
}

/** @type {Stage} */
export const FIRST = stageOf("emboss");
/** What a kernel is when it joins the chain. */
export const ADDED = stageOf("gaussian");

/** @type {State} */
export const INITIAL = { channels: "rgb", stages: [FIRST] };

/** @param {State} state @param {number} at @param {(stage: Stage) => Stage} change @returns {State} */
export const withStage = (state, at, change) => ({ ...state, stages: state.stages.with(at, change(state.stages[at])) });

/** A further kernel after the one at `at`. @param {State} state @param {number} at @param {Stage} [stage] @returns {State} */
export const withAdded = (state, at, stage = ADDED) => ({ ...state, stages: state.stages.toSpliced(at + 1, 0, stage) });

/** @param {State} state @param {number} at @returns {State} */
export const withoutStage = (state, at) => ({ ...state, stages: state.stages.toSpliced(at, 1) });

/** The kernel at `at` goes `by` places on. @param {State} state @param {number} at @param {number} by @returns {State} */
export const withMoved = (state, at, by) => ({
  ...state,
  stages: state.stages.toSpliced(at, 1).toSpliced(at + by, 0, state.stages[at]),
});

/** The first kernel in which two chains differ, or null. @param {State} one @param {State} other */
export function differing(one, other) {
  const count = Math.max(one.stages.length, other.stages.length);
  for (let k = 0; k < count; k++) if (one.stages[k] !== other.stages[k]) return k;
  return null;
}

/**
 * A preset with its way of showing the result, at the size at which it is known; or at the present one, where a person
 * gave the preset before it another size than its own.
 * @param {Stage} stage @param {string} name @returns {Stage}
 */
export function withPreset(stage, name) {
  const { least, make, result } = PRESETS[name];
  const now = [stage.kernel.rows, stage.kernel.columns];
  const chosen = stage.preset !== null && usualOf(stage.preset).some((taps, axis) => taps !== now[axis]);
  const [rows, columns] = (chosen ? now : usualOf(name)).map((taps, axis) => Math.max(taps, least[axis]));
  const shape = { ...stage.shape, ...PRESETS[name].shape };
  return { ...stage, ...result, preset: name, learned: null, shape, kernel: make(rows, columns, shape) };
}

/** A kernel that is no preset. @param {Stage} stage @param {Kernel} kernel @param {string | null} [learned] @returns {Stage} */
export const withKernel = (stage, kernel, learned = null) => ({ ...stage, preset: null, learned, kernel });

/** A kernel of a model, as the model applies it: neither divided nor shifted, and seen with its sign. @param {Stage} stage @param {Kernel} kernel @param {string} learned @returns {Stage} */
export const withLearned = (stage, kernel, learned) => ({
  ...withKernel(stage, kernel, learned),
  normalise: false,
  bias: 0,
  flip: false,
  show: stage.learned ? stage.show : "signed",
});

/** The kernel as its preset is best seen over a picture. @param {Stage} stage @returns {Stage} */
export const withOwnShow = (stage) => (stage.preset ? { ...stage, show: PRESETS[stage.preset].result.show } : stage);

/** @param {Stage} stage @param {Partial<import("./kernels.js").Shape>} change @returns {Stage} */
export function withShape(stage, change) {
  const shape = { ...stage.shape, ...change };
  if (!stage.preset) return { ...stage, shape };
  return { ...stage, shape, kernel: PRESETS[stage.preset].make(stage.kernel.rows, stage.kernel.columns, shape) };
}

/**
 * The kernel with other rows and columns: a preset is made anew where it can be, an edited kernel is cut or gets zeros.
 * @param {Stage} stage @param {number} rows @param {number} columns @returns {Stage}
 */
export function withSize(stage, rows, columns) {
  const preset = stage.preset ? PRESETS[stage.preset] : null;
  if (preset && rows >= preset.least[0] && columns >= preset.least[1])
    return { ...stage, kernel: preset.make(rows, columns, stage.shape) };
  return withKernel(stage, resized(stage.kernel, rows, columns));
}
