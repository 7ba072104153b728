/** How far the engine's numbers are from PyTorch's, on drawings that Python ran and wrote out (explorer/publish/truth.py). */

import { read } from "../input.js";
import { run, scoresOf } from "../network.js";
import { prepared } from "../prepare.js";

/** @typedef {import("../../lib/strokes.js").Stroke} Stroke */
/** PyTorch's numbers: of each drawing, [place, value] of some cells of every step, and all scores. @typedef {{ torch: string, largest: number[], drawings: { cells: [number, number][][], scores: number[] }[] }} Told */
/** `apart`: the largest difference, of the largest number of its step. @typedef {{ torch: string, drawings: number, numbers: number, apart: number }} Truth */

/** Drawings between which others may ask. */
const TURN = 4;

/** @param {import("../shown.js").Library} library @param {{ model: string, strokes: Stroke[][], told: Told }} asked @returns {Promise<Truth>} */
export async function truth(library, { model, strokes, told }) {
  const network = await library(model);
  let [apart, numbers] = [0, 0];
  /** @param {number} found @param {number} wanted @param {number} step */
  const compare = (found, wanted, step) => {
    apart = Math.max(apart, Math.abs(found - wanted) / (told.largest[step] || 1));
    numbers += 1;
  };
  for (const [k, { cells, scores }] of told.drawings.entries()) {
    if (k % TURN === 0) await new Promise((done) => setTimeout(done, 0));
    const drawn = { strokes: strokes[k], brush: 1, centred: true };
    const trace = run(network, prepared(network.card, read(drawn, network.card.takes).picture));
    cells.forEach((places, step) =>
      places.forEach(([place, value]) => compare(trace.steps[step].output.data[place], value, step)),
    );
    scoresOf(trace).data.forEach((score, j) => compare(score, scores[j], network.plan.scores));
  }
  return { torch: told.torch, drawings: told.drawings.length, numbers, apart };
}
