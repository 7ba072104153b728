/** Max pooling, as `core.ops.naive.max_pool2d` writes it, for one image of finite numbers. */

import { short } from "../numbers.js";
import { insideOf, kept, outsideOf, termOf, unravel, windowOf } from "../visits.js";
import { call, gradientCall } from "./formulas.js";
import { argumentsOf, axesOf, commonOf, eachInside, loopOf, poolingOf, ringOf, tapsOf } from "./pooling.js";
import { LARGEST, pairSetting } from "./settings.js";

/** @typedef {import("../arithmetic.js").Pass} Pass */

/** @type {import("../arithmetic.js").Operator} */
export const maxPool = {
  ...poolingOf("max", [pairSetting("dilation", 1, LARGEST.dilation)], { dilation: [1, 1] }),
  passes,
};

/** @param {import("../arithmetic.js").Case} given @returns {Pass[]} */
function passes(given) {
  const { input, gradOutput } = given.tensors;
  const W = input.shape[2];
  const axes = axesOf(given);
  const { outputShape, ...common } = commonOf(given);
  const taps = given.settings.kernel[0] * given.settings.kernel[1];

  /** The element that wins a window: of equal ones the first. @param {number} k @param {(index: number) => void} [onread] */
  function winnerOf(k, onread) {
    let index = -1;
    eachInside(given, axes, k, (at) => {
      if (index < 0 || input.values[at] > input.values[index]) index = at;
      onread?.(at);
    });
    return index;
  }

  /** @type {Pass} */
  const forward = {
    ...common,
    name: "forward",
    direction: "forward",
    function: "max_pool2d",
    torch: `Y = ${call("F.max_pool2d", argumentsOf(given))}`,
    reads: ["input"],
    slides: "input",
    targets: ["output"],
    ring: ringOf(axes),
    taps,
    starts: "start",
    ends: "done",
    scatter: false,
    compares: true,
    running: "best",
    scan: (k, onread) => input.values[winnerOf(k, onread)],
    visit: kept((k) => {
      let [best, index] = [-Infinity, -1];
      const terms = tapsOf(given, axes, k).map((tap) => {
        const value = tap.factors[0];
        const changes = tap.inside && (index < 0 || value > best);
        if (changes) [best, index] = [value, tap.vars.row * W + tap.vars.col];
        return termOf({
          ...tap,
          changes,
          product: value,
          after: /** @type {Record<string, number>} */ (tap.inside ? { value, best, index } : { best, index }),
        });
      });
      return {
        vars: loopOf(k, outputShape),
        target: ["output", k],
        start: { best: -Infinity, index: -1 },
        terms,
        value: best,
        window: windowOf("input", terms),
      };
    }),
    worked: (visit) => [
      { text: "max(" },
      ...insideOf(visit).flatMap(({ term, k }, n) => [
        { text: n ? ", " : "" },
        { text: short(term.product, 5), at: k },
      ]),
      { text: ")" },
    ],
    told: (visit) => ({ key: "arithmetic.max.line", values: { count: visit.terms.length - outsideOf(visit) } }),
  };

  /** @type {Pass} */
  const inputGrad = {
    ...common,
    name: "inputGrad",
    direction: "backward",
    function: "max_pool2d_input_grad",
    torch: gradientCall("X"),
    reads: ["gradOutput", "input"],
    slides: null,
    targets: ["gradInput"],
    taps: 1,
    starts: "row",
    ends: null,
    scatter: true,
    compares: true,
    adds: (k, add) => add(winnerOf(k), gradOutput.values[k]),
    visit: kept((k) => {
      const { terms: picture, window: covered } = forward.visit(k);
      const index = winnerOf(k);
      const [c, row, col] = unravel(index, input.shape);
      const grad = gradOutput.values[k];
      const term = termOf({
        mark: "grad_input",
        vars: {},
        cells: { gradOutput: k, input: index },
        factors: [grad],
        product: grad,
        writes: ["gradInput", index],
      });
      return {
        vars: { ...loopOf(k, outputShape), c },
        target: ["gradInput", index],
        start: { row, col },
        terms: [term],
        value: grad,
        window: { input: covered.input, gradInput: covered.input },
        picture,
      };
    }),
    worked: ({ value }) => [{ text: short(value, 6), at: 0 }],
    told: ({ value }) => ({ key: "arithmetic.max.back", values: { grad: short(value, 6) } }),
  };
  return [forward, inputGrad];
}
