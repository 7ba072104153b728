/** What convolutions, plain and transposed, have in common: a kernel, channels, groups of them. */

import {
  channelCounts,
  counted,
  gradientOf,
  LARGEST,
  pairOf,
  pictureOf,
  plainSetting,
  repeated,
  reshaped,
  withSettings,
  withTensors,
} from "./settings.js";
import { smallestOf } from "../numbers.js";

/** @typedef {import("../arithmetic.js").Case} Case */

export const kernelSize = pairOf(
  "kernel",
  counted(1, LARGEST.kernel),
  ({ tensors }) => tensors.weight.shape.slice(2),
  (given, pair) =>
    withTensors(given, {
      weight: reshaped(given.tensors.weight, [...given.tensors.weight.shape.slice(0, 2), ...pair], 0),
    }),
);

/** Input and output channels of a case. @param {Case} given */
export function channelsOf({ op, settings: { groups }, tensors: { input, weight } }) {
  return [input.shape[0], op === "transpose" ? weight.shape[1] * groups : weight.shape[0]];
}

/** Other channels or groups: groups that divide both, kernels that fit them. @param {Case} given @param {number} inputs @param {number} outputs @param {number} wanted groups */
function withChannels(given, inputs, outputs, wanted) {
  const groups = counted(1, wanted).findLast((each) => inputs % each === 0 && outputs % each === 0) ?? 1;
  const { input, weight, bias } = given.tensors;
  const lead = given.op === "transpose" ? [inputs, outputs / groups] : [outputs, inputs / groups];
  return withTensors(withSettings(given, { groups }), {
    input: repeated(input, [inputs]),
    weight: repeated(weight, lead),
    bias: reshaped(bias, [outputs], 0),
  });
}

/** @type {import("../arithmetic.js").Setting} */
export const channels = {
  key: "channels",
  between: "→",
  parts: [
    {
      key: "inputs",
      kind: "count",
      label: "arithmetic.inputs",
      options: channelCounts(LARGEST.inputs),
      get: (given) => channelsOf(given)[0],
      set: (given, inputs) => withChannels(given, inputs, channelsOf(given)[1], given.settings.groups),
    },
    {
      key: "outputs",
      kind: "count",
      label: "arithmetic.outputs",
      options: channelCounts(LARGEST.outputs),
      get: (given) => channelsOf(given)[1],
      set: (given, outputs) => withChannels(given, channelsOf(given)[0], outputs, given.settings.groups),
    },
  ],
};

/** Only groups that divide both numbers of channels can be chosen. */
export const groupSetting = plainSetting("groups", "count", {
  options: (given) =>
    counted(1, LARGEST.inputs).filter((groups) => channelsOf(given).every((count) => count % groups === 0)),
  set: (given, groups) => withChannels(given, .../** @type {[number, number]} */ (channelsOf(given)), groups),
  hidden: (given) => smallestOf(channelsOf(given)) === 1,
});

/** A first case, on the pictures of the case before and its kernel where that has as many channels. @param {string} op @param {Case | null} before @param {Record<string, any>} settings @param {number} [largest] side of a picture @returns {Case} */
export function convolutionBegin(op, before, settings, largest) {
  const input = pictureOf(before, largest) ?? { shape: [1, 5, 5], values: Array.from({ length: 25 }, (_, k) => k % 7) };
  const kept =
    before?.tensors.weight?.shape.length === 4 && before.op !== op && before.settings.groups === 1
      ? before.tensors.weight
      : null;
  const weight = kept ?? { shape: [1, 1, 2, 2], values: [1, 0, 0, 1] };
  const lead = op === "transpose" ? [input.shape[0], 1] : [1, input.shape[0]];
  const fitting = repeated(weight, lead);
  return {
    op,
    settings,
    tensors: { input, weight: fitting, bias: { shape: [1], values: [0] }, gradOutput: gradientOf(before) },
  };
}
