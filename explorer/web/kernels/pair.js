/** What a kernel is learned from: a picture before and after, and how much of the kernel behind it is known. */

import { addTaps, padded, windowsOf } from "../lib/conv.js";
import { extentOf, shown } from "../lib/shading.js";

/** @typedef {import("../lib/conv.js").Kernel} Kernel */
/** "stage": the result of the kernel in view, "painted": as it is on screen, in whole levels, "hidden": of a kernel nobody has seen, "file": another picture. @typedef {"stage" | "painted" | "hidden" | "file"} From */
/**
 * `truth`: the kernel and bias behind the result, where they are known; `cut`: how many values stand at 0 or 255, beyond
 * which a screen shows nothing; `signless`: only their absolute values are known.
 * @typedef {{ surrounded: Float64Array[], targets: Float64Array[], geometry: import("../lib/conv.js").Geometry, truth: { kernel: Kernel, bias: number } | null,
 *   cut: number, count: number, signless: boolean, painted: boolean }} Pair
 */
/** Why there is no pair, in words of the page. @typedef {{ reason: string, numbers: Record<string, string | number> }} Lack */

/** Weights of a hidden kernel lie on this grid, within ±2. */
const STEP = 0.25;
const WIDEST = 2;

/** A number in [0, 1) after each call, the same for the same seed (mulberry32). @param {number} seed */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} rows @param {number} columns @param {number} seed @returns {Kernel} */
export function hiddenKernel(rows, columns, seed) {
  const random = randomFrom(seed);
  return {
    rows,
    columns,
    values: Array.from(
      { length: rows * columns },
      () => (Math.floor(random() * ((2 * WIDEST) / STEP + 1)) - WIDEST / STEP) * STEP,
    ),
  };
}

/** A value at the end of the screen's scale may stand for any value beyond. @param {number} level */
export const isCut = (level) => level <= 0 || level >= 255;

/**
 * @param {{ from: From, rows: number, columns: number, seed: number }} asked the size of the kernel to learn
 * @param {import("../lib/kernels_state.js").Stage} stage @param {import("./chain.js").Link} link the kernel in view
 * @param {{ width: number, height: number, planes: Float64Array[] } | null} file
 * @returns {Pair | Lack}
 */
export function pairOf({ from, rows, columns, seed }, stage, link, file) {
  const { input, laid, sums, divisor, bias } = link;
  const blank = { rows, columns, values: Array(rows * columns).fill(0) };
  const { geometry, refusal } = windowsOf(input.height, input.width, blank, stage);
  if (refusal) return { reason: "window", numbers: { rows, columns } };
  const size = { rows: geometry.rows.output, columns: geometry.columns.output };
  const surrounded = input.planes.map((plane) => padded(plane, geometry));
  const pair = {
    surrounded,
    geometry,
    count: input.planes.length * size.rows * size.columns,
    cut: 0,
    signless: false,
    painted: false,
  };

  if (from === "hidden") {
    const kernel = hiddenKernel(rows, columns, seed);
    return { ...pair, targets: applied(surrounded, kernel, geometry), truth: { kernel, bias: 0 } };
  }
  if (from === "file") {
    if (!file) return { reason: "file", numbers: {} };
    if (file.height !== size.rows || file.width !== size.columns)
      return {
        reason: "size",
        numbers: { height: size.rows, width: size.columns, rows: file.height, columns: file.width },
      };
    return { ...pair, targets: file.planes, truth: null, cut: cutOf(file.planes), painted: true };
  }
  if (!laid || !sums) return { reason: "none", numbers: {} };
  if (laid.geometry.rows.output !== size.rows || laid.geometry.columns.output !== size.columns) {
    return {
      reason: "size",
      numbers: {
        height: size.rows,
        width: size.columns,
        rows: laid.geometry.rows.output,
        columns: laid.geometry.columns.output,
      },
    };
  }
  const values = sums.map((plane) => plane.map((sum) => sum / divisor + bias));
  const same = laid.kernel.rows === rows && laid.kernel.columns === columns;
  const truth = { kernel: { ...laid.kernel, values: laid.kernel.values.map((value) => value / divisor) }, bias };
  if (from === "stage") return { ...pair, targets: values, truth: same ? truth : null };
  const extent = extentOf(sums, divisor, bias);
  const targets = values.map((plane) => plane.map((value) => Math.round(shown(value, stage.show, extent))));
  return {
    ...pair,
    targets,
    truth: same && stage.show === "clamp" ? truth : null,
    cut: stage.show === "rescale" || stage.show === "signed" ? 0 : cutOf(targets),
    signless: stage.show === "absolute",
    painted: true,
  };
}

/** @param {Float64Array[]} planes */
const cutOf = (planes) =>
  planes.reduce((sum, plane) => sum + plane.reduce((count, level) => count + Number(isCut(level)), 0), 0);

/** What a kernel makes of padded planes. @param {Float64Array[]} surrounded @param {Kernel} kernel @param {import("../lib/conv.js").Geometry} geometry */
export const applied = (surrounded, kernel, geometry) =>
  surrounded.map((plane) => {
    const sums = new Float64Array(geometry.rows.output * geometry.columns.output);
    addTaps(sums, plane, kernel.values, geometry);
    return sums;
  });
