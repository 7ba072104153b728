/**
 * The functions that pages ask of a server (lib/contract), answered here: a function for each, by name. What the engine has
 * no answer to is said in words.
 */

import { arithmetic } from "./answers/arithmetic.js";
import { compare } from "./answers/compare.js";
import { describe } from "./answers/describe.js";
import { explain } from "./answers/explain.js";
import { exact } from "./answers/exact.js";
import { featureMap, learnedKernel, learnedKernels } from "./answers/kernels.js";
import { layer } from "./answers/layer.js";
import { numberInk } from "./answers/number_ink.js";
import { observe } from "./answers/observe.js";
import { pytorchLines } from "./answers/pytorch_lines.js";
import { sources } from "./answers/sources.js";
import { truth } from "./answers/truth.js";
import { why } from "./answers/why.js";
import { NeedsPython } from "./input.js";

/** @typedef {import("./shown.js").Library} Library */
/** @typedef {import("../lib/live.js").Failure} Failure */

/** @type {Record<string, (library: Library, asked: any) => Promise<object>>} */
const ANSWERS = {
  describe,
  observe,
  explain,
  arithmetic,
  sources,
  layer,
  exact,
  pytorch_lines: pytorchLines,
  why,
  number_ink: numberInk,
  compare,
  truth,
  feature_map: featureMap,
  learned_kernels: learnedKernels,
  learned_kernel: learnedKernel,
};

/** The names of the functions that are answered. */
export const ANSWERED = Object.keys(ANSWERS);

/** An answer; what cannot be answered is said in words. @param {() => Promise<object>} find @returns {Promise<object | Failure>} */
export async function inWords(find) {
  try {
    return await find();
  } catch (error) {
    if (error instanceof NeedsPython)
      return { error: "this needs ConvScope on a computer with Python", key: "engine.python", values: {} };
    const {
      message,
      key,
      values = {},
    } = /** @type {Error & { key?: string, values?: Record<string, string | number> }} */ (error);
    return { error: message, ...(key ? { key, values } : {}) };
  }
}

/** @param {Library} library @param {string} name @param {unknown} request @returns {Promise<object | Failure>} */
export const answer = (library, name, request) =>
  inWords(() => {
    const found = ANSWERS[name];
    if (!found) throw new NeedsPython(name);
    return found(library, request);
  });
