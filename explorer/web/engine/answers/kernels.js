/** What a network has for the Kernels page: its maps as pictures, its learned kernels (`explorer/kernels/learned.py`). */

import { changesOf } from "../edits.js";
import { floatsToBase64 } from "../encode.js";
import { INPUT, valueOf } from "../network.js";
import { stepOf } from "../place.js";
import { shownFor } from "../shown.js";

/** @typedef {import("../shown.js").Library} Library */
/** @typedef {import("../network.js").Network} Network */
/** @typedef {import("../../lib/contract/kernels.js").Server} Server */

/** @param {Library} library @param {Parameters<Server["feature_map"]>[0]} asked */
export async function featureMap(library, { step, channel, ...asked }) {
  const { trace } = await shownFor(library, { label: null, ...asked });
  const opened = step === INPUT ? null : stepOf(trace, step);
  const { shape, data } = valueOf(trace, step);
  if (shape.length !== 4)
    throw new Error(`step ${step} gives a tensor of shape (${shape.join(", ")}), expected (1, C, H, W)`);
  const [, channels, height, width] = shape;
  if (!(channel >= 0 && channel < channels))
    throw new Error(`the channel is ${channel}, step ${step} has ${channels} channels, counted from 0`);
  const values = data.slice(channel * height * width, (channel + 1) * height * width);
  const name = opened ? `${step + 1} ${trace.description.steps[step + 1].path || opened.op}` : "input";
  return { name: `${name}, ${channel}`, height, width, values: floatsToBase64(values) };
}

/** The weights of convolutions with more than one tap. @param {Network} network */
const kernelsOf = ({ weights, plan }) =>
  plan.trained.flatMap((name) => {
    const { shape } = weights[name];
    return shape.length === 4 && Math.max(shape[2], shape[3]) > 1 ? [{ name, shape }] : [];
  });

/** @param {Library} library @param {{ model: string }} asked */
export async function learnedKernels(library, { model }) {
  return { weights: kernelsOf(await library(model)) };
}

/** @param {Library} library @param {Parameters<Server["learned_kernel"]>[0]} asked */
export async function learnedKernel(library, { model, edits, name, output, input }) {
  const network = await library(model);
  const names = kernelsOf(network).map((weight) => weight.name);
  if (!names.includes(name))
    throw new Error(`the model has no kernels called '${name}'; it has ${names.join(", ") || "none"}`);
  const { shape, data } = changesOf(network, edits).parameters[name] ?? network.weights[name];
  const [O, C, rows, columns] = shape;
  for (const [kind, channel, count] of /** @type {[string, number, number][]} */ ([
    ["output", output, O],
    ["input", input, C],
  ]))
    if (!(channel >= 0 && channel < count))
      throw new Error(`the ${kind} channel is ${channel}, ${name} has ${count}, counted from 0`);
  const at = (output * C + input) * rows * columns;
  return { rows, columns, values: Array.from(data.subarray(at, at + rows * columns)) };
}
