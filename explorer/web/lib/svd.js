/**
 * The singular value decomposition of a small matrix by one-sided Jacobi rotations: columns are turned in pairs until all
 * are at right angles; their lengths are then the singular values. For a symmetric matrix without negative eigenvalues
 * these are its eigenvalues.
 *
 * Source: Hestenes 1958; Golub & Van Loan, Matrix Computations, section 8.6.3.
 */

/** Columns whose cosine is below this are at right angles. */
const RIGHT = 1e-15;
const MOST_SWEEPS = 60;

/**
 * @param {ArrayLike<number>} values row by row @param {number} rows @param {number} columns
 * @returns {{ sizes: number[], left: Float64Array[], right: Float64Array[] }} sizes from largest to smallest, `left[k]` of
 *   `rows` and `right[k]` of `columns` elements, with values = Σ_k sizes[k] · left[k] ⊗ right[k]; a left vector of size 0 is 0
 */
export function svd(values, rows, columns) {
  const turned = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => values[i * columns + j]),
  );
  const right = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: columns }, (_, i) => Number(i === j)),
  );
  for (let sweep = 0, moved = true; moved && sweep < MOST_SWEEPS; sweep++) {
    moved = false;
    for (let p = 0; p < columns; p++) {
      for (let q = p + 1; q < columns; q++) {
        const [one, other] = [turned[p], turned[q]];
        let [alpha, beta, gamma] = [0, 0, 0];
        for (let i = 0; i < rows; i++) {
          alpha += one[i] * one[i];
          beta += other[i] * other[i];
          gamma += one[i] * other[i];
        }
        if (Math.abs(gamma) <= RIGHT * Math.sqrt(alpha * beta)) continue;
        moved = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        turn(one, other, cosine, cosine * tangent);
        turn(right[p], right[q], cosine, cosine * tangent);
      }
    }
  }
  const sizes = turned.map((column) => Math.sqrt(column.reduce((sum, value) => sum + value * value, 0)));
  const order = sizes
    .map((_, k) => k)
    .sort((a, b) => sizes[b] - sizes[a])
    .slice(0, Math.min(rows, columns));
  return {
    sizes: order.map((k) => sizes[k]),
    left: order.map((k) => turned[k].map((value) => (sizes[k] > 0 ? value / sizes[k] : 0))),
    right: order.map((k) => right[k]),
  };
}

/** @param {Float64Array} one @param {Float64Array} other @param {number} cosine @param {number} sine */
function turn(one, other, cosine, sine) {
  for (let i = 0; i < one.length; i++) {
    const [a, b] = [one[i], other[i]];
    one[i] = cosine * a - sine * b;
    other[i] = sine * a + cosine * b;
  }
}
