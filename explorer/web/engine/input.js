/** What a request shows the network: a drawing, made a picture and perturbed (`explorer/screen/inputs.py`). */

import { fromBase64 } from "../lib/codes.js";
import { preprocess, readyMade, SIDE } from "./ink.js";
import { perturbed } from "./perturb.js";
import { preprocessScan, scanned as scannedOf } from "./photo.js";
import { Refused } from "./place.js";

/** A labelled picture with its pixels, one of MNIST's or one that a run holds back: whoever has it adds them to a request. @typedef {({ digit: number } | { run: string, picture: number }) & { label: number, data: string }} Given */
/**
 * `perturbation`: what was done to the picture, null where nothing was; `given`: it is a labelled one; `scanned`: paper and ink of a picture file.
 * @typedef {{
 *   stages: import("./ink.js").Stages, picture: Float32Array<ArrayBuffer>, perturbation: import("./perturb.js").Amounts | null, empty: boolean, given: Given | null, scanned: import("./photo.js").Scan | null,
 * }} Input
 */

/** What the engine does not compute; the page has words for it. */
export class NeedsPython extends Error {}

/** A picture file that is sent as it is. @typedef {{ width: number, height: number, data: string }} Sent */
/** @param {import("../lib/contract/draw.js").Shown["source"]} source @returns {source is Sent} */
const isSent = (source) => source !== null && source !== undefined && source !== "example" && "width" in source;

/** @param {import("../lib/contract/draw.js").Shown["source"]} source @returns {Given | null} */
function givenOf(source) {
  if (!source || source === "example" || isSent(source)) return null;
  if ("label" in source) return /** @type {Given} */ (/** @type {unknown} */ (source));
  if (!("digit" in source)) throw new NeedsPython("pictures");
  const told = { index: source.digit };
  throw new Refused(`picture ${told.index} of MNIST did not come along`, "engine.digit", told);
}

/** @param {import("../lib/contract/draw.js").Shown} asked @param {string} takes what the network takes @returns {Input} */
export function read({ strokes, brush, centred, source = null, perturbation }, takes) {
  const given = givenOf(source);
  if (isSent(source) && takes !== "ink") throw new NeedsPython("pictures in colours");
  const scanned = isSent(source) ? scannedOf(source) : null;
  const stages = scanned
    ? preprocessScan(scanned, centred)
    : given
      ? readyMade(Float32Array.from(fromBase64(given.data), (code) => code / 255))
      : preprocess(source ? [] : strokes, { brush, centred });
  const { picture, amounts } = perturbed(stages.picture, SIDE, perturbation ?? {});
  return { stages, picture, perturbation: amounts, empty: stages.box === null, given, scanned };
}
