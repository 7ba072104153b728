/** How many products of a column and a row a kernel is made of, and the one that comes nearest to it. */

/** @typedef {import("./properties.js").Plane} Plane */

/** Sweeps of rotations; a kernel of a few columns needs fewer than ten. */
const SWEEPS = 30;
/** Singular values below this part of the largest are rounding. */
const TOLERANCE = 1e-9;

/**
 * Singular values, from the largest on, and the vectors on both sides: K = Σ sizes[k] · columns[k] · rows[k]ᵀ, by one-sided
 * Jacobi rotations (Hestenes 1958). @param {Plane} kernel
 */
export function singular({ rows, columns, values }) {
  const work = Array.from({ length: columns }, (_, j) => Array.from({ length: rows }, (_, i) => values[i * columns + j]));
  const turned = Array.from({ length: columns }, (_, j) => Array.from({ length: columns }, (_, k) => Number(j === k)));
  const dot = (/** @type {number[]} */ a, /** @type {number[]} */ b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let p = 0; p < columns; p++) {
      for (let q = p + 1; q < columns; q++) {
        const [alpha, beta, gamma] = [dot(work[p], work[p]), dot(work[q], work[q]), dot(work[p], work[q])];
        if (gamma === 0) continue;
        const zeta = (beta - alpha) / (2 * gamma);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        for (const pair of [work, turned]) [pair[p], pair[q]] = rotated(pair[p], pair[q], cosine, cosine * tangent);
      }
    }
  }
  const order = work.map((_, k) => k).sort((a, b) => dot(work[b], work[b]) - dot(work[a], work[a])).slice(0, Math.min(rows, columns));
  const sizes = order.map((k) => Math.sqrt(dot(work[k], work[k])));
  return { sizes, columns: order.map((k, n) => work[k].map((value) => (sizes[n] ? value / sizes[n] : 0))), rows: order.map((k) => turned[k]) };
}

/** @param {number[]} a @param {number[]} b @param {number} cosine @param {number} sine */
const rotated = (a, b, cosine, sine) => [a.map((value, k) => cosine * value - sine * b[k]), b.map((value, k) => sine * a[k] + cosine * value)];

/** @param {Plane} kernel */
export function rankOf(kernel) {
  const { sizes } = singular(kernel);
  return sizes.filter((size) => size > TOLERANCE * sizes[0]).length;
}

/** The column and the row whose product is nearest to the kernel in squared differences (Eckart & Young 1936). @param {Plane} kernel @returns {{ column: Plane, row: Plane }} */
export function bestProduct(kernel) {
  const { sizes, columns, rows } = singular(kernel);
  const root = Math.sqrt(sizes[0]);
  const peak = columns[0].reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  const scale = peak < 0 ? -root : root;
  return {
    column: { rows: kernel.rows, columns: 1, values: columns[0].map((value) => value * scale + 0) },
    row: { rows: 1, columns: kernel.columns, values: rows[0].map((value) => value * scale + 0) },
  };
}
