/**
 * Small operators number by number: the browser's twin of `core.ops.naive`, loop by loop and in the same order of sums,
 * so that float64 results are the same to the last bit.
 *
 * A pass (forward, or one gradient) is a list of visits, one for each turn of the outer loop; a visit is a list of
 * terms, one for each turn of the inner loop. What is on screen at a moment is a function of the moment's number alone:
 * there is nothing to rewind.
 */

import { windowsOf } from "./conv.js";
import { convolution } from "./arithmetic_conv.js";
import { pooling } from "./arithmetic_pool.js";
import { size } from "./visits.js";

/** @typedef {{ shape: number[], values: number[] }} Tensor  values row by row */
/** @typedef {"conv" | "max" | "avg"} Operator */
/** @typedef {"input" | "weight" | "bias" | "gradOutput" | "output" | "gradInput" | "gradWeight" | "gradBias" | "newWeight" | "newBias"} Name */
/** @typedef {"forward" | "inputGrad" | "weightGrad" | "biasGrad" | "update"} PassName */
/**
 * `input` (C, H, W), `weight` (O, C, kH, kW), `bias` (O), `gradOutput` like the output; of a pooling only the weight's
 * kH and kW count. Pairs are rows, columns.
 * @typedef {{
 *   op: Operator, flip: boolean, lr: number, stride: [number, number], padding: [number, number], dilation: [number, number],
 *   input: Tensor, weight: Tensor, bias: Tensor, gradOutput: Tensor,
 * }} Case
 */
/** The loop's variables by their names in the source. @typedef {Record<string, number>} Vars */
/**
 * One turn of the inner loop. `inside` false: it lies over padding and is left out; `changes` false: it leaves the result
 * as it was. `cells`: the elements that are read; `after`: variables after it; `place`: group, row, column of the picture
 * of all terms; `writes`: what a scattering pass adds to.
 * @typedef {{ vars: Vars, inside: boolean, changes: boolean, cells: Partial<Record<Name, number>>, factors: number[], product: number, after: Vars, place: [number, number, number], writes: [Name, number] | null }} Term
 */
/**
 * One turn of the outer loop. `start`: variables before the first term; `window`: the elements that the window covers.
 * @typedef {{ vars: Vars, target: [Name, number], start: Vars, terms: Term[], value: number, window: Partial<Record<Name, number[]>> }} Visit
 */
/**
 * `slides`: the tensor that the window moves over; `starts` and `ends`: whether the loop has a line before the first and
 * after the last term; `scatter`: terms add to their targets instead of to one sum; `function`: the one of `core.ops`.
 * @typedef {{
 *   name: PassName, function: string, reads: Name[], slides: Name | null, targets: Name[], shapes: Partial<Record<Name, number[]>>,
 *   count: number, taps: number, starts: boolean, ends: boolean, scatter: boolean, visit: (k: number) => Visit,
 * }} Pass
 */
/** Why the settings are impossible. @typedef {{ reason: string, axis: "rows" | "columns", numbers: Record<string, number> }} Refusal */
/** @typedef {{ visit: number, phase: number }} Moment  phase −1 is before the first term, `taps` after the last */

/**
 * Where the windows lie, or why there are none, as `core.ops.geometry` says it.
 * @param {Case} given @returns {{ geometry: import("./conv.js").Geometry, refusal: null } | { geometry: null, refusal: Refusal }}
 */
export function geometryOf({ op, input, weight, stride, padding, dilation }) {
  const [height, width] = input.shape.slice(1);
  const [rows, columns] = weight.shape.slice(2);
  const gaps = /** @type {[number, number]} */ (op === "avg" ? [1, 1] : dilation);
  if (op !== "conv") {
    for (const [axis, window] of [rows, columns].entries()) {
      const name = /** @type {const} */ (["rows", "columns"])[axis];
      if (2 * padding[axis] > window) return { geometry: null, refusal: { reason: "half", axis: name, numbers: { padding: padding[axis], window } } };
    }
  }
  const found = windowsOf(height, width, { rows, columns, values: [] }, { stride, dilation: gaps, padding, mode: "zeros" });
  if (!found.geometry || op !== "max") return found;
  for (const axis of /** @type {const} */ (["rows", "columns"])) {
    const { size: extent, before, stride: step, dilation: gap, output } = found.geometry[axis];
    for (let k = 0; k < output && k * step < before; k++) {
      const first = (((k * step - before) % gap) + gap) % gap;
      if (first >= extent) return { geometry: null, refusal: { reason: "over", axis, numbers: { dilation: gap, size: extent } } };
    }
  }
  return found;
}

/** The output's shape, without the batch. @param {Case} given @param {import("./conv.js").Geometry} geometry */
export const outputShape = ({ op, input, weight }, { rows, columns }) => [op === "conv" ? weight.shape[0] : input.shape[0], rows.output, columns.output];

/**
 * All passes of a case whose settings are possible, by name.
 * @param {Case} given @param {import("./conv.js").Geometry} geometry @returns {Partial<Record<PassName, Pass>>}
 */
export const passesOf = (given, geometry) => (given.op === "conv" ? convolution(given, geometry) : pooling(given, geometry));

/** Moments of one visit. @param {Pass} pass */
const perVisit = ({ taps, starts, ends }) => taps + (starts ? 1 : 0) + (ends ? 1 : 0);

/** The last phase of a visit. @param {Pass} pass */
export const lastPhase = ({ taps, ends }) => (ends ? taps : taps - 1);

/** How many moments a pass has, stepped value by value or product by product. @param {Pass} pass @param {"value" | "product"} unit */
export const momentCount = (pass, unit) => (unit === "value" ? pass.count : pass.count * perVisit(pass));

/** @param {Pass} pass @param {"value" | "product"} unit @param {number} k @returns {Moment} */
export function momentAt(pass, unit, k) {
  if (unit === "value") return { visit: k, phase: lastPhase(pass) };
  return { visit: Math.floor(k / perVisit(pass)), phase: (k % perVisit(pass)) - (pass.starts ? 1 : 0) };
}

/** The number of a moment, or of the nearest later one that this unit stops at. @param {Pass} pass @param {"value" | "product"} unit @param {Moment} moment */
export const numberAt = (pass, unit, { visit, phase }) => (unit === "value" ? visit : visit * perVisit(pass) + phase + (pass.starts ? 1 : 0));

/**
 * The line that ran last and the variables after it.
 * @param {Pass} pass @param {Visit} visit @param {number} phase @returns {{ mark: "start" | "skip" | "stay" | "term" | "done", vars: Vars }}
 */
export function lineAt(pass, visit, phase) {
  if (phase < 0) return { mark: "start", vars: { ...visit.vars, ...visit.start } };
  const term = visit.terms[Math.min(phase, pass.taps - 1)];
  const vars = { ...visit.vars, ...visit.start, ...term?.vars, ...term?.after };
  if (phase >= pass.taps) return { mark: "done", vars };
  return { mark: !term.inside ? "skip" : term.changes ? "term" : "stay", vars };
}

/**
 * What a pass has written up to a moment: for each target its values, and which of them were written.
 * @param {Pass} pass @param {Moment} moment @returns {Partial<Record<Name, { values: Float64Array, written: Uint8Array }>>}
 */
export function writtenAt(pass, { visit: last, phase }) {
  /** @type {Partial<Record<Name, { values: Float64Array, written: Uint8Array }>>} */
  const targets = Object.fromEntries(pass.targets.map((name) => {
    const count = size(/** @type {number[]} */ (pass.shapes[name]));
    return [name, { values: new Float64Array(count), written: new Uint8Array(count) }];
  }));
  const write = (/** @type {[Name, number]} */ [name, index], /** @type {number} */ value) => {
    const target = /** @type {{ values: Float64Array, written: Uint8Array }} */ (targets[name]);
    target.values[index] = value;
    target.written[index] = 1;
  };
  for (let k = 0; k <= last; k++) {
    const visit = pass.visit(k);
    const until = k < last ? pass.taps : phase + 1;
    if (pass.scatter) {
      for (const { writes, product } of visit.terms.slice(0, Math.max(0, until))) {
        if (writes) write(writes, /** @type {any} */ (targets[writes[0]]).values[writes[1]] + product);
      }
    } else if (k < last || phase >= lastPhase(pass)) write(visit.target, visit.value);
  }
  return targets;
}

/** What a whole pass writes. @param {Pass} pass */
export const resultOf = (pass) => writtenAt(pass, { visit: pass.count - 1, phase: lastPhase(pass) });

/**
 * The visits and terms that read an element, for following it by hand.
 * @param {Pass} pass @param {Name} name @param {number} index
 */
export function readersOf(pass, name, index) {
  const readers = [];
  for (let visit = 0; visit < pass.count; visit++) {
    pass.visit(visit).terms.forEach((term, at) => {
      if (term.inside && term.cells[name] === index) readers.push({ visit, at, term });
    });
  }
  return readers;
}

/** Which elements of the input are read by any window. @param {Pass} forward @returns {Uint8Array} 1 for those */
export function visitedInput(forward) {
  const seen = new Uint8Array(size(/** @type {number[]} */ (forward.shapes.input)));
  for (let k = 0; k < forward.count; k++) {
    for (const { inside, cells } of forward.visit(k).terms) if (inside) seen[/** @type {number} */ (cells.input)] = 1;
  }
  return seen;
}

/**
 * The largest difference between two lists; equal infinities and two NaN do not differ.
 * @param {ArrayLike<number>} ours @param {ArrayLike<number>} theirs
 */
export function largestDifference(ours, theirs) {
  if (ours.length !== theirs.length) return Infinity;
  let largest = 0;
  for (let k = 0; k < ours.length; k++) {
    const difference = Object.is(ours[k], theirs[k]) || ours[k] === theirs[k] ? 0 : Math.abs(ours[k] - theirs[k]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
