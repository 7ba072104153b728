/** Where a number comes from: which maps contribute most to its sum (`explorer/draw/sources.py`, `core/explain/contributions.py`). */

import { INPUT, logitsStep } from "../network.js";
import { OPERATORS } from "../ops/index.js";
import { checkCell, stepOf } from "../place.js";
import { shownFor } from "../shown.js";
import { named } from "./sum.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../network.js").Trace} Trace */
/** @typedef {import("../../lib/contract/draw.js").AtPlace} AtPlace */
/** @typedef {import("../../lib/contract/draw.js").SourceLevel} SourceLevel */
/** What one map adds to a sum: `cell`, the one whose term weighs most; `count`: how many terms read the map. @typedef {{ step: number, cell: number[], value: number, count: number }} Contribution */

/** Most contributions of one sum that travel one by one; the others as their sum. */
const MOST_CURVES = 12;

/** @param {import("../shown.js").Library} library @param {AtPlace} asked @returns {Promise<{ levels: SourceLevel[] }>} */
export async function sources(library, asked) {
  const { trace } = await shownFor(library, asked);
  const place = placeOf(trace, asked);
  return { levels: place ? levelsOf(trace, ...place).map(told) : [] };
}

/** Step and cell of the value that a place is about, of a class its logit; null where it is about none. @param {Trace} trace @param {AtPlace} asked @returns {[number, number[]] | null} */
export function placeOf(trace, { step, of, cell }) {
  const at = of === "class" ? logitsStep(trace) : of ? INPUT : step;
  if (at === INPUT) return null;
  const opened = stepOf(trace, at);
  checkCell(opened.output.shape, cell, `step ${at + 1} (${opened.op})`);
  return [at, cell];
}

/** What contributes to a value, and further down while a single value makes it. @param {Trace} trace @param {number} step @param {number[]} cell */
function levelsOf(trace, step, cell) {
  /** @type {{ step: number, cell: number[], contributions: Contribution[] }[]} */
  const levels = [];
  for (;;) {
    const contributions = contributionsOf(trace.steps[step], cell);
    levels.push({ step, cell, contributions });
    const [only] = contributions;
    if (contributions.length !== 1 || only.count !== 1 || only.step < 0) return levels;
    ({ step, cell } = only);
  }
}

/** What each map that a sum reads adds to it, the largest first. @param {Step} step @param {number[]} cell */
function contributionsOf(step, cell) {
  const { addends, winner } = OPERATORS[step.op].terms(step, cell);
  return addends.flatMap((rows) => byMap(step, rows, winner)).sort((a, b) => weight(b.value) - weight(a.value));
}

const weight = (/** @type {number} */ value) => (Number.isNaN(value) ? Infinity : Math.abs(value));

/** @param {Step} step @param {import("../terms.js").Addends} addends @param {number | null} winner @returns {Contribution[]} */
function byMap(step, { factors, products, outside }, winner) {
  return factors.flatMap(({ argument, cells }) => {
    const parent = step.parents[argument];
    if (parent === undefined) return [];
    /** @type {Map<string, Contribution & { most: number, map: number[] }>} */
    const maps = new Map();
    products.forEach((product, k) => {
      if (outside?.[k] || (winner !== null && k !== winner)) return;
      const map = cells[k].slice(0, Math.max(2, cells[k].length - 2));
      const key = map.join();
      const known = maps.get(key) ?? { step: parent, cell: cells[k], value: 0, count: 0, most: -1, map };
      known.value += product;
      known.count += 1;
      if (Math.abs(product) > known.most) [known.most, known.cell] = [Math.abs(product), cells[k]];
      maps.set(key, known);
    });
    return [...maps.values()]
      .sort((a, b) => compare(a.map, b.map))
      .map(({ step: from, cell, value, count }) => ({ step: from, cell, value, count }));
  });
}

/** @param {number[]} a @param {number[]} b */
function compare(a, b) {
  const axis = a.findIndex((at, k) => at !== b[k]);
  return axis < 0 ? 0 : a[axis] - b[axis];
}

/** @param {ReturnType<typeof levelsOf>[number]} level @returns {SourceLevel} */
function told({ step, cell, contributions }) {
  const [most, rest] = [contributions.slice(0, MOST_CURVES), contributions.slice(MOST_CURVES)];
  return {
    step,
    cell,
    most: most.map((each) => ({ ...each, value: named(each.value) })),
    rest: rest.length ? { count: rest.length, sum: named(rest.reduce((sum, { value }) => sum + value, 0)) } : null,
  };
}
