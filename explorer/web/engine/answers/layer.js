/** One layer: its largest value, its channels that are all 0, and the kernels behind its maps (`explorer/draw/layer.py`). */

import { codesOf } from "../encode.js";
import { INPUT } from "../network.js";
import { shownFor } from "../shown.js";
import { layoutOf } from "../maps.js";
import { unravel } from "../../lib/visits.js";
import { named } from "./sum.js";
import { tensorOf } from "./exact.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("../../lib/contract/draw.js").Layer} Layer */

/** Most kernels that travel, one for each map. */
const MOST_KERNELS = 512;

/** @param {import("../shown.js").Library} library @param {import("../../lib/contract/draw.js").AtPlace} asked @returns {Promise<Layer>} */
export async function layer(library, asked) {
  const shown = await shownFor(library, asked);
  const tensor = tensorOf(shown, asked);
  const layout = layoutOf(tensor.shape);
  const channels = layout.size.length > 1 ? layout.channels : tensor.data.length;
  const count = tensor.data.length / channels;
  const zero = Array.from({ length: channels }, (_, channel) => channel).filter((channel) =>
    tensor.data.subarray(channel * count, (channel + 1) * count).every((value) => value === 0),
  );
  const kernels = asked.step === INPUT || asked.of ? null : kernelsOf(shown.trace.steps[asked.step]);
  return { largest: largestIn(tensor), zero, channels, kernels };
}

/** The value of the largest |value| that is finite, and its cell. @param {Tensor} tensor */
function largestIn({ shape, data }) {
  let at = -1;
  for (let k = 0; k < data.length; k++)
    if (Number.isFinite(data[k]) && (at < 0 || Math.abs(data[k]) > Math.abs(data[at]))) at = k;
  return at < 0 ? null : { value: named(data[at]), cell: unravel(at, shape) };
}

/** For each map of a convolution the kernel that weighs most. @param {import("../step.js").Step} step @returns {Layer["kernels"]} */
function kernelsOf({ op, arguments: { weight } }) {
  if (op !== "conv2d" || weight.shape[0] > MOST_KERNELS) return null;
  const [O, C, rows, columns] = weight.shape;
  const size = rows * columns;
  const kernelOf = (/** @type {number} */ o, /** @type {number} */ c) =>
    weight.data.subarray((o * C + c) * size, (o * C + c + 1) * size);
  const weights = (/** @type {number} */ o) =>
    Array.from({ length: C }, (_, c) => kernelOf(o, c).reduce((sum, value) => sum + Math.abs(value), 0));
  const inputs = Array.from({ length: O }, (_, o) =>
    weights(o).reduce((best, sum, c, all) => (sum > all[best] ? c : best), 0),
  );
  return { rows, columns, inputs, of: C, ...codesOf(inputs.map((c, o) => kernelOf(o, c))) };
}
