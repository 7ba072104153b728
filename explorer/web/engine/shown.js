/** What is on screen, made from a request once: the twin of `explorer/screen/shown.py`. */

import { changesOf } from "./edits.js";
import { read } from "./input.js";
import { backward, run } from "./network.js";
import { fedWith } from "./prepare.js";

/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./network.js").Trace} Trace */
/** @typedef {import("./network.js").Backward} Backward */
/** @typedef {import("../lib/contract/draw.js").Drawing} Drawing */

/** @typedef {import("./input.js").Input} Input */
/** @typedef {{ network: Network, input: Input, changes: import("./network.js").Changes, trace: Trace, back: (label: number | null) => Backward | null }} Shown */
/** Finds the network of a name. @typedef {(name: string) => Promise<Network>} Library */

/** Screens that stay at hand: one with a model beside another, and one before its changes. */
const MOST = 6;

/** @type {Map<string, Shown>} */
const kept = new Map();

/** @param {Library} library @param {Drawing} asked @returns {Promise<Shown>} */
export async function shownFor(library, { model, edits, ...asked }) {
  const network = await library(model);
  const { strokes, brush, centred, source, perturbation } = asked;
  const key = JSON.stringify([model, edits, strokes, brush, centred, source, perturbation]);
  const found = kept.get(key) ?? made(network, read(asked, network.card.takes), edits);
  kept.delete(key);
  kept.set(key, found);
  if (kept.size > MOST) kept.delete([...kept.keys()][0]);
  return found;
}

/** @param {Network} network @param {Input} input @param {import("../lib/contract/draw.js").Edit[]} edits @returns {Shown} */
function made(network, input, edits) {
  const changes = changesOf(network, edits);
  const trace = run(network, fedWith(network, input), changes);
  /** @type {Backward | null} */
  let last = null;
  return {
    network,
    input,
    changes,
    trace,
    back(label) {
      if (label === null) return null;
      if (last?.label !== label) last = backward(trace, label);
      return last;
    },
  };
}
