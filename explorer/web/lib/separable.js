/**
 * Kernels that are one column times one row (rank 1): the same sums come from two short passes.
 *
 * With K[i*, j*] the entry of largest size, K has rank 1 exactly when K[i, j] = K[i, j*] · K[i*, j] / K[i*, j*] everywhere.
 */

/** Differences from a product below this part of the largest entry are rounding. */
const TOLERANCE = 1e-9;

/**
 * The column and the row whose product the kernel is, or null. Entries that are 0 in the kernel's pivot row or column
 * stay exactly 0.
 * @param {import("./conv.js").Kernel} kernel
 * @returns {{ vertical: number[], horizontal: number[] } | null}
 */
export function factors({ rows, columns, values }) {
  const pivot = values.reduce((best, value, k) => (Math.abs(value) > Math.abs(values[best]) ? k : best), 0);
  const peak = values[pivot];
  if (peak === 0) return null;
  const [top, left] = [Math.floor(pivot / columns), pivot % columns];
  const vertical = Array.from({ length: rows }, (_, i) => values[i * columns + left]);
  const horizontal = Array.from({ length: columns }, (_, j) => values[top * columns + j] / peak);
  const product = values.every((value, k) =>
    Math.abs(value - vertical[Math.floor(k / columns)] * horizontal[k % columns]) <= TOLERANCE * Math.abs(peak));
  return product ? whole({ vertical, horizontal }) : null;
}

/**
 * The same product in whole numbers where that is possible, and the one that averages positive: 1 2 1 times −1 0 1.
 * @param {{ vertical: number[], horizontal: number[] }} factors
 */
function whole({ vertical, horizontal }) {
  const least = Math.min(...horizontal.filter((value) => value !== 0).map(Math.abs));
  const scaled = { vertical: vertical.map((value) => value * least), horizontal: horizontal.map((value) => value / least) };
  const near = (/** @type {number} */ value) => Math.abs(value - Math.round(value)) < TOLERANCE * Math.max(1, Math.abs(value));
  const exact = [...scaled.vertical, ...scaled.horizontal].every(near);
  const pair = exact ? { vertical: scaled.vertical.map(Math.round), horizontal: scaled.horizontal.map(Math.round) } : { vertical, horizontal };
  const total = (/** @type {number[]} */ values) => Math.round(values.reduce((sum, value) => sum + value, 0) / TOLERANCE);
  const sign = (total(pair.vertical) || total(pair.horizontal)) < 0 ? -1 : 1;
  return { vertical: pair.vertical.map((value) => value * sign + 0), horizontal: pair.horizontal.map((value) => value * sign + 0) };
}
