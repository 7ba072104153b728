/** One plane of a convolution as two passes: rows first, with the kernel's row, then columns, with its column. */

import { addTwoPasses, padded, windowsOf } from "./conv.js";
import { separated } from "./separable.js";

/** @typedef {import("./properties.js").Plane} Plane */
/**
 * `kernel`: as it is laid over the picture, rotated where the convolution rotates it; `between`: the picture after the
 * first pass, padding included; `result`: this plane's part of the output.
 * @typedef {{ kernel: Plane, geometry: import("./conv.js").Geometry, picture: Plane, sizes: number[], rank: number,
 *   passes: { vertical: number[], horizontal: number[], between: Plane, result: Plane } | null }} TwoPasses
 */

/** @param {number} rows @param {number} columns @param {ArrayLike<number>} values @returns {Plane} */
const plane = (rows, columns, values) => ({ rows, columns, values: Array.from(values) });

/** @param {import("./arithmetic.js").Case} given a convolution whose settings are possible @param {number} o output channel @param {number} c input channel, counted within the group @returns {TwoPasses} */
export function twoPassesOf(
  { settings: { stride, padding, dilation, mode, groups, flip }, tensors: { input, weight } },
  o,
  c,
) {
  const [, H, W] = input.shape;
  const [O, each, kH, kW] = weight.shape;
  const taps = weight.values.slice((o * each + c) * kH * kW, (o * each + c + 1) * kH * kW);
  const kernel = plane(kH, kW, flip ? taps.reverse() : taps);
  const { geometry } = windowsOf(H, W, kernel, { stride, dilation, padding, mode });
  if (!geometry) throw new Error("the settings are impossible: ask refusal first");
  const channel = Math.floor(o / (O / groups)) * each + c;
  const { rows, columns } = geometry;
  const around = padded(Float64Array.from(input.values.slice(channel * H * W, (channel + 1) * H * W)), geometry);
  const { sizes, rank, factors } = separated(kernel);
  const common = { kernel, geometry, picture: plane(rows.padded, columns.padded, around), sizes, rank };
  if (!factors) return { ...common, passes: null };
  const { vertical, horizontal } = factors;
  const result = new Float64Array(rows.output * columns.output);
  addTwoPasses(result, around, vertical, horizontal, geometry);
  const between = new Float64Array(rows.padded * columns.output);
  const still = /** @type {import("./conv.js").Geometry} */ ({
    ...geometry,
    rows: { ...rows, output: rows.padded, stride: 1, taps: 1, dilation: 1 },
  });
  addTwoPasses(between, around, [1], horizontal, still);
  return {
    ...common,
    passes: {
      vertical,
      horizontal,
      between: plane(rows.padded, columns.output, between),
      result: plane(rows.output, columns.output, result),
    },
  };
}
