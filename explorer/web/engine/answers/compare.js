/** Two drawings, networks or changed networks side by side (`explorer/draw/compare.py`). */

import { codesOf } from "../encode.js";
import { layoutOf, mapsOf } from "../maps.js";
import { stretches } from "../matching.js";
import { INPUT, valueOf } from "../network.js";
import { shownFor } from "../shown.js";
import { unravel } from "../../lib/visits.js";
import { predictionOf } from "./observe.js";
import { named } from "./sum.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("../network.js").Trace} Trace */
/** @typedef {import("../../lib/contract/draw.js").Server} Server */
/** @typedef {import("../../lib/contract/draw.js").Comparison} Comparison */
/** A step of each run that correspond, or of one alone. @typedef {{ first: number | null, second: number | null }} Pair */

/** @param {import("../shown.js").Library} library @param {Parameters<Server["compare"]>[0]} asked @returns {Promise<Comparison>} */
export async function compare(library, { first, second, drawn }) {
  const sides = [await shownFor(library, first), await shownFor(library, second)];
  const [one, two] = sides.map(({ trace }) => trace);
  const pairs = paired(one, two);
  const rows = pairs.map((pair) => rowOf(pair, one, two));
  const both = pairs.flatMap((pair, k) => (pair.first === null || pair.second === null ? [] : [k]));
  const wanted = drawn && both.find((k) => pairs[k].first === drawn[0]);
  const chosen = wanted ?? both.find((k) => !rows[k].identical) ?? both.at(-1) ?? null;
  const channel = drawn && wanted !== undefined ? drawn[1] : 0;
  return {
    sides: sides.map((shown) => ({
      title: shown.network.card.title,
      problem: null,
      prediction: predictionOf(shown),
    })),
    rows,
    chosen,
    maps: chosen === null ? null : mapsTold(pairs[chosen], one, two, channel),
  };
}

/** The steps of both runs in order, those of the same operation and shape side by side; the inputs first. @param {Trace} one @param {Trace} two @returns {Pair[]} */
function paired(one, two) {
  const shapes = [one, two].map(({ steps }) => steps.map(({ output }) => output.shape.join("×")));
  const keys = [one, two].map(({ steps }, side) => steps.map(({ op }, k) => `${op} ${shapes[side][k]}`));
  /** @type {Pair[]} */
  const found =
    one.input.shape.join() === two.input.shape.join()
      ? [{ first: INPUT, second: INPUT }]
      : [
          { first: INPUT, second: null },
          { first: null, second: INPUT },
        ];
  for (const { first, second } of stretches(keys[0], keys[1])) {
    const alike =
      shapes[0].slice(...first).join() === shapes[1].slice(...second).join() &&
      first[1] - first[0] === second[1] - second[0];
    const count = Math.max(first[1] - first[0], second[1] - second[0]);
    if (alike) for (let k = 0; k < count; k++) found.push({ first: first[0] + k, second: second[0] + k });
    else {
      for (let k = first[0]; k < first[1]; k++) found.push({ first: k, second: null });
      for (let k = second[0]; k < second[1]; k++) found.push({ first: null, second: k });
    }
  }
  return found;
}

/** a − b; 0 also where both are the same infinity. @param {Tensor} a @param {Tensor} b @returns {number[]} */
const differenceOf = ({ data: a }, { data: b }) => Array.from(a, (value, k) => (value === b[k] ? 0 : value - b[k]));

/** @param {Pair} pair @param {Trace} one @param {Trace} two @returns {Comparison["rows"][number]} */
function rowOf({ first, second }, one, two) {
  const names = { first: namedStep(one, first), second: namedStep(two, second) };
  if (first === null || second === null) return { ...names, identical: false, largest: null, relative: 0, place: [] };
  const [a, b] = [valueOf(one, first), valueOf(two, second)];
  const gaps = differenceOf(a, b).map(Math.abs);
  const at = gaps.reduce((best, gap, k) => (gap > gaps[best] || Number.isNaN(gap) ? k : best), 0);
  const scale = [a, b].reduce((most, { data }) => data.reduce((top, value) => Math.max(top, Math.abs(value)), most), 0);
  const largest = gaps[at];
  return {
    ...names,
    identical: a.data.every((value, k) => Object.is(value, b.data[k])),
    largest: named(largest),
    relative: largest && Number.isFinite(largest) && Number.isFinite(scale) ? largest / scale : 0,
    place: unravel(at, a.shape),
  };
}

/** @param {Trace} trace @param {number | null} index */
function namedStep(trace, index) {
  if (index === null) return null;
  const { shape } = valueOf(trace, index);
  if (index === INPUT) return { index, op: "input", path: "", shape };
  const { op, path } = trace.description.steps[index + 1];
  return { index, op, path, shape };
}

/** One page of maps of both runs and of their difference. @param {Pair} pair @param {Trace} one @param {Trace} two @param {number} channel @returns {Comparison["maps"]} */
function mapsTold({ first, second }, one, two, channel) {
  const [a, b] = [valueOf(one, first ?? INPUT), valueOf(two, second ?? INPUT)];
  const layout = layoutOf(a.shape);
  const start = channel >= 0 && channel < layout.channels ? channel : 0;
  const difference = { shape: a.shape, data: Float32Array.from(differenceOf(a, b)) };
  return {
    map: layout,
    first: start,
    pages: [a, b, difference].map((side) => codesOf(mapsOf(side, layout).slice(start, start + layout.perPage))),
  };
}
