/** The controls of operators, and tensors cut or grown to a size. Cases are never changed in place. */

import { size, unravel } from "../visits.js";
import { largestOf } from "../numbers.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Tensor} Tensor */
/** @typedef {import("../arithmetic.js").Part} Part */
/** @typedef {import("../arithmetic.js").Setting} Setting */

/** The largest that a control offers. */
export const LARGEST = { input: 8, kernel: 5, inputs: 4, outputs: 4, stride: 4, padding: 4, dilation: 3 };

const AXES = /** @type {const} */ (["rows", "columns"]);

/** @param {number} least @param {number} most */
export const counted = (least, most) => Array.from({ length: most - least + 1 }, (_, k) => least + k);

/** @param {Case} given @param {Record<string, any>} change @returns {Case} */
export const withSettings = (given, change) => ({ ...given, settings: { ...given.settings, ...change } });

/** @param {Case} given @param {Record<string, Tensor>} change @returns {Case} */
export const withTensors = (given, change) => ({ ...given, tensors: { ...given.tensors, ...change } });

/** @param {Tensor} tensor @param {number[]} shape @param {number} fill of elements that were not there @returns {Tensor} */
export function reshaped({ shape: before, values }, shape, fill) {
  if (String(before) === String(shape)) return { shape, values };
  const grown = Array.from({ length: size(shape) }, (_, k) => {
    const index = unravel(k, shape);
    if (shape.length !== before.length || index.some((place, axis) => place >= before[axis])) return fill;
    return values[index.reduce((at, place, axis) => at * before[axis] + place, 0)];
  });
  return { shape, values: grown };
}

/** The same numbers over and over along leading axes that grow: new channels repeat the first ones. @param {Tensor} tensor @param {number[]} lead @returns {Tensor} */
export function repeated({ shape, values }, lead) {
  const [before, area] = [shape.slice(0, lead.length), size(shape.slice(lead.length))];
  const planes = Array.from({ length: size(lead) }, (_, k) => {
    const index = unravel(k, lead).map((at, axis) => (at < before[axis] ? at : 0));
    const from = index.reduce((at, place, axis) => at * before[axis] + place, 0);
    return values.slice(from * area, (from + 1) * area);
  });
  return { shape: [...lead, ...shape.slice(lead.length)], values: planes.flat() };
}

/** dL/dY of the output's size: new elements are 1. @param {Case} given @param {number[]} shape */
export const withGradient = (given, shape) =>
  withTensors(given, { gradOutput: reshaped(given.tensors.gradOutput ?? { shape: [], values: [] }, shape, 1) });

/** The input of the case before, if it is pictures (channels, rows, columns) of sides up to `largest`. @param {Case | null} before @returns {Tensor | null} */
export function pictureOf(before, largest = Infinity) {
  const input = before?.tensors.input;
  return input?.shape.length === 3 && Math.max(input.shape[1], input.shape[2]) <= largest ? input : null;
}

/** The gradient of the case before, if it is of pictures. @param {Case | null} before @returns {Tensor} */
export const gradientOf = (before) =>
  before?.tensors.gradOutput?.shape.length === 3 ? before.tensors.gradOutput : { shape: [1, 1, 1], values: [1] };

/**
 * Rows and columns of something. @param {string} key @param {number[] | ((given: Case) => number[])} options
 * @param {(given: Case) => number[]} get @param {(given: Case, pair: number[]) => Case} set @returns {Setting}
 */
export const pairOf = (key, options, get, set) => ({
  key,
  between: "×",
  parts: AXES.map((axis, at) => ({
    key: `${key === "size" ? "input" : key}.${axis}`,
    kind: "count",
    label: `arithmetic.${axis}`,
    options: typeof options === "function" ? options : () => options,
    get: (given) => get(given)[at],
    set: (given, value) => set(given, get(given).with(at, value)),
  })),
});

/** Rows and columns of a setting. @param {string} key @param {number} least @param {number} most */
export const pairSetting = (key, least, most) =>
  pairOf(
    key,
    counted(least, most),
    ({ settings }) => settings[key],
    (given, pair) => withSettings(given, { [key]: pair }),
  );

/** @param {string} key @param {"switch" | "choice" | "number" | "count"} kind @param {Partial<Part> & Pick<Setting, "passes" | "hidden">} [more] @returns {Setting} */
export const plainSetting = (key, kind, { passes, hidden, ...more } = {}) => ({
  key,
  passes,
  hidden,
  parts: [
    {
      key,
      kind,
      label: `arithmetic.${key}`,
      get: ({ settings }) => settings[key],
      set: (given, value) => withSettings(given, { [key]: value }),
      ...more,
    },
  ],
});

/** Numbers of channels: one for pictures too large to walk by hand, so that every step can still be held. @param {number} most @returns {(given: Case) => number[]} */
export const channelCounts =
  (most) =>
  ({ tensors: { input } }) =>
    counted(1, largestOf(input.shape.slice(-2)) > LARGEST.input ? 1 : most);

/** Sides beyond those that are walked by hand, for one channel. */
const SIDES = [10, 12, 16, 20, 24, 28, 32, 48, 64];

/** Rows and columns of the input's pictures, of sides up to `largest`. */
export const inputSizeTo = (largest = Infinity) =>
  pairOf(
    "size",
    ({ tensors: { input, weight } }) => [
      ...counted(1, LARGEST.input),
      ...(input.shape.length === 3 && input.shape[0] * (weight?.shape[0] ?? 1) === 1
        ? SIDES.filter((side) => side <= largest)
        : []),
    ],
    ({ tensors }) => tensors.input.shape.slice(-2),
    (given, pair) =>
      withTensors(given, {
        input: reshaped(given.tensors.input, [...given.tensors.input.shape.slice(0, -2), ...pair], 0),
      }),
  );

export const inputSize = inputSizeTo();

/** The learning rate. @param {string[]} passes that it is shown with */
export const learningRate = (passes) => plainSetting("lr", "number", { passes, accepts: (value) => value >= 0 });
