/** One picture changed on purpose, by known amounts: the twin of `core/data/perturbation.py`. */

import { normals } from "./random.js";

/** @typedef {{ thickness: number, scale: number, rotation: number, right: number, down: number, invert: boolean, noise: number, seed: number }} Amounts */
/** @typedef {Float32Array<ArrayBuffer>} Picture */

/** @type {Amounts} */
const AT_REST = { thickness: 0, scale: 1, rotation: 0, right: 0, down: 0, invert: false, noise: 0, seed: 0 };

/** Whether ink comes to lie elsewhere. @param {Amounts} amounts */
export const moves = ({ scale, rotation, right, down }) => scale !== 1 || rotation !== 0 || right !== 0 || down !== 0;

/** The matrix that takes places of the changed picture back to the unchanged one, pixels from the top left corner. @param {Amounts} amounts @param {number} side */
export function warpOf({ scale, rotation, right, down }, side) {
  const angle = rotation * (Math.PI / 180);
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const middle = side / 2;
  const [toX, toY] = [middle + right, middle + down];
  return [
    [cos, sin, middle - cos * toX - sin * toY],
    [-sin, cos, middle + sin * toX - cos * toY],
  ];
}

/**
 * A square picture, changed; `amounts` null where nothing was.
 * @param {Picture} picture intensity in [0, 1] @param {number} side @param {import("../lib/contract/draw.js").Perturbation} told amounts by name
 * @returns {{ picture: Picture, amounts: Amounts | null }}
 */
export function perturbed(picture, side, told) {
  const unknown = Object.keys(told).filter((name) => !(name in AT_REST));
  if (unknown.length) throw new Error(`there is no perturbation ${unknown.join(", ")}`);
  const amounts = /** @type {Amounts} */ ({ ...AT_REST, ...told });
  const off = { ...amounts, seed: 0 };
  if (Object.entries(AT_REST).every(([name, rest]) => off[/** @type {keyof Amounts} */ (name)] === rest))
    return { picture, amounts: null };
  let changed = picture;
  if (amounts.thickness) changed = widened(changed, side, amounts.thickness);
  if (moves(amounts)) changed = warped(changed, side, warpOf(amounts, side));
  if (amounts.invert) changed = changed.map((x) => 1 - x);
  if (amounts.noise) {
    const noise = normals(changed.length, amounts.seed);
    changed = changed.map((x, k) => Math.min(Math.max(x + amounts.noise * noise[k], 0), 1));
  }
  return { picture: changed, amounts };
}

/** Dilations (erosions below 0) of 3×3, each 2 pixels wider; the last one by its share. @param {Picture} picture @param {number} side @param {number} thickness @returns {Picture} */
function widened(picture, side, thickness) {
  const end = thickness > 0 ? Math.max : Math.min;
  let now = picture;
  for (let left = Math.abs(thickness) / 2; left > 0; left -= 1) {
    const share = Math.min(left, 1);
    now = now.map((own, k, all) => {
      const [row, column] = [Math.floor(k / side), k % side];
      let best = own;
      for (let y = Math.max(0, row - 1); y <= Math.min(side - 1, row + 1); y++)
        for (let x = Math.max(0, column - 1); x <= Math.min(side - 1, column + 1); x++)
          best = end(best, all[y * side + x]);
      return own + share * (best - own);
    });
  }
  return now;
}

/** The picture read between its pixels, outside paper. @param {Picture} picture @param {number} side @param {number[][]} warp @returns {Picture} */
function warped(picture, side, [[a, b, c], [d, e, f]]) {
  const at = (/** @type {number} */ row, /** @type {number} */ column) =>
    row >= 0 && row < side && column >= 0 && column < side ? picture[row * side + column] : 0;
  return picture.map((_, k) => {
    const [y, x] = [Math.floor(k / side) + 0.5, (k % side) + 0.5];
    const [column, row] = [a * x + b * y + c - 0.5, d * x + e * y + f - 0.5];
    const [left, top] = [Math.floor(column), Math.floor(row)];
    const [u, v] = [column - left, row - top];
    const mixed =
      (1 - v) * ((1 - u) * at(top, left) + u * at(top, left + 1)) +
      v * ((1 - u) * at(top + 1, left) + u * at(top + 1, left + 1));
    return Math.min(Math.max(mixed, 0), 1);
  });
}
