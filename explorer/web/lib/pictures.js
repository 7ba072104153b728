/**
 * The built-in pictures, each drawn by a formula: a colour for every point, x and y from 0 to 1, y down. Randomness is
 * a hash of place and seed, so a picture is the same in every browser.
 */

/** @typedef {[number, number, number]} Colour  0 to 255 each */
/** @typedef {(x: number, y: number) => Colour} Painter */

export const SIDE = 512;

/** A number in [0, 1) for a place on a grid of integers. @param {number} i @param {number} j @param {number} seed */
function hash(i, j, seed) {
  let h = Math.imul(i, 0x27d4eb2d) ^ Math.imul(j, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

const smooth = (/** @type {number} */ t) => t * t * (3 - 2 * t);
const clamp = (/** @type {number} */ u) => Math.min(1, Math.max(0, u));
const mix = (/** @type {Colour} */ a, /** @type {Colour} */ b, /** @type {number} */ t) =>
  /** @type {Colour} */ (a.map((u, c) => u + (b[c] - u) * t));

/** Smooth noise in [0, 1): hashes at integers, blended between. @param {number} x @param {number} y @param {number} seed */
function noise(x, y, seed) {
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smooth(x - i), smooth(y - j)];
  const at = (/** @type {number} */ di, /** @type {number} */ dj) => hash(i + di, j + dj, seed);
  return (at(0, 0) * (1 - u) + at(1, 0) * u) * (1 - v) + (at(0, 1) * (1 - u) + at(1, 1) * u) * v;
}

/** Noise of halving size and strength, in [0, 1). @param {number} x @param {number} y @param {number} seed @param {number} octaves */
function fractal(x, y, seed, octaves) {
  let [sum, strength, total] = [0, 1, 0];
  for (let k = 0; k < octaves; k++, strength /= 2) {
    sum += strength * noise(x * 2 ** k, y * 2 ** k, seed + k);
    total += strength;
  }
  return sum / total;
}

/** How much of the pixel a shape covers, from the distance to its edge (negative inside). @param {number} distance */
const cover = (distance) => clamp(0.5 - distance * SIDE);

/** @type {Painter} */
function sky(x, y) {
  const away = Math.hypot(x - 0.66, y - 0.3);
  const cloud = clamp((fractal(x * 3 + 7, y * 11, 5, 5) - 0.5) * 3.2) * clamp(1.1 - y * 1.7);
  const air = mix(mix([38, 62, 118], [250, 186, 128], clamp(y / 0.62) ** 1.4), [255, 226, 204], cloud * 0.75);
  return mix(mix(air, [255, 240, 190], 0.85 * Math.exp(-away * 9)), [255, 250, 226], cover(away - 0.062));
}

/** @type {Painter} */
function water(x, y) {
  const depth = y - shore(x);
  const ripple = fractal(x * 9, y * 130, 60, 4) - 0.5;
  const gleam = Math.exp(-(((x - 0.66) / (0.03 + 0.5 * clamp(depth))) ** 2)) * clamp(0.7 + ripple * 4);
  return mix(mix([64, 84, 116], [22, 34, 58], clamp(depth * 6) + ripple * 0.5), [255, 222, 170], clamp(gleam) * 0.8);
}

const shore = (/** @type {number} */ x) => 0.835 + 0.004 * Math.sin(x * 19);

/** Mountains from far to near: level and height of the ridge, how fast it changes, its colours at the top and below. */
const RIDGES = /** @type {{ level: number, height: number, rate: number, top: Colour, below: Colour }[]} */ ([
  { level: 0.5, height: 0.2, rate: 3.1, top: [122, 112, 146], below: [168, 138, 150] },
  { level: 0.62, height: 0.22, rate: 2.3, top: [70, 74, 108], below: [120, 98, 112] },
  { level: 0.76, height: 0.2, rate: 3.7, top: [28, 40, 52], below: [54, 66, 58] },
]);
const CREST = Array.from({ length: RIDGES.length }, () => /** @type {Map<number, number>} */ (new Map()));

/** The height of a ridge at x, the same for a whole column. @param {number} k @param {number} x */
function crest(k, x) {
  const { level, height, rate } = RIDGES[k];
  const found = CREST[k].get(x) ?? level - height * (fractal(x * rate + 13 * k, 3.7 * k, 20 + k, 7) - 0.35);
  CREST[k].set(x, found);
  return found;
}

/** Mountains under a low sun: soft and hard edges, fine texture, strong and weak contrast. @type {Painter} */
function landscape(x, y) {
  const edges = [...RIDGES.map((_, k) => crest(k, x)), shore(x)];
  const layer = (/** @type {number} */ k) => {
    if (k < 0) return sky(x, y);
    if (k === RIDGES.length) return water(x, y);
    const rock = fractal(x * 42, y * 60, 40 + k, 4) - 0.5;
    return mix(RIDGES[k].top, RIDGES[k].below, clamp(clamp((y - edges[k]) * 3) + rock * 0.9));
  };
  let nearest = edges.length - 1;
  while (nearest >= 0 && cover(edges[nearest] - y) === 0) nearest--;
  if (nearest < 0) return sky(x, y);
  const covered = cover(edges[nearest] - y);
  return covered === 1 ? layer(nearest) : mix(layer(nearest - 1), layer(nearest), covered);
}

/** Flat shapes with edges in every direction. @type {Painter} */
function shapes(x, y) {
  let colour = /** @type {Colour} */ ([236, 238, 242]);
  const over = (/** @type {Colour} */ paint, /** @type {number} */ distance) => {
    const part = cover(distance);
    if (part > 0) colour = mix(colour, paint, part);
  };
  const box = (/** @type {number} */ cx, /** @type {number} */ cy, /** @type {number} */ w, /** @type {number} */ h) =>
    Math.max(Math.abs(x - cx) - w, Math.abs(y - cy) - h);
  const disc = (/** @type {number} */ cx, /** @type {number} */ cy, /** @type {number} */ r) =>
    Math.hypot(x - cx, y - cy) - r;
  const half = (/** @type {number} */ angle, /** @type {number} */ at) =>
    x * Math.cos(angle) + y * Math.sin(angle) - at;
  over([213, 94, 0], disc(0.26, 0.27, 0.17));
  over([0, 114, 178], box(0.72, 0.26, 0.17, 0.15));
  over([0, 158, 115], Math.abs(disc(0.72, 0.72, 0.145)) - 0.032);
  over([20, 23, 31], disc(0.72, 0.72, 0.05));
  over([255, 255, 255], box(0.72, 0.26, 0.06, 0.05));
  over([20, 23, 31], Math.abs(half(Math.PI / 4, 0.72)) - 0.006);
  over([240, 180, 20], Math.max(half(-Math.PI / 6, -0.04), half((-5 * Math.PI) / 6, -0.49), half(Math.PI / 2, 0.82)));
  for (let k = 0; k < 6; k++) over([20, 23, 31], box(0.1 + 0.034 * k, 0.93, 0.002 + 0.0016 * k, 0.035));
  return colour;
}

/** Rings that grow finer outwards, from 0 to half a cycle per pixel: every frequency in every direction. @type {Painter} */
function rings(x, y) {
  const [dx, dy] = [(x - 0.5) * SIDE, (y - 0.5) * SIDE];
  const level = 127.5 + 127.5 * Math.cos(((dx * dx + dy * dy) * Math.PI) / SIDE);
  return [level, level, level];
}

/** A smooth ramp of colours under noise: on the left weak grain, on the right single pixels lost to black and white. @type {Painter} */
function noisy(x, y) {
  const [i, j] = [Math.floor(x * SIDE), Math.floor(y * SIDE)];
  const base = mix(mix([30, 60, 160], [240, 200, 90], x), mix([10, 120, 110], [220, 60, 70], x), y);
  const spot = mix(base, [250, 250, 250], cover(Math.hypot(x - 0.5, y - 0.5) - 0.22));
  const lost = hash(i, j, 9);
  if (x > 0.5 && lost < 0.06) return lost < 0.03 ? [0, 0, 0] : [255, 255, 255];
  const grain = hash(i, j, 1) + hash(i, j, 2) + hash(i, j, 3) + hash(i, j, 4) - 2; // near normal, σ = 0.58
  return /** @type {Colour} */ (spot.map((u) => u + (x > 0.5 ? 0 : 48) * grain));
}

/** Letters, 5×7 dots each, a row of dots as the bits of a number, leftmost highest. */
const LETTERS = {
  a: [0, 0, 14, 1, 15, 17, 15],
  b: [16, 16, 22, 25, 17, 17, 30],
  c: [0, 0, 14, 16, 16, 17, 14],
  d: [1, 1, 13, 19, 17, 17, 15],
  e: [0, 0, 14, 17, 31, 16, 14],
  f: [6, 9, 8, 28, 8, 8, 8],
  g: [0, 0, 15, 17, 15, 1, 14],
  h: [16, 16, 22, 25, 17, 17, 17],
  i: [4, 0, 12, 4, 4, 4, 14],
  l: [12, 4, 4, 4, 4, 4, 14],
  m: [0, 0, 26, 21, 21, 21, 21],
  n: [0, 0, 22, 25, 17, 17, 17],
  o: [0, 0, 14, 17, 17, 17, 14],
  p: [0, 0, 30, 17, 30, 16, 16],
  r: [0, 0, 22, 25, 16, 16, 16],
  s: [0, 0, 15, 16, 14, 1, 30],
  t: [8, 8, 28, 8, 8, 9, 6],
  u: [0, 0, 17, 17, 17, 19, 13],
  v: [0, 0, 17, 17, 17, 10, 4],
  w: [0, 0, 17, 17, 21, 21, 10],
  x: [0, 0, 17, 10, 4, 10, 17],
  y: [0, 0, 17, 17, 15, 1, 14],
};
const LINES = [
  "convolution",
  "is a sum",
  "of products",
  "a window moves",
  "over the picture",
  "and writes one",
  "number a step",
];
/** Pixels a dot, per line: large print to small print. */
const DOTS = [7, 7, 6, 5, 4, 3, 2];

/** Print in shrinking sizes on paper. @type {Painter} */
function print(x, y) {
  const [px, py] = [Math.floor(x * SIDE), Math.floor(y * SIDE)];
  const paper = 244 + 8 * (fractal(x * 60, y * 60, 3, 3) - 0.5);
  let top = 34;
  for (const [k, dots] of DOTS.entries()) {
    const row = Math.floor((py - top) / dots);
    if (row >= 0 && row < 7) {
      const column = Math.floor((px - 26) / dots);
      const letter = LETTERS[/** @type {keyof typeof LETTERS} */ (LINES[k][Math.floor(column / 6)])];
      if (column >= 0 && letter && (letter[row] >> (4 - (column % 6))) & 1 && column % 6 < 5) return [28, 28, 36];
    }
    top += dots * 12;
  }
  return [paper, paper - 2, paper - 10];
}

/** @type {Record<string, Painter>} */
export const PICTURES = { landscape, shapes, rings, noisy, print };

/** @typedef {{ width: number, height: number, data: Uint8ClampedArray<ArrayBuffer> }} Picture  RGBA bytes */

/** @param {string} name @returns {Picture} */
export function pictureOf(name) {
  const paint = PICTURES[name];
  const data = new Uint8ClampedArray(4 * SIDE * SIDE);
  for (let row = 0, at = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++, at += 4) {
      const [r, g, b] = paint((column + 0.5) / SIDE, (row + 0.5) / SIDE);
      data[at] = r;
      data[at + 1] = g;
      data[at + 2] = b;
      data[at + 3] = 255;
    }
  }
  return { width: SIDE, height: SIDE, data };
}
