/** Pen strokes as the picture that MNIST's makers would have made of them: the twin of `core/data/strokes.py`. */

import { largestOf, smallestOf } from "../lib/numbers.js";

/** @typedef {import("../lib/strokes.js").Stroke} Stroke */
/** @typedef {[number, number]} Point */
/**
 * Every stage between the pad and the network; pictures are rows of intensities in [0, 1].
 * @typedef {{
 *   centred: boolean, penWidth: number, box: number[] | null, scale: number, scaled: Float32Array<ArrayBuffer>, scaledSide: number, mass: Point, shift: Point,
 *   picture: Float32Array<ArrayBuffer>,
 * }} Stages
 */

export const SIDE = 28;
export const BOX = 20;
const MARGIN = (SIDE - BOX) / 2;
/** Width of MNIST's pen in its box, pixels. */
const PEN_WIDTH = 2.5;
const CENTRE = 14;
/** Ink smaller than this part of the pad is a dot. */
const SMALLEST = 1 / 16;
/** Points closer than this along the stroke, pixels of the picture, are left out. */
const SPACING = 0.25;
/** Side of the pad in the unit of the strokes. */
const PAD = 1;

/** To the nearest whole number, halves to the even one, as Python rounds. @param {number} value */
export function rounded(value) {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/** @param {Stroke[]} strokes @param {{ brush: number, centred: boolean }} how @returns {Stages} */
export function preprocess(strokes, { brush, centred }) {
  const lines = /** @type {Point[][]} */ (strokes).filter((line) => line.length);
  const penWidth = PEN_WIDTH * brush;
  const common = { centred, penWidth, shift: /** @type {Point} */ ([0, 0]) };
  if (!lines.length) {
    const side = centred ? BOX : SIDE;
    const [scaled, picture] = [new Float32Array(side * side), new Float32Array(SIDE * SIDE)];
    return { ...common, box: null, scale: 1, scaled, scaledSide: side, mass: [CENTRE, CENTRE], picture };
  }
  const points = lines.flat();
  const [low, high] = [Math.min, Math.max].map((end) =>
    points.reduce(([x, y], point) => [end(x, point[0]), end(y, point[1])], points[0]),
  );
  const box = [...low, ...high];
  if (!centred) {
    const scale = SIDE / PAD;
    const flat = rasterise(
      lines.map((line) => line.map(([x, y]) => [x * scale, y * scale])),
      SIDE,
      penWidth,
    );
    return { ...common, box, scale, scaled: flat, scaledSide: SIDE, mass: centreOfMass(flat, SIDE), picture: flat };
  }
  const extent = Math.max(high[0] - low[0], high[1] - low[1], PAD * SMALLEST);
  const scale = (BOX - penWidth) / extent;
  const middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
  const scaled = rasterise(
    lines.map((line) => line.map(([x, y]) => [(x - middle[0]) * scale + BOX / 2, (y - middle[1]) * scale + BOX / 2])),
    BOX,
    penWidth,
  );
  return { ...common, box, scale, scaled, scaledSide: BOX, ...massCentred(scaled) };
}

/** Ink paler than this share of the darkest is not counted into the bounding box. */
const VISIBLE = 0.1;

/** The stages that leave a picture alone: others prepared it (`preprocessed_already` of `core/data/photo.py`). @param {Float32Array<ArrayBuffer>} picture @returns {Stages} */
export function readyMade(picture) {
  return {
    centred: false,
    penWidth: 0,
    box: boxOf(picture, SIDE),
    scale: SIDE,
    scaled: picture,
    scaledSide: SIDE,
    mass: centreOfMass(picture, SIDE),
    shift: [0, 0],
    picture,
  };
}

/** Left, top, right and bottom of the visible ink, as shares of the side. @param {Float32Array} ink a square @param {number} side */
export function boxOf(ink, side) {
  const least = VISIBLE * largestOf(ink);
  const seen = [...ink.keys()].filter((k) => ink[k] > least);
  const [columns, rows] = [seen.map((k) => k % side), seen.map((k) => Math.floor(k / side))];
  const edges = [smallestOf(columns), smallestOf(rows), largestOf(columns) + 1, largestOf(rows) + 1];
  return edges.map((edge) => edge / side);
}

/** @param {Float32Array} scaled @returns {Pick<Stages, "mass" | "shift" | "picture">} */
export function massCentred(scaled) {
  const [column, row] = centreOfMass(scaled, BOX);
  const mass = /** @type {Point} */ ([column + MARGIN, row + MARGIN]);
  const shift = /** @type {Point} */ (mass.map((at) => rounded(Math.min(Math.max(CENTRE - at, -MARGIN), MARGIN))));
  const picture = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < BOX; y++)
    picture.set(scaled.subarray(y * BOX, (y + 1) * BOX), (y + MARGIN + shift[1]) * SIDE + MARGIN + shift[0]);
  return { mass, shift, picture };
}

/** The mean column and row of the ink; the middle where there is none. @param {Float32Array} picture @param {number} side @returns {Point} */
export function centreOfMass(picture, side) {
  let [total, across, down] = [0, 0, 0];
  picture.forEach((ink, k) => {
    total += ink;
    across += ink * (k % side);
    down += ink * Math.floor(k / side);
  });
  return total === 0 ? [CENTRE, CENTRE] : [across / total, down / total];
}

/**
 * picture[y, x] = clamp(width / 2 − distance(pixel centre, nearest segment) + 1/2, 0, 1)
 * @param {Point[][]} lines in pixels @param {number} side @param {number} width of the pen, pixels
 */
function rasterise(lines, side, width) {
  const nearest = new Float32Array(side * side).fill(Infinity);
  for (const line of lines.map(thinned)) {
    for (let k = 0; k < Math.max(1, line.length - 1); k++) nearSegment(nearest, side, line[k], line[k + 1] ?? line[k]);
  }
  return nearest.map((square) => Math.min(Math.max(width / 2 + 0.5 - Math.sqrt(square), 0), 1));
}

/** Lower each pixel's squared distance to that from a segment. @param {Float32Array} nearest @param {number} side @param {Point} start @param {Point} stop */
function nearSegment(nearest, side, [x0, y0], [x1, y1]) {
  const [spanX, spanY] = [x1 - x0, y1 - y0];
  const length = Math.max(spanX * spanX + spanY * spanY, 1e-12);
  for (let row = 0, k = 0; row < side; row++) {
    const dy = row + 0.5 - y0;
    for (let column = 0; column < side; column++, k++) {
      const dx = column + 0.5 - x0;
      const along = Math.min(Math.max((dx * spanX + dy * spanY) / length, 0), 1);
      const [across, down] = [dx - along * spanX, dy - along * spanY];
      const square = across * across + down * down;
      if (square < nearest[k]) nearest[k] = square;
    }
  }
}

/** The line without points that lie closer, along it, to a kept one. @param {Point[]} line */
function thinned(line) {
  if (line.length < 3) return line;
  let travelled = 0;
  let before = 0;
  return line.filter((point, k) => {
    if (k === 0) return true;
    travelled += Math.hypot(point[0] - line[k - 1][0], point[1] - line[k - 1][1]);
    const step = Math.floor(travelled / SPACING);
    const keep = step !== before || k === line.length - 1;
    before = step;
    return keep;
  });
}
