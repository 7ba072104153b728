/** What a measurement found, from the events of `core.speed`: proof, ladder, reasons, and the table to take along. */

import { largestOf, short } from "../lib/numbers.js";

/** @typedef {import("../lib/contract/kernels.js").Point} Point */
/** @typedef {import("../lib/contract/kernels.js").SpeedEvent} SpeedEvent */
/**
 * @typedef {{
 *   machine: import("../lib/contract/kernels.js").Machine | null, expected: number, points: Point[], leftOut: import("../lib/contract/kernels.js").LeftOut[],
 *   growth: Map<string, { exponent: number, points: number }>, end: { kind: string, message?: string } | null,
 * }} Results
 */

/** The order of the optimisations, each a step further; the Fourier transform is another road. */
const LADDER = [
  "loops",
  "taps",
  "im2col",
  "einsum",
  "products",
  "framework",
  "channels_last",
  "direct",
  "compiled",
  "cuda",
  "triton",
];

/** @returns {Results} */
export const nothing = () => ({ machine: null, expected: 0, points: [], leftOut: [], growth: new Map(), end: null });

/** @param {Results} before @param {SpeedEvent[]} events @returns {Results} */
export function extended(before, events) {
  /** @type {Results} */
  const results = {
    ...before,
    points: [...before.points],
    leftOut: [...before.leftOut],
    growth: new Map(before.growth),
  };
  for (const event of events) {
    if (event.kind === "start") Object.assign(results, { machine: event.machine, expected: event.points });
    else if (event.kind === "point") results.points.push(event);
    else if (event.kind === "left_out") results.leftOut.push(event);
    else if (event.kind === "growth") results.growth.set(event.way, event);
    else results.end = event;
  }
  return results;
}

/** The image sizes that something was measured at. @param {Pick<Results, "points">} results */
export const sizesOf = ({ points }) => [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b);

/** Within what part of its largest element every result equals float64's. @param {Results} results */
export const largestError = ({ points }) => largestOf(points.map(({ error }) => error));

/**
 * What each optimisation gave, at the largest size that all of them were measured at; null before there is one. `faster`: than
 * the first step, `step`: than the one before.
 * @param {Results} results
 */
export function ladderOf({ points }) {
  const ways = LADDER.filter((name) => points.some(({ way }) => way === name));
  const at = (/** @type {string} */ name, /** @type {number} */ size) =>
    points.find((point) => point.way === name && point.size === size);
  const common = sizesOf({ points }).filter((size) => ways.every((name) => at(name, size)));
  const size = common[common.length - 1];
  if (ways.length < 2 || size === undefined) return null;
  const found = ways.map((name) => /** @type {Point} */ (at(name, size)));
  return {
    size,
    steps: found.map(({ way, median, estimated }, k) => ({
      way,
      median,
      estimated,
      faster: found[0].median / median,
      step: k ? found[k - 1].median / median : 1,
    })),
  };
}

/** Why ways were left out, the sizes with the same reason together. @param {Results} results */
export function reasonsOf({ leftOut }) {
  /** @type {Map<string, Omit<import("../lib/contract/kernels.js").LeftOut, "size"> & { sizes: number[] }>} */
  const reasons = new Map();
  for (const { size, ...left } of leftOut) {
    const of = `${left.way} ${left.message}`;
    reasons.set(of, { ...left, sizes: [...(reasons.get(of)?.sizes ?? []), size] });
  }
  return [...reasons.values()];
}

/** The measurement as rows, every figure in full. @param {Results} results @param {import("./lab_settings.js").Settings} settings @returns {(string | number)[][]} */
export function rowsOf({ points, leftOut, machine }, { images, channels, outputs, kernel }) {
  const of = [images, channels, outputs, kernel, machine?.cpu ?? "", machine?.threads ?? "", machine?.torch ?? ""];
  return [
    [
      "way",
      "size",
      "multiplications",
      "median_s",
      "lower_quartile_s",
      "upper_quartile_s",
      "gflops",
      "peak_bytes",
      "error_against_float64",
      "prepared_s",
      "estimated",
      "left_out",
      "images",
      "channels",
      "outputs",
      "kernel",
      "cpu",
      "threads",
      "torch",
    ],
    ...points.map((point) => [
      point.way,
      point.size,
      point.products,
      point.median,
      point.lower,
      point.upper,
      point.gflops,
      point.peak ?? "",
      point.error,
      point.prepared,
      String(point.estimated),
      "",
      ...of,
    ]),
    ...leftOut.map(({ way, size, message }) => [way, size, "", "", "", "", "", "", "", "", "", message, ...of]),
  ];
}

/** @param {number} value @param {[number, string][]} units from the largest */
function scaled(value, units) {
  const [unit, name] = units.find(([size]) => value >= size * 0.9995) ?? units[units.length - 1];
  return `${short(value / unit, 3)} ${name}`.trim();
}

/** Seconds, as short as they can be said. @param {number} seconds */
export const timeText = (seconds) =>
  scaled(seconds, [
    [3600, "h"],
    [60, "min"],
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "µs"],
    [1e-9, "ns"],
  ]);
/** @param {number} bytes */
export const bytesText = (bytes) =>
  scaled(bytes, [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
    [1, "B"],
  ]);
/** @param {number} count */
export const countText = (count) =>
  scaled(count, [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
    [1, ""],
  ]);
/** A factor: 0.93×, 12×, 34,100×. @param {number} factor */
export const factorText = (factor) =>
  `${factor >= 100 ? Number(factor.toPrecision(3)).toLocaleString("en") : short(factor, factor < 1 ? 2 : 3)}×`;
