/** What a request shows the network: a drawing, made a picture and perturbed (`explorer/screen/inputs.py`). */

import { fromBase64 } from "../lib/codes.js";
import { preprocess, readyMade, SIDE } from "./ink.js";
import { perturbed } from "./perturb.js";

/** A picture that a run holds back, with its pixels: whoever keeps runs adds them to a request. @typedef {{ run: string, picture: number, label: number, data: string }} Held */
/**
 * `perturbation`: what was done to the picture, null where nothing was; `held`: it is one that a run holds back.
 * @typedef {{
 *   stages: import("./ink.js").Stages, picture: Float32Array<ArrayBuffer>, perturbation: import("./perturb.js").Amounts | null, empty: boolean, held: Held | null,
 * }} Input
 */

/** What the engine does not compute; the page has words for it. */
export class NeedsPython extends Error {}

/** @param {import("../lib/contract/draw.js").Shown["source"]} source @returns {Held | null} */
function heldOf(source) {
  if (!source || source === "example") return null;
  if ("run" in source && "data" in source) return /** @type {Held} */ (source);
  throw new NeedsPython("pictures");
}

/** @param {import("../lib/contract/draw.js").Shown} asked @returns {Input} */
export function read({ strokes, brush, centred, source, perturbation }) {
  const held = heldOf(source);
  const stages = held
    ? readyMade(Float32Array.from(fromBase64(held.data), (code) => code / 255))
    : preprocess(source ? [] : strokes, { brush, centred });
  const { picture, amounts } = perturbed(stages.picture, SIDE, perturbation ?? {});
  return { stages, picture, perturbation: amounts, empty: stages.box === null, held };
}
