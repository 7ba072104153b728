/** One drawing: its stages, maps and prediction; with a label, the maps of the loss's gradient (`explorer/screen/observe.py`). */

import { codesOf, greyCodes, greyOf, peakOf, rounded, toBase64 } from "../encode.js";
import { SIDE } from "../ink.js";
import { layoutsOf, mapsOf } from "../maps.js";
import { INPUT, scoresOf, valueOf } from "../network.js";
import { softmaxOf } from "../ops/softmax.js";
import { moves, warpOf } from "../perturb.js";
import { standsForExample } from "../prepare.js";
import { shownFor } from "../shown.js";
import { ordered, strengths } from "../strengths.js";
import { zeros } from "../tensor.js";
import { largestOf, smallestOf } from "../../lib/numbers.js";

/** @typedef {import("../shown.js").Shown} Shown */
/** @typedef {import("../shown.js").Library} Library */
/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("../../lib/contract/draw.js").ObserveRequest} ObserveRequest */
/** @typedef {import("../../lib/contract/draw.js").Observed} Observed */
/** @typedef {import("../../lib/contract/network.js").Maps} Maps */

/** @param {Library} library @param {ObserveRequest} asked @returns {Promise<Observed>} */
export async function observe(library, asked) {
  const shown = await shownFor(library, asked);
  const { trace, changes } = shown;
  const back = shown.back(asked.label);
  const changed = Object.keys(changes.parameters).length + Object.keys(changes.swaps).length > 0;
  const before = changed ? await shownFor(library, { ...asked, edits: [] }) : null;
  const gradients = back?.gradients ?? null;
  return {
    problem: null,
    stages: stagesOf(shown),
    prediction: predictionOf(shown),
    changed: changesTold(shown),
    before: before && predictionOf(before).probabilities,
    loss: back && { name: back.name, value: back.loss },
    fed: fedTold(shown),
    maps: pagesOf(shown, asked.wanted, gradients, asked.sort ?? "index"),
    peaks: peaksOf(shown, gradients),
    milliseconds: trace.milliseconds.map((each) => rounded(each, 3)),
    ...(trace.description.structure === asked.structure ? {} : { description: trace.description }),
  };
}

/** How the picture became the network's input. @param {Shown} shown @returns {import("../../lib/contract/network.js").Fed} */
function fedTold({ network, input }) {
  const { example, takes, shape } = network.card;
  return { example: standsForExample(network, input), kept: example !== null, takes, own: false, shape };
}

/** What the network sees, from its lowest value, black, to its highest, white; null where that is no picture. @param {Tensor} input @returns {import("../../lib/contract/draw.js").Coloured | null} */
function seenOf({ shape, data }) {
  const [, channels, height, width] = shape;
  if (shape.length !== 4 || ![1, 3].includes(channels)) return null;
  const [low, high] = [smallestOf(data), largestOf(data)];
  if (!Number.isFinite(high - low)) return null;
  const span = Math.fround(Math.max(Math.fround(high - low), 1e-12));
  const codes = greyCodes(data.map((x) => Math.fround(x - low) / span));
  const pixels = new Uint8Array(codes.length);
  for (let c = 0, k = 0; c < channels; c++)
    for (let place = 0; place < height * width; place++, k++) pixels[place * channels + c] = codes[k];
  return { width, height, channels, data: toBase64(pixels) };
}

/** @typedef {import("../../lib/contract/draw.js").InkStages} InkStages */

/** Where a picture comes from. @param {import("../input.js").Input} input @param {string[]} classes @returns {Pick<InkStages, "source" | "digit" | "held" | "run" | "label" | "dark" | "size" | "ink">} */
function fromTold({ given, scanned, stages }, classes) {
  if (scanned) {
    const { ink, dark, width, height } = scanned;
    return { source: "picture", dark, size: [width, height], ink: greyOf(ink.data, ink.width) };
  }
  if (!given) return { source: "strokes" };
  const [{ label }, ink] = [given, greyOf(stages.picture, SIDE)];
  if ("digit" in given) return { source: "digit", digit: given.digit, label: String(label), ink };
  return { source: "held", held: given.picture, run: given.run, label: classes[label] ?? String(label), ink };
}

/** @param {Shown} shown @returns {InkStages} */
export function stagesOf({ input, network, trace }) {
  const { stages, perturbation } = input;
  const { card } = network;
  const told = card.takes === "ink" && !(input.empty && card.example);
  return {
    ...fromTold(input, card.classes),
    empty: input.empty,
    mean: card.mean,
    std: card.std,
    kind: "ink",
    centred: stages.centred,
    box: stages.box,
    scale: stages.scale,
    mass: stages.mass,
    shift: stages.shift,
    pen: stages.penWidth,
    scaled: greyOf(stages.scaled, stages.scaledSide),
    picture: greyOf(input.picture, SIDE),
    unperturbed: perturbation && greyOf(stages.picture, SIDE),
    warp: perturbation && moves(perturbation) ? warpOf(perturbation, SIDE) : null,
    seen: told ? null : seenOf(trace.input),
  };
}

/** What may be said of the probabilities. @param {Shown} shown @returns {import("../../lib/contract/network.js").Prediction} */
export function predictionOf({ trace, input, network: { card } }) {
  const probabilities = softmaxOf(scoresOf(trace).data);
  if (!probabilities.every(Number.isFinite)) {
    const reason = "The scores are not numbers (NaN, or infinity from infinity): no probability follows from them";
    return { verdict: "none", classes: [], probabilities: [], threshold: null, reason };
  }
  const best = largestOf(probabilities);
  const { unsureBelow } = card;
  /** @type {import("../../lib/contract/network.js").Prediction["verdict"]} */
  let verdict = best >= unsureBelow ? "sure" : "unsure";
  if (unsureBelow === 0) verdict = "best";
  if (!card.trained || unsureBelow >= 1) verdict = "untrained";
  if (input.empty && !card.example) verdict = "empty";
  return { verdict, classes: card.classes, probabilities, threshold: unsureBelow };
}

/** Of each changed parameter, how many of its elements differ and by how much. @param {Shown} shown */
function changesTold({ network: { weights }, changes }) {
  /** @type {import("../../lib/contract/network.js").Changed} */
  const told = {};
  for (const [name, { data }] of Object.entries(changes.parameters)) {
    const differences = data.map((value, k) => Math.abs(value - weights[name].data[k]));
    const count = differences.reduce((sum, difference) => sum + Number(difference > 0), 0);
    if (count) told[name] = { count, of: data.length, largest: largestOf(differences) };
  }
  return told;
}

/** @param {Shown} shown @param {number} step @param {Map<number, Tensor> | null} gradients @returns {Tensor} */
const drawn = ({ trace }, step, gradients) =>
  gradients ? (gradients.get(step) ?? zeros(valueOf(trace, step).shape)) : valueOf(trace, step);

/** @param {Shown} shown @param {number[][]} wanted @param {Map<number, Tensor> | null} gradients @param {string} sort @returns {Maps[]} */
function pagesOf(shown, wanted, gradients, sort) {
  const layouts = layoutsOf(shown.trace);
  return wanted.flatMap(([step, first, ...rest]) => {
    const layout = layouts.get(step);
    if (!layout || first < 0 || first >= layout.channels) return [];
    const by = gradients === null && sort !== "activation" ? "index" : sort;
    const sorted =
      by !== "index" && layout.channels > 1
        ? strengths(valueOf(shown.trace, step), gradients?.get(step) ?? null, by)
        : null;
    const order = sorted ? ordered(sorted) : Array.from({ length: layout.channels }, (_, k) => k);
    const chosen = chosenOf(order.slice(first), layout, rest);
    const maps = mapsOf(drawn(shown, step, gradients), layout);
    return [
      {
        step,
        first,
        ...(sorted ? { strengths: chosen.map((k) => rounded(sorted[k])) } : {}),
        ...(sorted || rest.length > 1 ? { channels: chosen } : {}),
        ...codesOf(chosen.map((k) => maps[k])),
      },
    ];
  });
}

/** The channels of a page: `rest` says how many at most, and which come first whatever their place. @param {number[]} order @param {import("../maps.js").Layout} layout @param {number[]} rest */
function chosenOf(order, { channels, perPage }, rest) {
  const most = rest.length ? Math.max(0, Math.min(rest[0], perPage)) : perPage;
  const named = rest.slice(1).filter((channel) => channel >= 0 && channel < channels);
  return [...named, ...order.filter((channel) => !named.includes(channel))].slice(0, most);
}

/** @param {Shown} shown @param {Map<number, Tensor> | null} gradients */
function peaksOf(shown, gradients) {
  /** @type {Record<string, number>} */
  const peaks = {};
  for (let step = INPUT; step < shown.trace.steps.length; step++)
    peaks[step] = rounded(peakOf(drawn(shown, step, gradients).data));
  return peaks;
}
