/** Curves from the maps that contribute to a value, as wide as what they contribute: where they run, without a page. */

import { largestOf, numberOf } from "./numbers.js";

/** A rectangle on the track, px. @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {import("./contract/draw.js").SourceLevel} SourceLevel */
/** What finds a tensor's element on the track, or its whole map; null where its step is not there. @typedef {(step: number, cell: number[], alone: boolean) => Box | null} Anchor */
/** A curve as SVG's path, how wide, px, and whether it adds or takes away. @typedef {{ d: string, width: number, adds: boolean, value: number, from: Box }} Curve */

/** Width of the widest curve of a sum, and of one that is too thin to be seen, px. */
const WIDEST = 7,
  THINNEST = 0.6;

/**
 * The curves of all levels. Maps that are left out share the place of what leads to them, and there one curve.
 * @param {SourceLevel[]} levels @param {Anchor} anchor @param {boolean} turned whether the network runs downwards @returns {Curve[]}
 */
export function curvesOf(levels, anchor, turned) {
  return levels.flatMap(({ step, cell, most, rest }) => {
    const to = anchor(step, cell, true);
    if (!to) return [];
    /** @type {Map<string, { from: Box, value: number }>} */
    const byPlace = new Map();
    const add = (/** @type {Box} */ from, /** @type {number} */ value) => {
      const key = `${from.x} ${from.y}`;
      byPlace.set(key, { from, value: (byPlace.get(key)?.value ?? 0) + value });
    };
    for (const each of most) {
      const from = anchor(each.step, each.cell, each.count === 1);
      if (from) add(from, numberOf(each.value));
    }
    const others = rest && most.length ? anchor(most[0].step, [], false) : null;
    if (rest && others) add(others, numberOf(rest.sum));
    const parts = [...byPlace.values()].filter(({ value }) => value && Number.isFinite(value));
    const largest = largestOf(parts.map(({ value }) => Math.abs(value)));
    return parts.map(({ from, value }) => ({
      d: pathOf(from, to, turned),
      width: Math.max(THINNEST, (WIDEST * Math.abs(value)) / largest),
      adds: value > 0,
      value,
      from,
    }));
  });
}

/** From the side of one rectangle to the facing side of another. @param {Box} from @param {Box} to @param {boolean} turned */
function pathOf(from, to, turned) {
  const [source, target] = [from, to].map(({ x, y, width, height }) => [x + width / 2, y + height / 2]);
  if (turned) {
    const [start, end] = [from.y + from.height, to.y];
    const middle = (start + end) / 2;
    return `M${source[0]} ${start}C${source[0]} ${middle} ${target[0]} ${middle} ${target[0]} ${end}`;
  }
  const [start, end] = [from.x + from.width, to.x];
  const middle = (start + end) / 2;
  return `M${start} ${source[1]}C${middle} ${source[1]} ${middle} ${target[1]} ${end} ${target[1]}`;
}
