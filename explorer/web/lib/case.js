/** What a person can do to a case, each as a function from one case to the next. Cases are never changed in place. */

import { fitting, operatorOf, OPERATORS } from "./arithmetic.js";

/** @typedef {import("./arithmetic.js").Case} Numbers */
/** Where numbers of a network come from; `left`: products that did not travel, their sum stands in the bias. @typedef {{ name: string, left: { count: number, sum: number } | null }} Origin */
/** `preset`: the one that this still is, or null; `origin`: of numbers that were sent, while they are unchanged. @typedef {Numbers & { preset: string | null, origin?: Origin | null }} Case */
/** @typedef {import("./arithmetic.js").Tensor} Tensor */

/** What a case is once it was changed. */
export const OWN = { preset: null, origin: null };

/** @param {number[][][]} planes @returns {Tensor} (C, H, W) */
export const tensor3 = (planes) => ({
  shape: [planes.length, planes[0].length, planes[0][0].length],
  values: planes.flat(2),
});

/** @param {Case} given @param {import("./arithmetic.js").Part} part a control @param {any} value what was chosen @returns {Case} */
export const withChoice = (given, part, value) => fitting({ ...part.set(given, value), ...OWN });

/** Another operator, on the same numbers where they fit. @param {Case} given @param {string} op @returns {Case} */
export const withOperator = (given, op) =>
  op === given.op ? given : fitting({ ...OPERATORS[op].begin(given), ...OWN });

/** @param {Case} given @param {string} name @param {number} index @param {number} value @returns {Case} */
export const withValue = (given, name, index, value) =>
  fitting({
    ...given,
    ...OWN,
    tensors: {
      ...given.tensors,
      [name]: { ...given.tensors[name], values: given.tensors[name].values.with(index, value) },
    },
  });

/** Whole numbers between two bounds, the same for the same seed (mulberry32, Tommy Ettinger). @param {number} seed */
function wholeNumbers(seed) {
  let state = seed >>> 0;
  return (/** @type {number} */ low, /** @type {number} */ high) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (high - low + 1));
  };
}

/** From, to and step of the random numbers in a tensor. @type {Record<string, [number, number, number?]>} */
const RANGES = { input: [0, 9], weight: [-2, 2], bias: [-3, 3], gradOutput: [-2, 3] };

/** New numbers in every matrix that a person may edit. @param {Case} given @param {number} seed @returns {Case} */
export function randomised(given, seed) {
  const draw = wholeNumbers(seed);
  const operator = operatorOf(given);
  const ranges = { ...RANGES, ...operator.ranges?.(given) };
  const tensors = { ...given.tensors };
  for (const name of operator.inputs) {
    const [low, high, step = 1] = ranges[name];
    const { shape, values } = tensors[name];
    tensors[name] = { shape, values: values.map(() => draw(low / step, high / step) * step) };
  }
  return fitting({ ...given, ...OWN, tensors });
}
