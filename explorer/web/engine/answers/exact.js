/** Every number of a tensor as float32 (`explorer/draw/exports.py`). */

import { floatsToBase64 } from "../encode.js";
import { INPUT, valueOf } from "../network.js";
import { needsLabel, stepOf } from "../place.js";
import { shownFor } from "../shown.js";
import { zeros } from "../tensor.js";

/** @typedef {import("../shown.js").Shown} Shown */
/** @typedef {import("../../lib/contract/draw.js").AtPlace} AtPlace */

/** @param {import("../shown.js").Library} library @param {AtPlace} asked */
export async function exact(library, asked) {
  const { shape, data } = tensorOf(await shownFor(library, asked), asked);
  return { shape, data: floatsToBase64(data) };
}

/** The tensor of a place: a step's output, the gradient that arrives at it, or a parameter. @param {Shown} shown @param {AtPlace} asked @returns {import("../tensor.js").Tensor} */
export function tensorOf({ trace, back }, { step, of, label }) {
  const opened = step === INPUT ? null : stepOf(trace, step);
  const value = valueOf(trace, step);
  if (of === "output") return (back(label) ?? needsLabel()).gradients.get(step) ?? zeros(value.shape);
  if (!of) return value;
  if (!opened || !(of in opened.parameters)) {
    const known = Object.keys(opened?.parameters ?? {}).join(", ") || "none";
    throw new Error(`step ${step + 1} has no parameter '${of}'; its parameters: ${known}`);
  }
  return opened.arguments[of];
}
