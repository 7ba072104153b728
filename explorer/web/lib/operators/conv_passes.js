/** The passes of a convolution, each as its loop in `core.ops` runs: its scan without building terms, its visits with them. */

import { short } from "../numbers.js";
import { divided, kept, products, size, summed, sumPieces, sumTold, unravel } from "../visits.js";

/** @typedef {import("../arithmetic.js").Pass} Pass */
/** @typedef {import("./conv_places.js").Place} Place */
/** @typedef {import("./conv_places.js").Places} Places */
/** @typedef {Pick<Pass, "letters" | "torch"> & Partial<Pass>} Words */

const common = /** @type {const} */ ({ starts: "start", ends: "done", scatter: false, told: sumTold });

/** Y: each kernel laid over every window. @param {Places} places @param {Words} words @returns {Pass} */
export function forwardPass(places, words) {
  const { flip, each, kH, kW, name, outputShape, down, across, at, firstOf, said, elementAt, read, rowOf } = places;
  const { colOf, ring, shapes } = places;
  const { input, weight, bias } = places.tensors;
  return {
    ...common,
    ...words,
    name: "forward",
    direction: "forward",
    function: name,
    reads: ["input", "weight", "bias"],
    slides: "input",
    targets: ["output"],
    ring,
    shapes: { ...shapes, output: outputShape },
    count: size(outputShape),
    taps: each * kH * kW,
    grouped: "arithmetic.subtotal.in",
    rotated: flip,
    signs: [flip ? "∗" : "⋆", "+"],
    scan(k, onread) {
      const [o, y, x] = unravel(k, outputShape);
      let total = bias.values[o];
      for (let c = 0; c < each; c++)
        for (let i = 0; i < kH; i++)
          for (let j = 0; j < kW; j++) {
            const index = elementAt(firstOf(o) + c, rowOf(y, i), colOf(x, j));
            if (index < 0) continue;
            total += weight.values[at.weight(o, c, i, j)] * input.values[index];
            onread?.(index);
          }
      return total;
    },
    visit: kept((k) => {
      const [o, y, x] = unravel(k, outputShape);
      const first = firstOf(o);
      const terms = Array.from({ length: each * kH * kW }, (_, tap) => {
        const [c, i, j] = unravel(tap, [each, kH, kW]);
        const [row, col] = [rowOf(y, i), colOf(x, j)];
        const { inside, index, around, value } = read(first + c, row, col);
        const cells = { weight: at.weight(o, c, i, j), input: index };
        return {
          vars: said(first, { c, i, j, row, col }),
          inside,
          cells,
          around,
          factors: [weight.values[cells.weight], value],
          place: /** @type {Place} */ ([c, down(i), across(j)]),
        };
      });
      return summed({
        vars: { n: 0, o, y, x },
        target: ["output", k],
        first: bias.values[o],
        slides: "input",
        terms,
        also: { bias: o },
        groups: Array.from({ length: each }, (_, c) => first + c),
      });
    }),
    worked: (visit) => sumPieces(visit, true),
    told: (visit, phase) => sumTold(visit, phase, `, + b = ${short(visit.start.total, 7)}`),
  };
}

/** dL/dX, or of the padded input. @param {Places} places @param {Words} words @returns {Pass} */
export function inputGradient(places, words) {
  const { flip, groups, rows, columns, O, each, kH, kW, outH, outW, name, padded, top, left, runShape } = places;
  const { down, across, at, shapes } = places;
  const { weight, gradOutput } = places.tensors;
  /** Padding of the output's gradient that windows of the input's gradient lie over. @param {{ span: number, stride: number }} axis @param {number} before */
  const reachedBy = ({ span, stride }, before) => (stride > 1 ? 0 : Math.max(0, span - 1 - before));
  const [reachedDown, reachedAcross] = [reachedBy(rows, top), reachedBy(columns, left)];
  const inputGradTarget = padded ? "gradPadded" : "gradInput";
  return {
    ...common,
    ...words,
    name: padded ? "paddedGrad" : "inputGrad",
    direction: "backward",
    function: `${name}_input_grad`,
    reads: ["gradOutput", "weight"],
    slides: "gradOutput",
    targets: [inputGradTarget],
    ring: { top: reachedDown, bottom: reachedDown, left: reachedAcross, right: reachedAcross },
    shapes: { ...shapes, [inputGradTarget]: runShape },
    count: size(runShape),
    taps: (O / groups) * kH * kW,
    grouped: "arithmetic.subtotal.out",
    rotated: !flip,
    scan(k) {
      const [c, row, col] = unravel(k, runShape);
      const [first, channel] = [Math.floor(c / each) * (O / groups), c % each];
      let total = 0;
      for (let o = first; o < first + O / groups; o++)
        for (let i = 0; i < kH; i++)
          for (let j = 0; j < kW; j++) {
            const y = (row + top - down(i) * rows.dilation) / rows.stride;
            const x = (col + left - across(j) * columns.dilation) / columns.stride;
            if (Number.isInteger(y) && Number.isInteger(x) && y >= 0 && y < outH && x >= 0 && x < outW)
              total += weight.values[at.weight(o, channel, i, j)] * gradOutput.values[at.output(o, y, x)];
          }
      return total;
    },
    visit: kept((k) => {
      const [c, row, col] = unravel(k, runShape);
      const [group, channel] = divided(c, each);
      const first = group * (O / groups);
      const terms = Array.from({ length: (O / groups) * kH * kW }, (_, tap) => {
        const [step, i, j] = unravel(tap, [O / groups, kH, kW]);
        const o = first + step;
        const [y, yRest] = divided(row + top - down(i) * rows.dilation, rows.stride);
        const [x, xRest] = divided(col + left - across(j) * columns.dilation, columns.stride);
        const inside = yRest === 0 && xRest === 0 && y >= 0 && y < outH && x >= 0 && x < outW;
        const cells = { weight: at.weight(o, channel, i, j), gradOutput: inside ? at.output(o, y, x) : -1 };
        return {
          vars: { ...(groups > 1 ? { channel } : {}), o, i, j, y, x },
          inside,
          cells,
          factors: [weight.values[cells.weight], inside ? gradOutput.values[cells.gradOutput] : 0],
          around: inside || yRest || xRest ? null : /** @type {Place} */ ([o, y, x]),
          place: /** @type {Place} */ ([step, kH - 1 - down(i), kW - 1 - across(j)]),
        };
      });
      return summed({
        vars: { n: 0, c, row, col },
        target: [inputGradTarget, k],
        slides: "gradOutput",
        terms,
        groups: Array.from({ length: O / groups }, (_, step) => first + step),
      });
    }),
    worked: (visit) => sumPieces(visit),
    told: (visit, phase) => sumTold(visit, phase, "", "arithmetic.between"),
  };
}

/** dL/dK: what the input was where dL/dY arrives. @param {Places} places @param {Words} words @returns {Pass} */
export function weightGradient(places, words) {
  const { outH, outW, name, at, firstOf, said, elementAt, read, rowOf, colOf, ring, shapes } = places;
  const { input, weight, gradOutput } = places.tensors;
  return {
    ...common,
    ...words,
    name: "weightGrad",
    direction: "backward",
    function: `${name}_weight_grad`,
    reads: ["input", "gradOutput"],
    slides: "input",
    targets: ["gradWeight"],
    ring,
    shapes: { ...shapes, gradWeight: weight.shape },
    count: size(weight.shape),
    taps: outH * outW,
    scan(k) {
      const [o, c, i, j] = unravel(k, weight.shape);
      let total = 0;
      for (let y = 0; y < outH; y++)
        for (let x = 0; x < outW; x++) {
          const index = elementAt(firstOf(o) + c, rowOf(y, i), colOf(x, j));
          if (index >= 0) total += gradOutput.values[at.output(o, y, x)] * input.values[index];
        }
      return total;
    },
    visit: kept((k) => {
      const [o, c, i, j] = unravel(k, weight.shape);
      const first = firstOf(o);
      const terms = [];
      for (let y = 0; y < outH; y++)
        for (let x = 0; x < outW; x++) {
          const row = rowOf(y, i);
          const col = colOf(x, j);
          const { inside, index, around, value } = read(first + c, row, col);
          const cells = { gradOutput: at.output(o, y, x), input: index };
          terms.push({
            vars: said(first, { n: 0, y, x, row, col }),
            inside,
            cells,
            around,
            factors: [gradOutput.values[cells.gradOutput], value],
            place: /** @type {Place} */ ([0, y, x]),
          });
        }
      return summed({ vars: { o, c, i, j }, target: ["gradWeight", k], slides: "input", terms });
    }),
    worked: (visit) => sumPieces(visit),
  };
}

/** dL/db of a convolution: the sum over rows and columns. @param {import("../arithmetic.js").Tensor} gradOutput @param {Pick<Pass, "letters" | "torch">} words @returns {Pass} */
export function biasGradient(gradOutput, words) {
  const [O, outH, outW] = gradOutput.shape;
  return {
    ...words,
    name: "biasGrad",
    direction: "backward",
    function: "conv2d_bias_grad",
    reads: ["gradOutput"],
    slides: "gradOutput",
    targets: ["gradBias"],
    shapes: { gradOutput: gradOutput.shape, gradBias: [O] },
    count: O,
    taps: outH * outW,
    starts: "start",
    ends: "done",
    scatter: false,
    told: sumTold,
    scan: (o) =>
      gradOutput.values.slice(o * outH * outW, (o + 1) * outH * outW).reduce((total, value) => total + value, 0),
    visit: kept((o) =>
      summed({
        vars: { o },
        target: ["gradBias", o],
        slides: "gradOutput",
        terms: Array.from({ length: outH * outW }, (_, tap) => {
          const [y, x] = unravel(tap, [outH, outW]);
          const cell = o * outH * outW + tap;
          return {
            vars: { n: 0, y, x },
            cells: { gradOutput: cell },
            factors: [gradOutput.values[cell]],
            place: /** @type {Place} */ ([0, y, x]),
          };
        }),
      }),
    ),
    worked: products,
  };
}
