/**
 * The kernels worth knowing, at any size from 1×1 to 15×15, square or not. Their centre is tap ⌊(k − 1)/2⌋ of each axis,
 * where "same" padding puts the output's own pixel, also for even sizes.
 */

/** @typedef {import("./conv.js").Kernel} Kernel */
/**
 * One kernel of a chain. `preset` is null once a cell was edited; `learned`: where in a model the kernel stands, null for any other;
 * `pass`: what of its values the next kernel gets.
 * @typedef {{
 *   on: boolean, preset: string | null, learned: string | null, shape: Shape, kernel: Kernel,
 *   stride: [number, number], dilation: [number, number], padding: "same" | "valid" | [number, number], mode: import("./conv.js").PaddingMode,
 *   flip: boolean, normalise: boolean, bias: number, show: import("./shading.js").Show, pass: import("./shading.js").Pass,
 * }} Stage
 */
/** What a person chose on the Kernels page. @typedef {{ channels: "rgb" | "grey", stages: Stage[] }} State */
/** What a preset's shape depends on: σ and wavelength in pixels, angle in degrees, counter-clockwise. @typedef {{ sigma: number, wavelength: number, angle: number }} Shape */
/** How its result is best shown, unless someone chooses otherwise. @typedef {{ normalise: boolean, show: "clamp" | "absolute" | "rescale", bias: number }} Result */

/** Taps along an axis. */
export const LARGEST = 15;
/** A chain longer than this cannot be taken in. */
export const MOST_STAGES = 8;
/** The largest stride, dilation and padding that can be chosen. */
export const LIMITS = { stride: 16, dilation: 16, padding: 64 };

/** What a shape is where nobody chose. @type {Shape} */
export const SHAPE = { sigma: 1, wavelength: 5, angle: 45 };

/** @param {number} length */
export const centre = (length) => Math.floor((length - 1) / 2);

/** Row `length - 1` of Pascal's triangle. @param {number} length @returns {number[]} */
const binomial = (length) =>
  Array.from({ length }, (_, k) =>
    Array.from({ length: k }, (_, m) => (length - 1 - m) / (m + 1)).reduce((c, f) => c * f, 1),
  ).map(Math.round);

/** Differences of neighbours, smoothed by `length - 2` further sums: −1 0 1, or −1 −2 0 2 1. @param {number} length */
function derivative(length) {
  const smooth = binomial(length - 1);
  return Array.from({ length }, (_, k) => (smooth[k - 1] ?? 0) - (smooth[k] ?? 0));
}

/** −1 before the middle, 1 after it. @param {number} length */
const signs = (length) => Array.from({ length }, (_, k) => Math.sign(2 * k - (length - 1)));

/** @param {number} rows @param {number} columns @param {(row: number, column: number) => number} value `row` and `column` count from the centre @returns {Kernel} */
function filled(rows, columns, value) {
  const values = Array.from({ length: rows * columns }, (_, k) =>
    value(Math.floor(k / columns) - centre(rows), (k % columns) - centre(columns)),
  );
  return { rows, columns, values: values.map((u) => u + 0) }; // no −0
}

/** @param {number[]} vertical @param {number[]} horizontal */
const outer = (vertical, horizontal) => ({
  rows: vertical.length,
  columns: horizontal.length,
  values: vertical.flatMap((v) => horizontal.map((w) => v * w + 0)),
});

/** The row and column through the centre hold `arm`, the centre what makes the sum `total`. @param {number} rows @param {number} columns @param {number} arm @param {number} total */
const cross = (rows, columns, arm, total) =>
  filled(rows, columns, (i, j) =>
    i === 0 && j === 0 ? total - arm * (rows + columns - 2) : i === 0 || j === 0 ? arm : 0,
  );

/** Four decimals, so that what a cell shows is what it holds. @param {number} u */
const rounded = (u) => Math.round(u * 1e4) / 1e4 + 0;

const radians = (/** @type {number} */ degrees) => (degrees * Math.PI) / 180;

/** Offsets of even kernels are counted from their middle, between two taps. @param {number} length */
const shift = (length) => (length % 2 ? 0 : 0.5);

const AS_IS = /** @type {Result} */ ({ normalise: false, show: "clamp", bias: 0 });
const AVERAGE = /** @type {Result} */ ({ normalise: true, show: "clamp", bias: 0 });
const SIGNED = /** @type {Result} */ ({ normalise: false, show: "absolute", bias: 0 });

/**
 * `least` is the smallest size at which the kernel is itself, `usual` the one at which it is known, 3×3 unless said;
 * `shape` holds what it can be told, and the values to begin with.
 * @typedef {{ least: [number, number], usual?: [number, number], shape: Partial<Shape>, result: Result,
 *   make: (rows: number, columns: number, shape: Shape) => Kernel }} Preset
 */

/** @type {Record<string, Preset>} */
export const PRESETS = {
  identity: {
    least: [1, 1],
    shape: {},
    result: AS_IS,
    make: (rows, columns) => filled(rows, columns, (i, j) => Number(i === 0 && j === 0)),
  },
  box: { least: [1, 1], shape: {}, result: AVERAGE, make: (rows, columns) => filled(rows, columns, () => 1) },
  gaussian: {
    least: [1, 1],
    usual: [5, 5],
    shape: { sigma: 1 },
    result: AVERAGE,
    make(rows, columns, { sigma }) {
      const bell = (/** @type {number} */ length) =>
        Array.from({ length }, (_, k) => Math.exp(-((k - (length - 1) / 2) ** 2) / (2 * sigma ** 2)));
      return outer(bell(rows), bell(columns));
    },
  },
  sharpen: { least: [1, 2], shape: {}, result: AS_IS, make: (rows, columns) => cross(rows, columns, -1, 1) },
  sobelx: {
    least: [1, 2],
    shape: {},
    result: SIGNED,
    make: (rows, columns) => outer(binomial(rows), derivative(columns)),
  },
  sobely: {
    least: [2, 1],
    shape: {},
    result: SIGNED,
    make: (rows, columns) => outer(derivative(rows), binomial(columns)),
  },
  prewittx: {
    least: [1, 2],
    shape: {},
    result: SIGNED,
    make: (rows, columns) => outer(Array(rows).fill(1), signs(columns)),
  },
  prewitty: {
    least: [2, 1],
    shape: {},
    result: SIGNED,
    make: (rows, columns) => outer(signs(rows), Array(columns).fill(1)),
  },
  laplacian: { least: [1, 2], shape: {}, result: SIGNED, make: (rows, columns) => cross(rows, columns, 1, 0) },
  emboss: {
    least: [2, 2],
    shape: {},
    result: AS_IS,
    make: (rows, columns) =>
      filled(rows, columns, (i, j) => (i === 0 && j === 0 ? 1 : Math.max(-2, Math.min(2, i + j)))),
  },
  gabor: {
    least: [2, 2],
    usual: [9, 9],
    shape: { sigma: 2, wavelength: 5, angle: 45 },
    result: SIGNED,
    make(rows, columns, { sigma, wavelength, angle }) {
      const over = (/** @type {(y: number, x: number) => number} */ value) =>
        filled(rows, columns, (i, j) => value(i - shift(rows), j - shift(columns)));
      const bell = over((y, x) => Math.exp(-(x * x + y * y) / (2 * sigma ** 2)));
      const wave = over((y, x) =>
        Math.cos((2 * Math.PI * (x * Math.cos(radians(angle)) - y * Math.sin(radians(angle)))) / wavelength),
      );
      const product = bell.values.map((value, k) => value * wave.values[k]);
      const level = sumOf({ ...bell, values: product }) / sumOf(bell); // taken away, so that the kernel answers to waves and not to brightness
      return { ...bell, values: bell.values.map((value, k) => rounded(product[k] - level * value)) };
    },
  },
  motion: {
    least: [1, 1],
    usual: [9, 9],
    shape: { angle: 45 },
    result: AVERAGE,
    make: (rows, columns, { angle }) =>
      filled(rows, columns, (i, j) => {
        const [y, x] = [i - shift(rows), j - shift(columns)];
        const away = Math.abs(x * Math.sin(radians(angle)) + y * Math.cos(radians(angle)));
        return Number(away < 0.5 + 1e-9);
      }),
  },
};

/** The range and step of each part of a shape. @type {Record<keyof Shape, { min: number, max: number, step: number }>} */
export const RANGES = {
  sigma: { min: 0.3, max: 6, step: 0.1 },
  wavelength: { min: 2, max: 15, step: 0.5 },
  angle: { min: 0, max: 175, step: 5 },
};

/** The kernel with other rows and columns: what is over is cut off, what is missing is 0, the centre stays the centre. @param {Kernel} kernel @param {number} rows @param {number} columns */
export const resized = (kernel, rows, columns) =>
  filled(rows, columns, (i, j) => {
    const [row, column] = [i + centre(kernel.rows), j + centre(kernel.columns)];
    return row >= 0 && row < kernel.rows && column >= 0 && column < kernel.columns
      ? kernel.values[row * kernel.columns + column]
      : 0;
  });

/** @param {Kernel} kernel */
export const sumOf = ({ values }) => values.reduce((sum, value) => sum + value, 0);

/** The kernel with one other value. @param {Kernel} kernel @param {number} index @param {number} value @returns {Kernel} */
export const withValue = (kernel, index, value) => ({ ...kernel, values: kernel.values.with(index, value) });
