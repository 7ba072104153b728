/** Paper and ink in a photograph: the light on the paper at each place, and what belongs to the digit. The twin of `core/data/paper.py`. */

import { largestOf } from "../lib/numbers.js";
import { upTo } from "./cells.js";
import { rounded } from "./ink.js";
import {
  around,
  averaged,
  dilated,
  eroded,
  interpolated,
  largestOfBins,
  mapPlane,
  nearest,
  weighted,
} from "./raster.js";

/** @typedef {import("./raster.js").Plane} Plane */

/** Longest side of the picture on which the paper's light is estimated, and of that whose connected parts are looked for, pixels. */
const [REDUCED, COARSE] = [160, 112];
/** Part of the longer side that is wider than any stroke. */
const WIDEST = 0.3;
/** Standard deviation of the average over the paper around a place, in longer sides. */
const NEAR = 0.06;
/** A part with less than this share of the ink is none of the digit's. */
const SPECK = 0.03;
/** Levels of grey among which the one between paper and ink is looked for. */
const BINS = 256;
/** Bare columns between two digits, and how high a digit is beside another one, in heights of the ink. */
const [GAP, HIGH] = [0.06, 0.5];

const sideOf = (/** @type {Plane} */ { height, width }) => Math.max(height, width);
const odd = (/** @type {number} */ width) => Math.max(3, Math.floor(rounded(width) / 2) * 2 + 1);

/** No larger than a side each way, averaged. @param {Plane} grey @param {number} side */
function reduced(grey, side) {
  const scale = side / sideOf(grey);
  if (scale >= 1) return grey;
  return averaged(
    grey,
    [grey.height, grey.width].map((n) => Math.max(1, rounded(n * scale))),
  );
}

/** Whether ink is darker than its paper: strokes are narrow, so what differs from around them is skew. @param {Plane} grey */
export function isDark(grey) {
  const small = reduced(grey, REDUCED);
  const mean = around(small, odd(WIDEST * sideOf(small)));
  return small.data.reduce((sum, x, k) => sum + (x - mean.data[k]) ** 3, 0) < 0;
}

/** Weights of a normal distribution; the deviation in longer sides. @param {Plane} plane @param {number} deviation */
function blurred(plane, deviation) {
  const sigma = deviation * sideOf(plane);
  const reach = Math.max(1, rounded(3 * sigma));
  const weights = upTo(2 * reach + 1).map((k) => Math.exp(-0.5 * ((k - reach) / sigma) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weighted(
    plane,
    weights.map((weight) => weight / total),
  );
}

/** How much darker than the paper. @param {Plane} paper @param {Plane} grey @param {boolean} shares of the paper's light, or a difference */
const relative = (paper, grey, shares) =>
  mapPlane(paper, (light, k) => (light - grey.data[k]) / (shares ? Math.max(light, 0.02) : 1));

/** How much darker each pixel is than the paper there, at least 0. @param {Plane} grey ink dark @param {boolean} shares */
export function contrastToPaper(grey, shares) {
  const small = reduced(grey, REDUCED);
  const width = odd(WIDEST * sideOf(small));
  const closed = eroded(dilated(small, width), width);
  const bare = relative(closed, small, shares);
  const level = otsu(bare.data) / 2;
  const paper = mapPlane(bare, (x) => Number(x <= level));
  const known = blurred(paper, NEAR);
  const light = mapPlane(
    blurred(
      mapPlane(small, (x, k) => x * paper.data[k]),
      NEAR,
    ),
    (sum, k) => {
      const average = sum / Math.max(known.data[k], 1e-3);
      return Math.min(closed.data[k], known.data[k] > 1e-2 ? average : closed.data[k]);
    },
  );
  const whole = interpolated(light, [grey.height, grey.width]);
  return mapPlane(relative(whole, grey, shares), (x) => Math.max(x, 0));
}

/** The level that parts values into two classes with the greatest variance between them. @param {Float32Array} values */
export function otsu(values) {
  const top = largestOf(values);
  const counts = new Float64Array(BINS);
  for (let k = 0; k < values.length; k++)
    if (values[k] >= 0) counts[Math.min(BINS - 1, Math.floor((values[k] * BINS) / top))] += 1;
  const level = (/** @type {number} */ bin) => ((bin + 0.5) * top) / BINS;
  const [all, sum] = counts.reduce(([n, s], count, bin) => [n + count, s + count * level(bin)], [0, 0]);
  let [below, sums, best, found] = [0, 0, -Infinity, 0];
  for (let bin = 0; bin < BINS - 1; bin++) {
    below += counts[bin];
    sums += counts[bin] * level(bin);
    const means = sums / Math.max(below, 1) - (sum - sums) / Math.max(all - below, 1);
    const between = below * (all - below) * means * means;
    if (between > best) [best, found] = [between, bin];
  }
  return ((found + 1) * top) / BINS;
}

/** For each pixel of a mask the number of its connected part, from 1; 0 elsewhere. @param {Plane} mask */
function partsOf({ height, width, data }) {
  const parts = new Int32Array(data.length);
  let count = 0;
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || parts[start]) continue;
    parts[start] = ++count;
    for (const waiting = [start]; waiting.length;) {
      const at = /** @type {number} */ (waiting.pop());
      const [row, column] = [Math.floor(at / width), at % width];
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++)
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const next = y * width + x;
          if (!data[next] || parts[next]) continue;
          parts[next] = count;
          waiting.push(next);
        }
    }
  }
  return { parts, count };
}

/** Which pixels belong to the digit or to bare paper: no specks, nothing that reaches in. @param {Plane} contrast @param {number} threshold @returns {Plane} 1 or 0 */
export function written(contrast, threshold) {
  const { height, width } = contrast;
  const longest = Math.max(height, width, COARSE);
  const size = [height, width].map((n) => Math.min(n, Math.max(1, rounded((n * COARSE) / longest))));
  const mask = largestOfBins(
    mapPlane(contrast, (x) => Number(x > threshold)),
    size,
  );
  const { parts, count } = partsOf(mask);
  const sizes = Array(count + 1).fill(0);
  const edge = new Set();
  parts.forEach((part, k) => {
    if (part) sizes[part] += 1;
    const [row, column] = [Math.floor(k / size[1]), k % size[1]];
    if (!row || !column || row === size[0] - 1 || column === size[1] - 1) edge.add(part);
  });
  const names = upTo(count).map((k) => k + 1);
  const [total, most] = [sizes.reduce((sum, each) => sum + each, 0), largestOf(sizes)];
  let wanted = names.filter((name) => sizes[name] >= SPECK * total || sizes[name] === most);
  const inner = wanted.filter((name) => !edge.has(name));
  if (inner.length) wanted = inner;
  const [foreign, own] = [false, true].map((is) =>
    dilated(
      mapPlane(mask, (_, k) => Number(parts[k] > 0 && wanted.includes(parts[k]) === is)),
      3,
    ),
  );
  const left = mapPlane(foreign, (x, k) => Number(x > 0 && own.data[k] === 0));
  return mapPlane(nearest(left, [height, width]), (x) => Number(x === 0));
}

/** From the first row with ink among some columns to the last, how many rows. @param {Plane} mask @param {number} first @param {number} end */
function heightOf({ height, width, data }, first, end) {
  let [top, bottom] = [height, -1];
  for (let y = 0; y < height; y++)
    for (let x = first; x < end; x++)
      if (data[y * width + x] > 0) {
        top = Math.min(top, y);
        bottom = y;
        break;
      }
  return Math.max(0, bottom - top + 1);
}

/** Whether digits stand beside each other: ink in two columns, both high, with bare paper between. @param {Plane} mask */
export function sideBySide(mask) {
  const high = heightOf(mask, 0, mask.width);
  const columns = upTo(mask.width).map((x) => heightOf(mask, x, x + 1) > 0);
  /** @type {number[][]} */
  const groups = [];
  columns.forEach((inked, x) => {
    if (!inked) return;
    const last = groups.at(-1);
    if (last && (last[1] === x || x - last[1] <= GAP * high)) last[1] = x + 1;
    else groups.push([x, x + 1]);
  });
  return groups.filter(([first, end]) => heightOf(mask, first, end) >= HIGH * high).length > 1;
}
