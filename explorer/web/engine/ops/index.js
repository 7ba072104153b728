/** The operators that the engine computes, by core's names. */

import { activations } from "./activation.js";
import { add } from "./add.js";
import { adaptiveAvgPool, avgPool } from "./avg_pool.js";
import { batchNorm } from "./batch_norm.js";
import { cat } from "./cat.js";
import { conv2d } from "./conv2d.js";
import { linear } from "./linear.js";
import { maxPool } from "./max_pool.js";
import { dropout, reshape } from "./same.js";
import { logSoftmax, softmax } from "./softmax.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("../step.js").Step} Step */
/**
 * One operator: its output of a shape, the gradient by one of its arguments, the sum behind an element of the output, and the
 * derivatives behind an element of a gradient.
 * @typedef {{
 *   forward: (tensors: Record<string, Tensor>, settings: Record<string, any>, shape: number[], relations: Step["relations"]) => Tensor,
 *   backward: (step: Step, grad: Tensor, wrt: string) => Tensor,
 *   terms: (step: Step, index: number[]) => import("../terms.js").Terms,
 *   partials: (step: Step, wrt: string, index: number[]) => import("../terms.js").Partials,
 * }} Operator
 */

/** @type {Record<string, Operator>} */
export const OPERATORS = {
  conv2d,
  batch_norm: batchNorm,
  max_pool2d: maxPool,
  avg_pool2d: avgPool,
  adaptive_avg_pool2d: adaptiveAvgPool,
  linear,
  add,
  cat,
  flatten: reshape,
  view: reshape,
  reshape,
  dropout,
  softmax,
  log_softmax: logSoftmax,
  ...activations,
};
