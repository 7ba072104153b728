/** Gauss–Legendre's places and weights on [0, 1]: the sum over them is exact for polynomials of degree 2n − 1. */

/** @typedef {{ place: number, weight: number }} Node */

/** Steps of Newton's method from Tricomi's guess; three are enough in float64. */
const REFINED = 6;

/** P_n(x) and its derivative. @param {number} n @param {number} x */
function polynomial(n, x) {
  let [before, now] = [1, x];
  for (let k = 2; k <= n; k++) [before, now] = [now, ((2 * k - 1) * x * now - (k - 1) * before) / k];
  return { value: now, slope: (n * (x * now - before)) / (x * x - 1) };
}

/** @param {number} n @returns {Node[]} in the order of their places */
export function legendre(n) {
  return Array.from({ length: n }, (_, k) => {
    let x = -Math.cos((Math.PI * (k + 0.75)) / (n + 0.5));
    for (let step = 0; step < REFINED; step++) {
      const { value, slope } = polynomial(n, x);
      x -= value / slope;
    }
    const { slope } = polynomial(n, x);
    return { place: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}
