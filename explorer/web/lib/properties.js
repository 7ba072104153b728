/**
 * What convolution does and does not obey, worked on numbers: each property as the two sides of an equation and their
 * difference. Signals are planes of one row.
 */

import { separated } from "./separable.js";
import { svd } from "./svd.js";
import { largestOf } from "./numbers.js";

/** @typedef {{ rows: number, columns: number, values: number[] }} Plane */
/** One step of a side: what it is called in formulas, and its numbers. @typedef {{ formula: string, plane: Plane }} Part */
/**
 * `left` and `right`: every step to the side's result, which is the last; `difference`: left − right; `holds`: whether
 * mathematics says that the sides are equal, whatever the numbers.
 * @typedef {{ left: Part[], right: Part[], difference: Plane, largest: number, equal: boolean, holds: boolean }} Worked
 */
/** Signals f, g, h and p, a picture X, a column u, a row w, a kernel K; S moves by `shift`. @typedef {{ f: Plane, g: Plane, h: Plane, p: Plane, X: Plane, u: Plane, w: Plane, K: Plane, shift: number }} Given */

/** Differences up to this part of the largest number are rounding: the same sums in another order. */
const TOLERANCE = 1e-12;

/** @param {number[]} values @returns {Plane} one row */
export const signal = (values) => ({ rows: 1, columns: values.length, values });

/** @param {number} rows @param {number} columns @param {(row: number, column: number) => number} make @returns {Plane} */
const planeOf = (rows, columns, make) => ({
  rows,
  columns,
  values: Array.from({ length: rows * columns }, (_, k) => make(Math.floor(k / columns), k % columns)),
});

/**
 * The products behind one element of the full convolution: (f ∗ g)[n] = Σ_m f[m] · g[n − m]; without the flip, the
 * cross-correlation with the same padding: Σ_m f[m] · g[m − n + size(g) − 1].
 * @param {Plane} f @param {Plane} g @param {boolean} flip @param {number} row @param {number} column of the result
 */
export function productsAt(f, g, flip, row, column) {
  const terms = [];
  for (let m = 0; m < f.values.length; m++) {
    const [i, j] = [row - Math.floor(m / f.columns), column - (m % f.columns)];
    if (i < 0 || i >= g.rows || j < 0 || j >= g.columns) continue;
    const k = i * g.columns + j;
    const tap = flip ? k : g.values.length - 1 - k;
    terms.push({ at: m, tap, product: f.values[m] * g.values[tap] });
  }
  return terms;
}

/** Every place where the two overlap: the result is as long as both together, less one. @param {Plane} f @param {Plane} g @param {boolean} [flip] @returns {Plane} */
export const convolved = (f, g, flip = true) =>
  planeOf(f.rows + g.rows - 1, f.columns + g.columns - 1, (row, column) =>
    productsAt(f, g, flip, row, column).reduce((sum, { product }) => sum + product, 0),
  );

/** Element by element; where one plane ends, the other goes on. @param {Plane} a @param {Plane} b @param {number} [sign] of the second @returns {Plane} */
export function added(a, b, sign = 1) {
  const at = (
    /** @type {Plane} */ { rows, columns, values },
    /** @type {number} */ row,
    /** @type {number} */ column,
  ) => (row < rows && column < columns ? values[row * columns + column] : 0);
  return planeOf(
    Math.max(a.rows, b.rows),
    Math.max(a.columns, b.columns),
    (row, column) => at(a, row, column) + sign * at(b, row, column),
  );
}

/** Moved to the right, zeros before it. @param {Plane} f @param {number} by @returns {Plane} */
export const shifted = (f, by) =>
  planeOf(f.rows, f.columns + by, (row, column) => (column < by ? 0 : f.values[row * f.columns + column - by]));

/** The column and the row whose product is nearest to the kernel in squared differences (Eckart & Young 1936). @param {Plane} kernel @returns {{ column: Plane, row: Plane }} */
export function bestProduct({ rows, columns, values }) {
  const {
    sizes: [size],
    left: [column],
    right: [row],
  } = svd(values, rows, columns);
  const root =
    Math.sqrt(size) *
    (column.reduce((peak, value) => (Math.abs(value) > Math.abs(peak) ? value : peak), 0) < 0 ? -1 : 1);
  return {
    column: { rows, columns: 1, values: Array.from(column, (value) => value * root + 0) },
    row: signal(Array.from(row, (value) => value * root + 0)),
  };
}

/** The largest or the mean of each two neighbours, in windows that do not overlap. @param {Plane} f @param {"max" | "avg"} kind @returns {Plane} */
export const pooled = (f, kind) =>
  planeOf(f.rows, Math.floor(f.columns / 2), (row, column) => {
    const [a, b] = [0, 1].map((k) => f.values[row * f.columns + 2 * column + k]);
    return kind === "max" ? Math.max(a, b) : (a + b) / 2;
  });

const peakOf = (/** @type {number[]} */ values) => largestOf(values.map(Math.abs), 0);

/** @param {Part[]} left @param {Part[]} right @param {boolean} holds @returns {Worked} */
function compared(left, right, holds) {
  const [ours, theirs] = [left, right].map((side) => side[side.length - 1].plane);
  const difference = added(ours, theirs, -1);
  const peak = peakOf([...left, ...right].flatMap(({ plane }) => plane.values));
  const largest = peakOf(difference.values);
  return { left, right, difference, largest, equal: largest <= TOLERANCE * peak, holds };
}

/** The properties by name; `flip` false: of cross-correlation. @type {Record<string, (given: Given, flip: boolean) => Worked>} */
export const PROPERTIES = {
  commutes: ({ f, g }, flip) =>
    compared(
      [{ formula: `f ${sign(flip)} g`, plane: convolved(f, g, flip) }],
      [{ formula: `g ${sign(flip)} f`, plane: convolved(g, f, flip) }],
      flip,
    ),
  associates({ f, g, h }, flip) {
    const [first, last] = [convolved(f, g, flip), convolved(g, h, flip)];
    return compared(
      [
        { formula: `f ${sign(flip)} g`, plane: first },
        { formula: `(f ${sign(flip)} g) ${sign(flip)} h`, plane: convolved(first, h, flip) },
      ],
      [
        { formula: `g ${sign(flip)} h`, plane: last },
        { formula: `f ${sign(flip)} (g ${sign(flip)} h)`, plane: convolved(f, last, flip) },
      ],
      flip,
    );
  },
  distributes({ f, g, h }, flip) {
    const none = planeOf(1, Math.max(g.columns, h.columns), () => 0);
    const both = added(g, h);
    const [one, other] = [g, h].map((each) => convolved(f, added(each, none), flip));
    return compared(
      [
        { formula: "g + h", plane: both },
        { formula: `f ${sign(flip)} (g + h)`, plane: convolved(f, both, flip) },
      ],
      [
        { formula: `f ${sign(flip)} g`, plane: one },
        { formula: `f ${sign(flip)} h`, plane: other },
        { formula: `f ${sign(flip)} g + f ${sign(flip)} h`, plane: added(one, other) },
      ],
      true,
    );
  },
  translates({ f, g, shift }, flip) {
    const [moved, plain] = [shifted(f, shift), convolved(f, g, flip)];
    return compared(
      [
        { formula: "S f", plane: moved },
        { formula: `(S f) ${sign(flip)} g`, plane: convolved(moved, g, flip) },
      ],
      [
        { formula: `f ${sign(flip)} g`, plane: plain },
        { formula: `S (f ${sign(flip)} g)`, plane: shifted(plain, shift) },
      ],
      true,
    );
  },
  separates({ X, u, w }, flip) {
    const [K, between] = [convolved(u, w), convolved(X, w, flip)];
    return compared(
      [
        { formula: "K = u · wᵀ", plane: K },
        { formula: `X ${sign(flip)} K`, plane: convolved(X, K, flip) },
      ],
      [
        { formula: `X ${sign(flip)} wᵀ`, plane: between },
        { formula: `(X ${sign(flip)} wᵀ) ${sign(flip)} u`, plane: convolved(between, u, flip) },
      ],
      true,
    );
  },
};

/** Sentences of tutorials that are not true in general, on numbers that show it. @type {Record<string, (given: Given, flip: boolean) => Worked>} */
export const CLAIMS = {
  invariant({ f, g, shift }, flip) {
    const moved = shifted(f, shift);
    return compared(
      [
        { formula: "S f", plane: moved },
        { formula: `(S f) ${sign(flip)} g`, plane: convolved(moved, g, flip) },
      ],
      [{ formula: `f ${sign(flip)} g`, plane: convolved(f, g, flip) }],
      false,
    );
  },
  separable({ X, K }, flip) {
    const { column, row } = bestProduct(K);
    const between = convolved(X, row, flip);
    return compared(
      [{ formula: `X ${sign(flip)} K`, plane: convolved(X, K, flip) }],
      [
        { formula: "u · wᵀ", plane: convolved(column, row) },
        { formula: `X ${sign(flip)} wᵀ`, plane: between },
        { formula: `(X ${sign(flip)} wᵀ) ${sign(flip)} u`, plane: convolved(between, column, flip) },
      ],
      separated(K).rank <= 1,
    );
  },
  maxsum: (given) => pooling(given, "max"),
  avgsum: (given) => pooling(given, "avg"),
};

/** A weighted sum of a sum is the sum of the weighted sums. @param {Given} given @param {"max" | "avg"} kind */
function pooling({ f, p }, kind) {
  const both = added(f, p);
  const [one, two] = [f, p].map((each) =>
    pooled(
      added(
        each,
        planeOf(1, both.columns, () => 0),
      ),
      kind,
    ),
  );
  return compared(
    [
      { formula: "f + p", plane: both },
      { formula: `${kind}(f + p)`, plane: pooled(both, kind) },
    ],
    [
      { formula: `${kind}(f)`, plane: one },
      { formula: `${kind}(p)`, plane: two },
      { formula: `${kind}(f) + ${kind}(p)`, plane: added(one, two) },
    ],
    kind === "avg",
  );
}

/** How formulas write the operation. @param {boolean} flip */
const sign = (flip) => (flip ? "∗" : "⋆");

/**
 * A noisy signal smoothed by means of more and more neighbours, the ends repeated: how far each result is from the
 * clean signal, as the mean of the squared differences.
 * @param {Plane} clean @param {Plane} noise @param {number[]} widths odd
 */
export function smoothed(clean, noise, widths) {
  const noisy = added(clean, noise);
  const last = noisy.columns - 1;
  return widths.map((width) => {
    const reach = (width - 1) / 2;
    const plane = planeOf(1, noisy.columns, (_, at) => {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) sum += noisy.values[Math.max(0, Math.min(last, at + k))];
      return sum / width;
    });
    const squares = added(plane, clean, -1).values.map((value) => value * value);
    return { width, plane, error: squares.reduce((sum, square) => sum + square, 0) / squares.length };
  });
}
