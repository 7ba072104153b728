/** Grey pictures resized and looked at in windows, as `torch.nn.functional` does it. */

import { largestOf } from "../lib/numbers.js";
import { upTo } from "./cells.js";

/** Rows of intensities. @typedef {{ height: number, width: number, data: Float32Array<ArrayBuffer> }} Plane */

/** @param {number} height @param {number} width @returns {Plane} */
export const blank = (height, width) => ({ height, width, data: new Float32Array(height * width) });

/** Each pixel by a function of it. @param {Plane} plane @param {(x: number, k: number) => number} value @returns {Plane} */
export const mapPlane = ({ height, width, data }, value) => ({ height, width, data: data.map(value) });

/** Columns as rows. @param {Plane} plane @returns {Plane} */
function turned({ height, width, data }) {
  const result = blank(width, height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) result.data[x * height + y] = data[y * width + x];
  return result;
}

/** Each row by a function that fills another of `width`; then each column likewise. @param {Plane} plane @param {number[]} size height and width @param {(row: Float32Array, into: Float32Array) => void} fill @returns {Plane} */
function byAxes(plane, [height, width], fill) {
  const along = (/** @type {Plane} */ given, /** @type {number} */ length) => {
    const result = blank(given.height, length);
    for (let y = 0; y < given.height; y++)
      fill(
        given.data.subarray(y * given.width, (y + 1) * given.width),
        result.data.subarray(y * length, (y + 1) * length),
      );
    return result;
  };
  return turned(along(turned(along(plane, width)), height));
}

/** The inputs of each output with their weights. @typedef {{ first: number, weights: number[] }[]} Taps */

/** Fills a row by taps, made once for each length. @param {(from: number, to: number) => Taps} tapsOf */
function weighing(tapsOf) {
  /** @type {Map<string, Taps>} */
  const known = new Map();
  return (/** @type {Float32Array} */ row, /** @type {Float32Array} */ into) => {
    const key = `${row.length} ${into.length}`;
    const taps = known.get(key) ?? tapsOf(row.length, into.length);
    known.set(key, taps);
    taps.forEach(({ first, weights }, k) => {
      let sum = 0;
      for (let j = 0; j < weights.length; j++) sum += weights[j] * row[first + j];
      into[k] = sum;
    });
  };
}

/** Triangles as wide as a pixel of the smaller picture: `mode="bilinear", antialias=True`. @param {number} from @param {number} to @returns {Taps} */
function triangles(from, to) {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return upTo(to).map((k) => {
    const centre = scale * (k + 0.5);
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const count = Math.min(Math.trunc(centre + support + 0.5), from) - first;
    const weights = upTo(count).map((j) => Math.max(0, 1 - Math.abs((j + first - centre + 0.5) / support)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
}

/** Between the two nearest: `mode="bilinear", align_corners=False`. @param {number} from @param {number} to @returns {Taps} */
const lines = (from, to) =>
  upTo(to).map((k) => {
    const at = Math.max(0, ((k + 0.5) * from) / to - 0.5);
    const first = Math.min(Math.floor(at), from - 1);
    return first + 1 < from ? { first, weights: [1 - (at - first), at - first] } : { first, weights: [1] };
  });

/** @param {Plane} plane @param {number[]} size height and width */
export const averaged = (plane, size) => byAxes(plane, size, weighing(triangles));

/** @param {Plane} plane @param {number[]} size height and width */
export const interpolated = (plane, size) => byAxes(plane, size, weighing(lines));

/** The pixel that each stands in: `mode="nearest"`. @param {Plane} plane @param {number[]} size height and width */
export const nearest = (plane, size) =>
  byAxes(plane, size, (row, into) => {
    for (let k = 0; k < into.length; k++)
      into[k] = row[Math.min(Math.floor((k * row.length) / into.length), row.length - 1)];
  });

/** The largest of each bin: `adaptive_max_pool2d`. @param {Plane} plane @param {number[]} size height and width */
export const largestOfBins = (plane, size) =>
  byAxes(plane, size, (row, into) => {
    for (let k = 0; k < into.length; k++) {
      const [first, end] = [
        Math.floor((k * row.length) / into.length),
        Math.ceil(((k + 1) * row.length) / into.length),
      ];
      into[k] = largestOf(row.subarray(first, end));
    }
  });

/** The largest in a square around each pixel. @param {Plane} plane @param {number} width odd, pixels */
export const dilated = (plane, width) =>
  byAxes(plane, [plane.height, plane.width], (row, into) => {
    const reach = (width - 1) / 2;
    for (let k = 0; k < row.length; k++) {
      let largest = -Infinity;
      for (let j = Math.max(0, k - reach); j <= Math.min(k + reach, row.length - 1); j++)
        if (row[j] > largest) largest = row[j];
      into[k] = largest;
    }
  });

/** The smallest in a square around each pixel. @param {Plane} plane @param {number} width odd, pixels */
export const eroded = (plane, width) =>
  mapPlane(
    dilated(
      mapPlane(plane, (x) => -x),
      width,
    ),
    (x) => -x,
  );

/** The sum around each pixel by weights along each axis; nothing lies outside. @param {Plane} plane @param {number[]} weights an odd number */
export const weighted = (plane, weights) =>
  byAxes(plane, [plane.height, plane.width], (row, into) => {
    const reach = (weights.length - 1) / 2;
    for (let k = 0; k < row.length; k++) {
      let sum = 0;
      for (let j = Math.max(-reach, -k); j <= Math.min(reach, row.length - 1 - k); j++)
        sum += weights[j + reach] * row[k + j];
      into[k] = sum;
    }
  });

/** The mean of what lies in a square around each pixel. @param {Plane} plane @param {number} width odd, pixels */
export function around(plane, width) {
  const ones = Array(width).fill(1);
  const [sums, counts] = [
    weighted(plane, ones),
    weighted(
      mapPlane(plane, () => 1),
      ones,
    ),
  ];
  return mapPlane(sums, (sum, k) => sum / counts.data[k]);
}
