/** Convolution, as `core.ops.naive.conv2d` and, with the kernel rotated, `convolve2d` write it, for one image. */

import { largestOf } from "../numbers.js";
import { biasGradient, forwardPass, inputGradient, weightGradient } from "./conv_passes.js";
import { axesOf, placesOf, windows } from "./conv_places.js";
import { wordsOf } from "./conv_words.js";
import { folding } from "./pad.js";
import { channels, convolutionBegin, groupSetting, kernelSize } from "./kernels.js";
import { inputSize, LARGEST, learningRate, pairSetting, plainSetting, withGradient, withSettings } from "./settings.js";
import { sizesOf } from "./sizes.js";
import { descent } from "./update.js";

/** @typedef {import("../arithmetic.js").Case} Case */
/** @typedef {import("../arithmetic.js").Pass} Pass */

/** @type {import("../arithmetic.js").Operator} */
export const conv = {
  name: "conv",
  family: "convolution",
  inputs: ["input", "weight", "bias", "gradOutput"],
  labels: { gradPadded: ["dL/dX̃", "arithmetic.tensor.gradPadded"] },
  settings: [
    inputSize,
    kernelSize,
    pairSetting("stride", 1, LARGEST.stride),
    {
      key: "padding",
      between: "×",
      parts: [
        {
          key: "fit",
          kind: "choice",
          label: "arithmetic.fit",
          options: () => ["numbers", "same", "valid"],
          get: ({ settings: { padding } }) => (typeof padding === "string" ? padding : "numbers"),
          set: (given, fit) => withSettings(given, { padding: fit === "numbers" ? [0, 0] : fit }),
        },
        ...pairSetting("padding", 0, LARGEST.padding).parts.map((part) => ({
          ...part,
          hidden: (/** @type {Case} */ { settings }) => typeof settings.padding === "string",
        })),
      ],
    },
    plainSetting("mode", "choice", { options: () => ["zeros", "reflect", "replicate", "circular"] }),
    pairSetting("dilation", 1, LARGEST.dilation),
    channels,
    groupSetting,
    plainSetting("flip", "switch"),
    learningRate(["update"]),
  ],

  begin: (before) =>
    convolutionBegin("conv", before, {
      stride: [1, 1],
      padding: [0, 0],
      dilation: [1, 1],
      mode: "zeros",
      groups: 1,
      flip: false,
      lr: 0.1,
    }),
  refusal(given) {
    const { stride, padding } = given.settings;
    if (padding === "same" && largestOf(stride) > 1) return { reason: "same", numbers: { stride: largestOf(stride) } };
    return windows(given).refusal;
  },
  fit(given) {
    const { rows, columns } = axesOf(given);
    return withGradient(given, [given.tensors.weight.shape[0], rows.output, columns.output]);
  },
  sizes: (given) => sizesOf(axesOf(given)),
  passes,
};

/** @param {Case} given @returns {Pass[]} */
function passes(given) {
  const { lr, mode } = given.settings;
  const { weight, bias, gradOutput } = given.tensors;
  const places = placesOf(given);
  const { padded, rows, columns } = places;
  const words = wordsOf(given, padded);
  const inputGrad = inputGradient(places, words.inputGrad);
  const weightGrad = weightGradient(places, words.weightGrad);
  const biasGrad = biasGradient(gradOutput, words.biasGrad);
  const fold = padded ? [folding(given, inputGrad, { rows, columns, mode })] : [];
  const update = descent(lr, [
    { name: "weight", letter: "K", tensor: weight, gradient: "gradWeight", pass: weightGrad, next: "newWeight" },
    { name: "bias", letter: "b", tensor: bias, gradient: "gradBias", pass: biasGrad, next: "newBias" },
  ]);
  return [forwardPass(places, words.forward), inputGrad, ...fold, weightGrad, biasGrad, update];
}
