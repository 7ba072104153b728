/** Average pooling, as `core.ops.naive.avg_pool2d` writes it, for one image. */

import { largestOf, short } from "../numbers.js";
import { factor, insideOf, kept, products, size, summed, sumTold, termOf, unravel } from "../visits.js";
import { call, gradientCall, pair } from "./formulas.js";
import {
  argumentsOf,
  axesOf,
  commonOf,
  eachInside,
  indicesOf,
  inputChannels,
  loopOf,
  poolingOf,
  ringOf,
  tapsOf,
} from "./pooling.js";
import { gradientOf, inputSize, LARGEST, pairSetting, pictureOf, plainSetting, withGradient } from "./settings.js";
import { divisorsOf } from "./windows.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("../visits.js").Factors} Factors */

/** @type {import("../arithmetic.js").Operator} */
export const avgPool = {
  ...poolingOf(
    "avg",
    [
      plainSetting("countPadding", "switch", {
        hidden: ({ settings }) => !settings.ceil && largestOf(settings.padding) === 0,
      }),
    ],
    { countPadding: true },
  ),
  passes(given) {
    const axes = axesOf(given);
    const { rows, columns } = axes;
    const { outputShape, ...common } = commonOf(given);
    const { countPadding, kernel } = given.settings;
    const [down, across] = [divisorsOf(rows, countPadding), divisorsOf(columns, countPadding)];
    const same = new Set(down.flatMap((one) => across.map((other) => one * other)));
    return averages(
      given,
      { ...common, outputShape, taps: kernel[0] * kernel[1] },
      {
        share: same.size === 1 ? [...same][0] : "k_{y,x}",
        torch: call("F.avg_pool2d", [...argumentsOf(given), !countPadding && "count_include_pad=False"]),
        divisor(k) {
          const [, y, x] = unravel(k, outputShape);
          return down[y] * across[x];
        },
        tapsOf: (k) => tapsOf(given, axes, k),
        each: (k, onread) => eachInside(given, axes, k, onread),
        ring: ringOf(axes),
        name: "avg_pool2d",
      },
    );
  },
};

/** First element and the one after the last of each window of an axis, as `core.ops.geometry.adaptive_bounds` says it. @param {number} extent @param {number} output */
const bounds = (extent, output) =>
  Array.from({ length: output }, (_, y) => [Math.floor((y * extent) / output), Math.ceil(((y + 1) * extent) / output)]);

/** @type {import("../arithmetic.js").Operator} */
export const adaptivePool = {
  name: "adaptive",
  family: "pooling",
  inputs: ["input", "gradOutput"],
  labels: {},
  settings: [inputSize, pairSetting("output", 1, LARGEST.input), inputChannels],
  begin(before) {
    const input = pictureOf(before) ?? { shape: [1, 5, 5], values: Array.from({ length: 25 }, (_, k) => k + 1) };
    return {
      op: "adaptive",
      settings: { output: input.shape.slice(1).map((extent) => Math.min(2, extent)) },
      tensors: { input, gradOutput: gradientOf(before) },
    };
  },
  refusal: () => null,
  fit: (given) => withGradient(given, [given.tensors.input.shape[0], ...given.settings.output]),
  passes(given) {
    const { input } = given.tensors;
    const [C, H, W] = input.shape;
    const [outH, outW] = given.settings.output;
    const [rows, cols] = [bounds(H, outH), bounds(W, outW)];
    const outputShape = [C, outH, outW];
    const extentOf = (/** @type {number} */ k) => {
      const [c, y, x] = unravel(k, outputShape);
      const [[top, bottom], [left, right]] = [rows[y], cols[x]];
      return { c, top, left, height: bottom - top, width: right - left };
    };
    const divisor = (/** @type {number} */ k) => extentOf(k).height * extentOf(k).width;
    const taps = Array.from({ length: size(outputShape) }, (_, k) => divisor(k));
    const shapes = { input: input.shape, gradOutput: outputShape, output: outputShape, gradInput: input.shape };
    return averages(
      given,
      {
        shapes,
        count: size(outputShape),
        outputShape,
        taps,
        letters: { ...indicesOf(given), H, W, "H'": outH, "W'": outW },
      },
      {
        share: "k_{y,x}",
        torch: call("F.adaptive_avg_pool2d", ["X", pair(given.settings.output)]),
        divisor,
        tapsOf(k) {
          const { c, top, left, height, width } = extentOf(k);
          return Array.from({ length: height * width }, (_, tap) => {
            const [i, j] = unravel(tap, [height, width]);
            const index = (c * H + top + i) * W + left + j;
            return {
              vars: { row: top + i, col: left + j },
              cells: { input: index },
              factors: [input.values[index]],
              place: /** @type {[number, number, number]} */ ([0, i, j]),
            };
          });
        },
        each(k, onread) {
          const { c, top, left, height, width } = extentOf(k);
          for (let row = top; row < top + height; row++)
            for (let col = left; col < left + width; col++) onread((c * H + row) * W + col);
        },
        ring: undefined,
        name: "adaptive_avg_pool2d",
      },
    );
  },
};

/**
 * The passes of an average over windows.
 * @param {Case} given @param {{ shapes: Pass["shapes"], count: number, outputShape: number[], taps: Pass["taps"], letters: Pass["letters"] }} common
 * @param {{ share: string | number, torch: string, divisor: (k: number) => number, tapsOf: (k: number) => Factors[], each: (k: number, onread: (index: number) => void) => void, ring: Pass["ring"], name: string }} how
 * `share`: what the averages divide by, in LaTeX; `each`: the elements of window k that are read
 * @returns {Pass[]}
 */
function averages(given, { outputShape, ...shared }, { share, torch, divisor, tapsOf: windowTaps, each, ring, name }) {
  const { input, gradOutput } = given.tensors;
  const common = { ...shared, letters: { ...shared.letters, k: share } };
  /** @type {Pass} */
  const forward = {
    ...common,
    name: "forward",
    direction: "forward",
    function: name,
    torch: `Y = ${torch}`,
    reads: ["input"],
    slides: "input",
    targets: ["output"],
    ring,
    starts: "start",
    ends: "done",
    scatter: false,
    scan(k, onread) {
      let total = 0;
      each(k, (index) => {
        total += input.values[index];
        onread?.(index);
      });
      return total / divisor(k);
    },
    visit: kept((k) => {
      const sum = summed({
        vars: loopOf(k, outputShape),
        target: ["output", k],
        slides: "input",
        terms: windowTaps(k),
      });
      return { ...sum, value: sum.value / divisor(k) };
    }),
    worked: (visit) => [{ text: "(" }, ...products(visit), { text: `) / ${divisor(visit.target[1])}` }],
    told: (visit, phase) => sumTold(visit, phase, `, ÷ ${divisor(visit.target[1])}`),
  };
  /** @type {Pass} */
  const inputGrad = {
    ...common,
    name: "inputGrad",
    direction: "backward",
    function: `${name}_input_grad`,
    torch: gradientCall("X"),
    reads: ["gradOutput"],
    slides: null,
    targets: ["gradInput"],
    starts: "share",
    ends: null,
    scatter: true,
    adds(k, add) {
      const grad = gradOutput.values[k] / divisor(k);
      each(k, (index) => add(index, grad));
    },
    visit: kept((k) => {
      const grad = gradOutput.values[k] / divisor(k);
      const terms = windowTaps(k).map(({ vars, cells, place: at, inside }) =>
        termOf({
          vars,
          inside: inside ?? true,
          cells: { gradOutput: k },
          factors: [gradOutput.values[k]],
          product: grad,
          after: { share: grad },
          place: at ?? [0, 0, 0],
          writes: (inside ?? true) ? ["gradInput", /** @type {number} */ (cells.input)] : null,
        }),
      );
      const window = { gradInput: terms.flatMap(({ writes }) => (writes ? [writes[1]] : [])) };
      return {
        vars: loopOf(k, outputShape),
        target: ["gradInput", -1],
        start: { share: grad },
        terms,
        value: grad,
        window,
      };
    }),
    worked: (visit) => [
      {
        text: `${factor(insideOf(visit)[0]?.term.factors[0] ?? 0)} / ${divisor(/** @type {number} */ (visit.terms[0].cells.gradOutput))}`,
        at: 0,
      },
    ],
    told: ({ terms: [{ factors, cells }], value }) => ({
      key: "arithmetic.avg.back",
      values: {
        grad: short(factors[0], 6),
        count: divisor(/** @type {number} */ (cells.gradOutput)),
        share: short(value, 6),
      },
    }),
  };
  return [forward, inputGrad];
}
