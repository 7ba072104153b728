/**
 * Computes what one kernel makes of planes of numbers by the shortest way, and says which way that was:
 *
 *   kept      the sums are there already
 *   update    one or a few weights changed since the last sums: add the difference of the kernels (linearity)
 *   passes    the kernel is a column times a row: two short passes
 *   direct    every tap
 *
 * All give the same sums up to rounding in float64: a thousand updates are exact to about ten digits. While one weight
 * moves, the sums can also wait: `ahead` says what is to be added to them, and lib/ahead.js paints the two together.
 */

import { addTaps, addTwoPasses, offsetOf, padded, rotated, windowsOf } from "../lib/conv.js";
import { factors } from "../lib/separable.js";
import { extentOf, peakOf } from "../lib/shading.js";

/** @typedef {import("../lib/conv.js").Kernel} Kernel */
/** @typedef {import("../lib/conv.js").Geometry} Geometry */
/** @typedef {{ path: "kept" | "update" | "passes" | "direct" | "webgl", taps: number, allTaps: number, ms: number }} Work `taps` multiplications for each output value */
/**
 * Numbers on a grid, one plane (grey) or three. Planes may be written anew in place: `version` then grows.
 * @typedef {{ width: number, height: number, planes: Float64Array[], version: number }} Field
 */
/**
 * What a result is made from: the planes, the same with their padding, where the windows lie, and the kernel as it is
 * applied, rotated for a true convolution.
 * @typedef {{ planes: Float64Array[], surrounded: Float64Array[], geometry: Geometry, kernel: Kernel }} Layout
 */
/** @typedef {Layout & { sums: Float64Array[], work: Work }} Output */
/** Sums that lack the change of one weight. `peak`: the largest size of the numbers they are made from. @typedef {{ sums: Float64Array[], change: import("../lib/ahead.js").Change, peak: number, work: Work }} Ahead */

export function createEngine() {
  /** What was laid last: the planes, their version, the geometry. */
  let [version, layout] = [-1, ""];
  /** @type {Float64Array[]} */
  let planes = [];
  /** @type {Float64Array[]} */
  let surrounded = [];
  /** @type {Float64Array[]} */
  let sums = [];
  /** The kernel whose sums those are; null when they are to be computed anew. @type {Kernel | null} */
  let summed = null;
  /** The largest size of a number in the planes, once it was asked for. @type {number | null} */
  let peak = null;

  /**
   * @param {Field} field @param {import("../lib/kernels_state.js").Stage} stage
   * @returns {Layout | import("../lib/conv.js").Refusal}
   */
  function lay(field, stage) {
    const kernel = stage.flip ? rotated(stage.kernel) : stage.kernel;
    const { geometry, refusal } = windowsOf(field.height, field.width, kernel, stage);
    if (!geometry) return refusal;
    if (field.planes !== planes || field.version !== version)
      [planes, version, layout] = [field.planes, field.version, ""];
    const wanted = JSON.stringify(geometry);
    if (wanted !== layout) {
      const size = geometry.rows.output * geometry.columns.output;
      surrounded = planes.map((plane) => padded(plane, geometry));
      if (sums.length !== planes.length || sums[0].length !== size) sums = planes.map(() => new Float64Array(size));
      [layout, summed, peak] = [wanted, null, null];
    }
    return { planes, surrounded, geometry, kernel };
  }

  /** Compute the sums of a layout that `lay` has just made. @param {Layout} laid @returns {Output} */
  function sum(laid) {
    const started = performance.now();
    const way = advance(laid.kernel, laid.geometry);
    summed = laid.kernel;
    return { ...laid, sums, work: { ...way, allTaps: laid.kernel.values.length, ms: performance.now() - started } };
  }

  /** Bring the sums to `kernel`. @param {Kernel} kernel @param {Geometry} geometry */
  function advance(kernel, geometry) {
    const used = kernel.values.filter((value) => value !== 0).length;
    const twice = kernel.rows + kernel.columns;
    const before = summed;
    if (before) {
      const change = kernel.values.map((value, k) => value - before.values[k]);
      const changed = change.filter((value) => value !== 0).length;
      if (changed < Math.min(used, twice) || changed === 0) {
        sums.forEach((plane, c) => addTaps(plane, surrounded[c], change, geometry));
        return { path: changed ? /** @type {const} */ ("update") : /** @type {const} */ ("kept"), taps: changed };
      }
    }
    sums.forEach((plane) => plane.fill(0));
    const passes = twice <= used && twice < kernel.values.length ? factors(kernel) : null;
    if (passes) {
      sums.forEach((plane, c) => addTwoPasses(plane, surrounded[c], passes.vertical, passes.horizontal, geometry));
      return { path: /** @type {const} */ ("passes"), taps: twice };
    }
    sums.forEach((plane, c) => addTaps(plane, surrounded[c], kernel.values, geometry));
    return { path: /** @type {const} */ ("direct"), taps: used };
  }

  /** What the sums lack for a layout that `lay` has just made, where that is one weight's change at most; else null. @param {Layout} laid @returns {Ahead | null} */
  function ahead({ kernel, geometry }) {
    if (!summed) return null;
    const before = summed.values;
    const changed = kernel.values.flatMap((value, k) => (value === before[k] ? [] : [k]));
    if (changed.length > 1) return null;
    const [k = 0] = changed;
    peak ??= peakOf(extentOf(planes, 1, 0));
    return {
      sums,
      peak,
      change: { weight: kernel.values[k] - before[k], offset: offsetOf(k, geometry) },
      work: { path: changed.length ? "update" : "kept", taps: changed.length, allTaps: kernel.values.length, ms: 0 },
    };
  }

  return { lay, sum, ahead };
}
