/** The passes of a normalisation, whatever is normalised together: a channel of a batch, or a group of channels of an image. */

import { short } from "../numbers.js";
import { factor, kept, size, summed, sumPieces, sumTold, termOf } from "../visits.js";
import { gradientCall } from "./formulas.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("../arithmetic.js").Vars} Vars */
/** @typedef {[number, number, number]} Place */

/**
 * What is normalised together, and how PyTorch and the loops of `core.ops.naive.norm` write it.
 * @typedef {{
 *   sets: number[][], channels: number[][], stored: boolean, weighted: boolean, inner: (element: number) => Vars, outer: (set: number) => Vars,
 *   at: (element: number) => Vars, ofChannel: (channel: number) => Vars, place: (element: number) => Place, extent: [number, number], grouped?: string,
 *   letters: import("../formula/fill.js").Values,
 *   variable: (name: string) => string, starts: string | null, loops: Record<"mean" | "var" | "output" | "gradMeans" | "gradInput" | "gradWeight", string>,
 *   torch: { mean: string, variance: string, output: string, gradMeans: { before: string[], torch: string } },
 * }} Together
 * `sets`: the elements of each set in the order of the loop; `channels`: those of each channel. `stored`: mean and variance are
 * running ones; `weighted`: the averages of the gradient are of γ · dL/dY. `inner`, `outer`: variables of the loop over a set's
 * elements and around it, `at`: of both; `ofChannel`: around the sum of a channel. `place` in the picture of terms, `extent`:
 * rows and columns of each of its groups. `letters`: what stands for those of the formulas; `variable`: how the loop calls a set's mean or variance.
 */

/** @param {Case} given @param {Together} together @returns {Pass[]} without steps of running statistics */
export function normalisationPasses(given, together) {
  const { sets, channels, stored, weighted, letters, loops, torch, variable, at, outer, inner, place, extent } =
    together;
  const {
    settings: { eps },
    tensors: { input, weight, bias, runningMean, runningVar, gradOutput },
  } = given;
  const setOf = membership(sets);
  const channelOf = membership(channels);
  const [X, G] = [input.values, gradOutput.values];
  const [mean, variance] = stored ? [runningMean.values, runningVar.values] : momentsOf(sets, X);
  const deviation = (/** @type {number} */ s) => Math.sqrt(variance[s] + eps);
  const normal = (/** @type {number} */ e) => (X[e] - mean[setOf[e]]) / deviation(setOf[e]);
  const gamma = (/** @type {number} */ e) => weight.values[channelOf[e]];
  const arriving = (/** @type {number} */ e) => (weighted ? gamma(e) * G[e] : G[e]);
  const [M, V] = stored ? ["runningMean", "runningVar"] : ["mean", "var"];
  const known = (/** @type {number} */ e) => ({ [M]: setOf[e], [V]: setOf[e] });
  const root = (/** @type {number} */ s) => `√(${short(variance[s], 5)} + ${short(eps)})`;
  /** The picture's groups under one another, two numbers an element. @param {number} e @param {0 | 1} side @returns {Place} */
  const paired = (e, side) => {
    const [group, row, column] = place(e);
    return [0, group * extent[0] + row, side * extent[1] + column];
  };
  const moments = (/** @type {number} */ s) => ({ [variable("mean")]: mean[s], [variable("var")]: variance[s] });

  const shapes = Object.fromEntries(Object.entries(given.tensors).map(([name, { shape }]) => [name, shape]));
  for (const name of ["output", "gradInput"]) shapes[name] = input.shape;
  for (const name of ["gradWeight", "gradBias"]) shapes[name] = weight.shape;
  for (const name of ["mean", "var", "meanGrad", "meanProduct"]) shapes[name] = [sets.length];
  const common = { shapes, slides: null, scatter: false, letters };
  const lone = { ...common, taps: 1, starts: null, ends: null };

  /** One of the statistics: a sum over a set. @param {"mean" | "var"} name @param {(e: number) => number} part @param {(e: number) => string} label @returns {Pass} */
  const statistic = (name, part, label) => ({
    ...common,
    grouped: together.grouped,
    name,
    direction: "forward",
    function: loops[name],
    torch: name === "mean" ? torch.mean : torch.variance,
    reads: name === "mean" ? ["input"] : ["input", "mean"],
    slides: "input",
    targets: [name],
    count: sets.length,
    taps: sets[0].length,
    starts: name === "mean" ? together.starts : null,
    ends: null,
    running: variable(name),
    visit: kept((s) => {
      let total = 0;
      /** @type {Vars} */
      const start = together.starts && name === "mean" ? { mean: 0, var: 0 } : {};
      const terms = sets[s].map((e) => {
        total += part(e);
        return termOf({
          vars: inner(e),
          cells: { input: e, ...(name === "var" ? { mean: s } : {}) },
          factors: [],
          label: label(e),
          product: part(e),
          after: { [variable(name)]: total },
          place: place(e),
        });
      });
      return {
        vars: { ...outer(s), ...(name === "var" ? { [variable("mean")]: mean[s] } : {}) },
        target: [name, s],
        start,
        terms,
        value: total,
        window: { input: sets[s] },
        groups: [...new Set(sets[s].map((e) => channelOf[e]))],
      };
    }),
    worked: (visit) => visit.terms.map((term, n) => ({ text: `${n ? " + " : ""}${term.label}`, at: n })),
    told: sumTold,
  });

  /** @type {Pass} */
  const forward = {
    ...lone,
    name: "forward",
    direction: "forward",
    function: loops.output,
    torch: torch.output,
    reads: ["input", M, V, "weight", "bias"],
    targets: ["output"],
    count: size(input.shape),
    visit: kept((e) => {
      const c = channelOf[e];
      const value = (gamma(e) * (X[e] - mean[setOf[e]])) / deviation(setOf[e]) + bias.values[c];
      const term = termOf({
        vars: {},
        cells: { input: e, weight: c, bias: c, ...known(e) },
        factors: [gamma(e), normal(e)],
        product: value,
      });
      return {
        vars: { ...at(e), ...moments(setOf[e]) },
        target: ["output", e],
        start: {},
        terms: [term],
        value,
        window: {},
      };
    }),
    worked: ({ target: [, e] }) => [
      {
        text: `${factor(gamma(e))}·(${short(X[e], 5)} − ${factor(mean[setOf[e]])}) / ${root(setOf[e])} + ${factor(bias.values[channelOf[e]])}`,
        at: 0,
      },
    ],
    told: ({ target: [, e] }) => ({ text: `x̂ = ${short(normal(e), 6)}` }),
  };

  /** Σ of what arrives and of it · x̂ over a set: what its statistics take away from every gradient. @type {Pass} */
  const gradMeans = {
    ...common,
    name: "gradMeans",
    direction: "backward",
    function: loops.gradMeans,
    ...torch.gradMeans,
    reads: ["gradOutput", "input", M, V, ...(weighted ? ["weight"] : [])],
    slides: "gradOutput",
    targets: ["meanGrad", "meanProduct"],
    count: sets.length,
    taps: 2 * sets[0].length,
    starts: "start",
    ends: null,
    running: "mean_product",
    visit: kept((s) => {
      let [meanGrad, meanProduct] = [0, 0];
      const count = sets[s].length;
      const terms = sets[s].flatMap((e) => {
        const cells = { gradOutput: e, ...(weighted ? { weight: channelOf[e] } : {}) };
        const [one, other] = [arriving(e) / count, (arriving(e) * (X[e] - mean[s])) / deviation(s) / count];
        meanGrad += one;
        const first = termOf({
          mark: "mean_grad",
          vars: inner(e),
          cells,
          factors: [],
          label: `${factor(arriving(e))} / ${count}`,
          product: one,
          after: { mean_grad: meanGrad, mean_product: meanProduct },
          place: paired(e, 0),
          writes: ["meanGrad", s, meanGrad],
        });
        meanProduct += other;
        return [
          first,
          termOf({
            mark: "mean_product",
            vars: inner(e),
            cells: { ...cells, input: e, ...known(e) },
            factors: [],
            label: `${factor(arriving(e))}·${factor(normal(e))} / ${count}`,
            product: other,
            after: { mean_grad: meanGrad, mean_product: meanProduct },
            place: paired(e, 1),
          }),
        ];
      });
      return {
        vars: outer(s),
        target: ["meanProduct", s],
        start: { deviation: deviation(s), mean_grad: 0, mean_product: 0 },
        terms,
        value: meanProduct,
        window: {},
      };
    }),
    worked: ({ terms }) =>
      terms.flatMap((term, k) => (k % 2 ? [{ text: `${k > 1 ? " + " : ""}${term.label}`, at: k }] : [])),
    told: ({ terms }) => ({ text: `ḡ = ${short(terms[terms.length - 2].after.mean_grad, 7)}` }),
  };

  const means = (/** @type {number} */ s) => {
    if (stored) return [0, 0];
    const { terms, value } = gradMeans.visit(s);
    return [terms[terms.length - 2].after.mean_grad, value];
  };
  const order = sets.flat();
  /** @type {Pass} */
  const inputGrad = {
    ...common,
    name: "inputGrad",
    direction: "backward",
    function: loops.gradInput,
    torch: gradientCall("X"),
    reads: ["gradOutput", "input", M, V, "weight", ...(stored ? [] : ["meanGrad", "meanProduct"])],
    targets: ["gradInput"],
    count: size(input.shape),
    taps: 2,
    starts: null,
    ends: "grad_input",
    running: "grad",
    visit: kept((k) => {
      const e = order[k];
      const s = setOf[e];
      const [meanGrad, meanProduct] = means(s);
      const grad = arriving(e) - meanGrad - normal(e) * meanProduct;
      const value = weighted ? grad / deviation(s) : (gamma(e) / deviation(s)) * grad;
      const averages = stored ? {} : { meanGrad: s, meanProduct: s };
      const terms = [
        termOf({
          mark: "normal",
          vars: {},
          cells: { input: e, ...known(e) },
          factors: [],
          label: "x̂",
          product: normal(e),
          after: { normal: normal(e) },
        }),
        termOf({
          mark: "grad",
          vars: {},
          cells: { gradOutput: e, weight: channelOf[e], ...averages },
          factors: [],
          label: stored ? "g" : "g − ḡ − h · x̂",
          product: grad,
          after: { normal: normal(e), grad },
          place: [0, 1, 0],
        }),
      ];
      return {
        vars: { ...at(e), deviation: deviation(s), mean_grad: meanGrad, mean_product: meanProduct },
        target: ["gradInput", e],
        start: {},
        terms,
        value,
        window: {},
      };
    }),
    worked: ({ target: [, e] }) => {
      const [meanGrad, meanProduct] = means(setOf[e]);
      const taken = `(${factor(arriving(e))} − ${factor(meanGrad)} − ${factor(normal(e))}·${factor(meanProduct)})`;
      const before = weighted ? "1" : factor(gamma(e));
      return [{ text: `${before} / ${root(setOf[e])} · ${stored ? factor(G[e]) : taken}` }];
    },
    told: ({ terms: [one, other] }) => ({
      text: `x̂ = ${short(one.product, 6)}, ${other.label} = ${short(other.product, 6)}`,
    }),
  };

  /** A sum over a channel. @param {{ name: string, function: string, torch: string, reads: string[], target: string, factors: (e: number) => number[], cells: (e: number) => Vars }} own @returns {Pass} */
  const column = ({ target, factors, cells, ...own }) => ({
    ...common,
    ...own,
    direction: "backward",
    starts: "start",
    ends: "done",
    slides: "gradOutput",
    targets: [target],
    count: channels.length,
    taps: channels[0].length,
    visit: kept((c) =>
      summed({
        vars: together.ofChannel(c),
        target: [target, c],
        slides: "gradOutput",
        terms: channels[c].map((e) => ({
          vars: innerOf(at(e)),
          cells: { gradOutput: e, ...cells(e) },
          factors: factors(e),
          place: /** @type {Place} */ ([0, ...place(e).slice(1)]),
        })),
      }),
    ),
    worked: (visit) => sumPieces(visit),
    told: sumTold,
  });
  const weightGrad = column({
    name: "weightGrad",
    function: loops.gradWeight,
    torch: gradientCall("weight"),
    reads: ["gradOutput", "input", M, V],
    target: "gradWeight",
    factors: (e) => [G[e], normal(e)],
    cells: (e) => ({ input: e, ...known(e) }),
  });
  const biasGrad = column({
    name: "biasGrad",
    function: "batch_norm_bias_grad",
    torch: gradientCall("bias"),
    reads: ["gradOutput"],
    target: "gradBias",
    factors: (e) => [G[e]],
    cells: () => ({}),
  });
  if (stored) return [forward, inputGrad, weightGrad, biasGrad];
  const count = sets[0].length;
  return [
    statistic(
      "mean",
      (e) => X[e] / count,
      (e) => `${factor(X[e])} / ${count}`,
    ),
    statistic(
      "var",
      (e) => (X[e] - mean[setOf[e]]) ** 2 / count,
      (e) => `(${short(X[e], 4)} − ${factor(mean[setOf[e]])})² / ${count}`,
    ),
    forward,
    gradMeans,
    inputGrad,
    weightGrad,
    biasGrad,
  ];
}

/** The loop's place in a channel, without the channel. @param {Vars} vars */
const innerOf = ({ n, l }) => ({ n, l });

/** The number of the set that each element is in. @param {number[][]} sets */
function membership(sets) {
  /** @type {number[]} */
  const found = [];
  sets.forEach((elements, s) => elements.forEach((e) => (found[e] = s)));
  return found;
}

/** Every set's mean and variance. @param {number[][]} sets @param {number[]} values @returns {[number[], number[]]} */
export function momentsOf(sets, values) {
  const mean = sets.map((elements) => elements.reduce((sum, e) => sum + values[e] / elements.length, 0));
  const variance = sets.map((elements, s) =>
    elements.reduce((sum, e) => sum + (values[e] - mean[s]) ** 2 / elements.length, 0),
  );
  return [mean, variance];
}
