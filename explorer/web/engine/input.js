/** What a request shows the network: a drawing, made a picture and perturbed (`explorer/screen/inputs.py`). */

import { preprocess, SIDE } from "./ink.js";
import { perturbed } from "./perturb.js";

/**
 * `perturbation`: what was done to the picture, null where nothing was.
 * @typedef {{ stages: import("./ink.js").Stages, picture: Float32Array<ArrayBuffer>, perturbation: import("./perturb.js").Amounts | null, empty: boolean }} Input
 */

/** What the engine does not compute; the page has words for it. */
export class NeedsPython extends Error {}

/** @param {import("../lib/contract/draw.js").Shown} asked @returns {Input} */
export function read({ strokes, brush, centred, source, perturbation }) {
  if (source && source !== "example") throw new NeedsPython("pictures");
  const stages = preprocess(source ? [] : strokes, { brush, centred });
  const { picture, amounts } = perturbed(stages.picture, SIDE, perturbation ?? {});
  return { stages, picture, perturbation: amounts, empty: stages.box === null };
}
