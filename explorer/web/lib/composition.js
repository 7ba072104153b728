/**
 * Two kernels applied one after the other are one kernel (associativity): with taps d₁ apart, windows s₁ apart and then
 * taps d₂ apart, the product of taps i and k stands at row i·d₁ + k·s₁·d₂, and columns alike.
 */

import { rotated } from "./conv.js";
import { sumOf } from "./kernels.js";
import { divisorOf } from "./shading.js";

/** @typedef {import("./conv.js").Kernel} Kernel */
/** @typedef {import("./kernels.js").Stage} Stage */
/** @typedef {[number, number]} Pair */

/** @param {number} a @param {number} b @returns {number} */
const divisor = (a, b) => (b ? divisor(b, a % b) : a);

/**
 * The kernel that does both, and how far its taps stand apart.
 * @param {Kernel} first @param {Kernel} second @param {Pair} stride of the first @param {Pair} firstDilation @param {Pair} secondDilation
 * @returns {{ kernel: Kernel, dilation: Pair }}
 */
export function composed(first, second, stride, firstDilation, secondDilation) {
  const taps = (/** @type {Kernel} */ { rows, columns }) => [rows, columns];
  const axes = [0, 1].map((axis) => {
    const [steps, gaps] = [
      [firstDilation[axis], stride[axis] * secondDilation[axis]],
      [taps(first)[axis] - 1, taps(second)[axis] - 1],
    ];
    const apart = steps.filter((_, k) => gaps[k] > 0).reduce(divisor, 0) || 1;
    return {
      apart,
      steps: steps.map((step) => step / apart),
      count: (steps[0] * gaps[0] + steps[1] * gaps[1]) / apart + 1,
    };
  });
  const [rows, columns] = axes.map(({ count }) => count);
  const values = Array(rows * columns).fill(0);
  second.values.forEach((outer, m) =>
    first.values.forEach((inner, n) => {
      const [k, l, i, j] = [
        Math.floor(m / second.columns),
        m % second.columns,
        Math.floor(n / first.columns),
        n % first.columns,
      ];
      values[(i * axes[0].steps[0] + k * axes[0].steps[1]) * columns + j * axes[1].steps[0] + l * axes[1].steps[1]] +=
        outer * inner;
    }),
  );
  return { kernel: { rows, columns, values }, dilation: [axes[0].apart, axes[1].apart] };
}

/**
 * What two kernels of a chain do together: `sums / divisor + bias` with the composed kernel, or null where what the first
 * hands on is not linear in the picture. `before` and `after`: the padding that puts its windows where theirs were.
 * @param {Stage} first @param {Stage} second @param {{ before: Pair, after: Pair }[]} paddings of both, rows and columns
 */
export function together(first, second, paddings) {
  if (first.pass !== "values") return null;
  const [inner, outer] = [first, second].map(({ flip, kernel }) => (flip ? rotated(kernel) : kernel));
  const [one, two] = [first, second].map(({ normalise, kernel }) => divisorOf(normalise, sumOf(kernel)));
  const around = (/** @type {"before" | "after"} */ side) =>
    /** @type {Pair} */ ([0, 1].map((axis) => paddings[0][side][axis] + first.stride[axis] * paddings[1][side][axis]));
  return {
    ...composed(inner, outer, first.stride, first.dilation, second.dilation),
    stride: /** @type {Pair} */ (first.stride.map((step, axis) => step * second.stride[axis])),
    divisor: one * two,
    bias: (first.bias * sumOf(second.kernel)) / two + second.bias,
    before: around("before"),
    after: around("after"),
  };
}

/** @typedef {NonNullable<ReturnType<typeof together>>} Both */

/**
 * One kernel of the chain in the place of both, or null where it would be too large or its padding uneven.
 * @param {Both} both @param {Stage} first @param {Stage} second @param {number} largest taps along an axis @returns {Stage | null}
 */
export function merged(both, first, second, largest) {
  const { kernel, dilation, stride, before, after } = both;
  if (kernel.rows > largest || kernel.columns > largest || first.mode !== second.mode) return null;
  const total = [kernel.rows, kernel.columns].map((taps, axis) => dilation[axis] * (taps - 1));
  const same = [0, 1].every(
    (axis) => before[axis] === Math.floor(total[axis] / 2) && after[axis] === total[axis] - before[axis],
  );
  if (!same && before.some((amount, axis) => amount !== after[axis])) return null;
  return {
    ...second,
    preset: null,
    learned: null,
    kernel: { ...kernel, values: kernel.values.map((value) => value / both.divisor) },
    stride,
    dilation,
    padding: same ? "same" : before.every((amount) => amount === 0) ? "valid" : before,
    flip: false,
    normalise: false,
    bias: both.bias,
  };
}

/**
 * The largest difference between what the composed kernel gives and what the two gave, over output values whose windows
 * lie inside the picture, and how many those were; at most about `most` are tried.
 * @param {Both} both @param {Float64Array} plane @param {number} height @param {number} width
 * @param {Float64Array} sums of the second kernel @param {number} rows @param {number} columns of the result @param {number} divisor of the second @param {number} bias of the second @param {number} most
 */
export function discrepancy(
  { kernel, dilation, stride, before, divisor: scale, bias: offset },
  plane,
  height,
  width,
  sums,
  rows,
  columns,
  divisor,
  bias,
  most,
) {
  const inside = (
    /** @type {number} */ count,
    /** @type {number} */ size,
    /** @type {number} */ axis,
    /** @type {number} */ taps,
  ) =>
    Array.from({ length: count }, (_, y) => y).filter(
      (y) => y * stride[axis] >= before[axis] && y * stride[axis] - before[axis] + dilation[axis] * (taps - 1) < size,
    );
  const [ys, xs] = [inside(rows, height, 0, kernel.rows), inside(columns, width, 1, kernel.columns)];
  const step = Math.max(1, Math.floor((ys.length * xs.length) / most));
  let [largest, count] = [0, 0];
  for (let n = 0; n < ys.length * xs.length; n += step, count++) {
    const [y, x] = [ys[Math.floor(n / xs.length)], xs[n % xs.length]];
    const first = (y * stride[0] - before[0]) * width + x * stride[1] - before[1];
    let sum = 0;
    for (let k = 0; k < kernel.values.length; k++) {
      sum +=
        kernel.values[k] *
        plane[first + Math.floor(k / kernel.columns) * dilation[0] * width + (k % kernel.columns) * dilation[1]];
    }
    largest = Math.max(largest, Math.abs(sum / scale + offset - (sums[y * columns + x] / divisor + bias)));
  }
  return { largest, count };
}
