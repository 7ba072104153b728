/**
 * The network as a graph of columns: which modules can be folded, what is left of the steps when some are, and how the
 * edges between columns run without hiding each other.
 */

import { largestOf } from "./numbers.js";

/** @typedef {{ index: number, path: string, parents: number[] }} Node  `index` is -1 for the model's input */
/** A module whose steps stand side by side, positions `first` to `last`; `depth` counts the groups around it. @typedef {{ path: string, first: number, last: number, depth: number }} Group */
/** What one column hands to a later one; `lane` 0 is for neighbours. Positions are those of the shown columns. @typedef {{ from: number, to: number, lane: number }} Edge */

/** Lanes for the edges that pass over columns; more edges than that share the highest. */
const MOST_LANES = 9;

/** A step's fold: the name of its own column, as a module's is its path. @param {number} index */
export const stepFold = (index) => `!${index}`;

/** The modules around a step, outermost first: "a.b" is in "a" and "a.b". @param {string} path */
function modulesAround(path) {
  const parts = path ? path.split(".") : [];
  return parts.map((_, k) => parts.slice(0, k + 1).join("."));
}

/**
 * The modules of two steps or more, outermost first. One that holds the same steps as the module around it, or all of
 * the model's, is left out.
 * @param {Node[]} steps in execution order @returns {Group[]}
 */
export function groupsOf(steps) {
  /** @type {Group[]} */
  const found = [];
  /** @type {Map<string, number>} */
  const open = new Map();
  for (let at = 0; at <= steps.length; at++) {
    const around = at < steps.length ? modulesAround(steps[at].path) : [];
    for (const [path, first] of [...open].reverse()) {
      if (around.includes(path)) continue;
      open.delete(path);
      if (at - first > 1) found.push({ path, first, last: at - 1, depth: 0 });
    }
    for (const path of around) if (!open.has(path)) open.set(path, at);
  }
  const real = steps.filter(({ index }) => index >= 0).length;
  const kept = found
    .sort((a, b) => a.first - b.first || b.last - a.last || a.path.length - b.path.length)
    .filter(
      ({ first, last }, k, all) =>
        last - first + 1 < real && !(k > 0 && all[k - 1].first === first && all[k - 1].last === last),
    );
  for (const group of kept)
    group.depth = kept.filter(
      (other) => other !== group && other.first <= group.first && other.last >= group.last,
    ).length;
  return kept;
}

/**
 * For each step the position, among all steps, of the column that stands for it: its own, or the last one of the
 * outermost folded module around it, whose output is the module's.
 * @param {number} count of steps @param {Group[]} groups @param {Set<string>} folded @returns {number[]}
 */
export function representatives(count, groups, folded) {
  const found = Array.from({ length: count }, (_, at) => at);
  for (const { path, first, last } of [...groups].reverse()) {
    if (folded.has(path)) found.fill(last, first, last + 1);
  }
  return found;
}

/**
 * The edges between the shown columns. What passes over other columns gets a lane of its own, one for each source, short
 * ones below long ones.
 * @param {Node[]} steps @param {number[]} stands see `representatives` @returns {Edge[]}
 */
export function edgesOf(steps, stands) {
  const shown = [...new Set(stands)];
  const placeOf = new Map(shown.map((at, place) => [at, place]));
  const atOf = new Map(steps.map(({ index }, at) => [index, at]));
  /** @type {Map<string, Edge>} */
  const edges = new Map();
  steps.forEach(({ parents }, at) => {
    for (const parent of parents) {
      const from = placeOf.get(stands[atOf.get(parent) ?? -1]);
      const to = placeOf.get(stands[at]);
      if (from !== undefined && to !== undefined && from !== to) edges.set(`${from}-${to}`, { from, to, lane: 0 });
    }
  });
  const over = [...edges.values()].filter(({ from, to }) => to - from > 1);
  /** @type {Map<number, Edge[]>} */
  const bySource = new Map();
  for (const edge of over) bySource.set(edge.from, [...(bySource.get(edge.from) ?? []), edge]);
  const buses = [...bySource]
    .map(([from, members]) => ({ from, to: largestOf(members.map(({ to }) => to)), members }))
    .sort((a, b) => a.to - a.from - (b.to - b.from) || a.from - b.from);
  /** @type {{ from: number, to: number }[][]} */
  const lanes = [];
  for (const bus of buses) {
    const free = lanes.findIndex((taken) => taken.every(({ from, to }) => to <= bus.from || from >= bus.to));
    const lane = free >= 0 ? free : Math.min(lanes.length, MOST_LANES - 1);
    (lanes[lane] ??= []).push(bus);
    for (const edge of bus.members) edge.lane = lane + 1;
  }
  return [...edges.values()].sort((a, b) => a.from - b.from || a.to - b.to);
}

/**
 * What to fold at first, so that at most `most` columns are shown: the innermost modules, then those around them.
 * @param {number} count of steps @param {Group[]} groups @param {number} most @returns {Set<string>}
 */
export function foldedAtFirst(count, groups, most) {
  const folded = new Set();
  for (
    let depth = largestOf(
      groups.map((group) => group.depth),
      -1,
    );
    depth >= 0;
    depth--
  ) {
    if (new Set(representatives(count, groups, folded)).size <= most) break;
    for (const group of groups) if (group.depth === depth) folded.add(group.path);
  }
  return folded;
}
