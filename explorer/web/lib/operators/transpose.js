/** Transposed convolution, as `core.ops.naive.conv_transpose2d` writes it, for one image: every input element lays its multiple of the kernel into the output. */

import { biasGradient } from "./conv_passes.js";
import { gradientCall } from "./formulas.js";
import { channels, convolutionBegin, groupSetting, kernelSize } from "./kernels.js";
import { inputSizeTo, LARGEST, learningRate, pairSetting, withGradient } from "./settings.js";
import { forwardPass, inputGradient, placesOf, weightGradient } from "./transpose_passes.js";
import { descent } from "./update.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */

const AXES = /** @type {const} */ (["rows", "columns"]);

/** Largest side of the input: strides make the output up to five times as large. */
const LARGEST_SIDE = 16;

/** Rows and columns: `extent` elements become `output`. @param {Case} given */
const axesOf = ({ settings: { stride, padding, outputPadding, dilation }, tensors: { input, weight } }) =>
  AXES.map((_, axis) => {
    const [extent, taps] = [input.shape[1 + axis], weight.shape[2 + axis]];
    const output =
      (extent - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (taps - 1) + outputPadding[axis] + 1;
    return {
      extent,
      taps,
      stride: stride[axis],
      padding: padding[axis],
      more: outputPadding[axis],
      dilation: dilation[axis],
      output,
    };
  });

/** @type {import("../arithmetic.js").Operator} */
export const transpose = {
  name: "transpose",
  family: "convolution",
  inputs: ["input", "weight", "bias", "gradOutput"],
  labels: {
    weight: ["K", "arithmetic.tensor.weight", "arithmetic.plane.transposed"],
    gradWeight: ["dL/dK", "arithmetic.tensor.gradWeight", "arithmetic.plane.transposed"],
    newWeight: ["K′", "arithmetic.tensor.newWeight", "arithmetic.plane.transposed"],
  },
  settings: [
    inputSizeTo(LARGEST_SIDE),
    kernelSize,
    pairSetting("stride", 1, LARGEST.stride),
    pairSetting("padding", 0, LARGEST.padding),
    pairSetting("outputPadding", 0, LARGEST.stride - 1),
    pairSetting("dilation", 1, LARGEST.dilation),
    channels,
    groupSetting,
    learningRate(["update"]),
  ],
  begin: (before) =>
    convolutionBegin(
      "transpose",
      before,
      { stride: [2, 2], padding: [0, 0], outputPadding: [0, 0], dilation: [1, 1], groups: 1, lr: 0.1 },
      LARGEST_SIDE,
    ),
  /** @returns {import("../arithmetic.js").Refusal | null} */
  refusal(given) {
    for (const [at, { stride, dilation, more, output, padding }] of axesOf(given).entries()) {
      if (more >= Math.max(stride, dilation))
        return { reason: "outputPadding", axis: AXES[at], numbers: { more, stride, dilation } };
      if (output < 1) return { reason: "empty", axis: AXES[at], numbers: { padding, output } };
    }
    return null;
  },
  fit: (given) =>
    withGradient(given, [
      given.tensors.weight.shape[1] * given.settings.groups,
      ...axesOf(given).map(({ output }) => output),
    ]),
  sizes: (given) => ({
    symbols: "(H − 1)·s − 2·p + d·(k − 1) + o + 1",
    axes: axesOf(given).map(({ extent, stride, padding, dilation, taps, more, output }, at) => ({
      axis: AXES[at],
      output,
      text: `(${extent} − 1)·${stride} − 2·${padding} + ${dilation}·(${taps} − 1) + ${more} + 1 = ${output}`,
    })),
  }),
  passes,
};

/** @param {Case} given @returns {Pass[]} */
function passes(given) {
  const { weight, bias, gradOutput } = given.tensors;
  const places = placesOf(given, axesOf(given));
  const weightGrad = weightGradient(places);
  const biasGrad = biasGradient(gradOutput, { letters: places.letters, torch: gradientCall("b") });
  const update = descent(given.settings.lr, [
    { name: "weight", letter: "K", tensor: weight, gradient: "gradWeight", pass: weightGrad, next: "newWeight" },
    { name: "bias", letter: "b", tensor: bias, gradient: "gradBias", pass: biasGrad, next: "newBias" },
  ]);
  return [forwardPass(places), inputGradient(places), weightGrad, biasGrad, update];
}
