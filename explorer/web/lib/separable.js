/**
 * Kernels that are one column times one row (rank 1): the same sums come from two short passes. The browser's twin of
 * `core.ops.separable`: the rank is read off the singular values.
 */

import { svd } from "./svd.js";
import { smallestOf } from "./numbers.js";

/** Share of the largest singular value below which another is rounding: a learned kernel is float32, of 24 bits. */
const TOLERANCE = 1e-6;
/** Differences from whole numbers below this are rounding. */
const WHOLE = 1e-9;

/** @typedef {{ vertical: number[], horizontal: number[] }} Factors */
/** @typedef {{ sizes: number[], rank: number, factors: Factors | null }} Separated */

/** What was found for a kernel: it is asked for several times a frame. @type {WeakMap<import("./conv.js").Kernel, Separated>} */
const found = new WeakMap();

/**
 * The kernel's singular values, how many of them are not rounding, and, for rank 1 and 0, the column and the row whose
 * product it is; in whole numbers where that is possible.
 * @param {import("./conv.js").Kernel} kernel @returns {Separated}
 */
export function separated(kernel) {
  const known = found.get(kernel) ?? separate(kernel);
  found.set(kernel, known);
  return known;
}

/** @param {import("./conv.js").Kernel} kernel @returns {Separated} */
function separate({ rows, columns, values }) {
  const { sizes, left, right } = svd(values, rows, columns);
  const rank = sizes.filter((size) => size > TOLERANCE * sizes[0]).length;
  if (rank > 1) return { sizes, rank, factors: null };
  if (rank === 0)
    return { sizes, rank, factors: { vertical: Array(rows).fill(0), horizontal: Array(columns).fill(0) } };
  return { sizes, rank, factors: plain(rows, columns, values) ?? oriented(left[0], right[0], Math.sqrt(sizes[0])) };
}

/** @param {import("./conv.js").Kernel} kernel @returns {Factors | null} */
export const factors = (kernel) => separated(kernel).factors;

/** Both carry the root of the singular value; the row's first large element is positive, as in `core.ops.separable`. @param {Float64Array} column @param {Float64Array} row @param {number} root @returns {Factors} */
function oriented(column, row, root) {
  const half = row.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0) / 2;
  const sign = /** @type {number} */ (row.find((value) => Math.abs(value) > half)) < 0 ? -root : root;
  return {
    vertical: Array.from(column, (value) => value * sign + 0),
    horizontal: Array.from(row, (value) => value * sign + 0),
  };
}

/**
 * The column and the row through the largest entry, in whole numbers such as 1 2 1 times −1 0 1, or null where the product
 * is not the kernel to the last digits. Entries that are 0 there stay exactly 0.
 * @param {number} rows @param {number} columns @param {number[]} values @returns {Factors | null}
 */
function plain(rows, columns, values) {
  const pivot = values.reduce((best, value, k) => (Math.abs(value) > Math.abs(values[best]) ? k : best), 0);
  const peak = values[pivot];
  const [top, left] = [Math.floor(pivot / columns), pivot % columns];
  const vertical = Array.from({ length: rows }, (_, i) => values[i * columns + left]);
  const horizontal = Array.from({ length: columns }, (_, j) => values[top * columns + j] / peak);
  const product = values.every(
    (value, k) =>
      Math.abs(value - vertical[Math.floor(k / columns)] * horizontal[k % columns]) <= WHOLE * Math.abs(peak),
  );
  return product ? whole({ vertical, horizontal }) : null;
}

/**
 * The same product in whole numbers where that is possible, and the one that averages positive: 1 2 1 times −1 0 1.
 * @param {Factors} factors
 */
function whole({ vertical, horizontal }) {
  const least = smallestOf(horizontal.filter((value) => value !== 0).map(Math.abs));
  const scaled = {
    vertical: vertical.map((value) => value * least),
    horizontal: horizontal.map((value) => value / least),
  };
  const near = (/** @type {number} */ value) =>
    Math.abs(value - Math.round(value)) < WHOLE * Math.max(1, Math.abs(value));
  const exact = [...scaled.vertical, ...scaled.horizontal].every(near);
  const pair = exact
    ? { vertical: scaled.vertical.map(Math.round), horizontal: scaled.horizontal.map(Math.round) }
    : { vertical, horizontal };
  const total = (/** @type {number[]} */ values) => Math.round(values.reduce((sum, value) => sum + value, 0) / WHOLE);
  const sign = (total(pair.vertical) || total(pair.horizontal)) < 0 ? -1 : 1;
  return {
    vertical: pair.vertical.map((value) => value * sign + 0),
    horizontal: pair.horizontal.map((value) => value * sign + 0),
  };
}

/**
 * Multiplications for one plane: of one pass over all taps, and of two passes, the first of which also runs over the rows
 * of padding.
 * @param {import("./conv.js").Geometry} geometry
 */
export function multiplications({ rows, columns }) {
  const values = rows.output * columns.output;
  return {
    direct: values * rows.taps * columns.taps,
    passes: rows.padded * columns.output * columns.taps + values * rows.taps,
  };
}
