/** Labelled pictures: read from one picture that holds them all, chosen and divided as `core/data/splits.py` does. */

import { rounded } from "../ink.js";
import { prepared } from "../prepare.js";
import { mersenneTwister, permutation } from "../random.js";

/** Grey bytes, 0 black, of `side`² each. @typedef {{ side: number, bytes: Uint8Array, labels: Uint8Array }} Pictures */
/** What is told beside the picture that holds them: how many stand in a row, and their labels. @typedef {{ side: number, columns: number, labels: number[] }} Sheet */
/** @typedef {import("../network.js").Card} Card */

/** Cut a sheet into its pictures. @param {Sheet} sheet @param {{ width: number, bytes: Uint8Array }} image @returns {Pictures} */
export function cutOut({ side, columns, labels }, { width, bytes }) {
  const cut = new Uint8Array(labels.length * side * side);
  for (let k = 0, at = 0; k < labels.length; k++)
    for (let y = 0; y < side; y++, at += side) {
      const from = (Math.floor(k / columns) * side + y) * width + (k % columns) * side;
      cut.set(bytes.subarray(from, from + side), at);
    }
  return { side, bytes: cut, labels: Uint8Array.from(labels) };
}

/** @param {Pictures} pictures @param {ArrayLike<number>} chosen @returns {Pictures} */
export function pick({ side, bytes, labels }, chosen) {
  const picked = new Uint8Array(chosen.length * side * side);
  for (let k = 0; k < chosen.length; k++)
    picked.set(bytes.subarray(chosen[k] * side * side, (chosen[k] + 1) * side * side), k * side * side);
  return { side, bytes: picked, labels: Uint8Array.from(chosen, (k) => labels[k]) };
}

/** Hold back a share of every class, drawn by the seed; at least so many of each, and one of each is kept. @param {Pictures} pictures @param {number} share @param {number} seed @param {number} [least] @returns {{ training: Pictures, held: Pictures }} */
export function holdBack(pictures, share, seed, least = 1) {
  const order = permutation(pictures.labels.length, mersenneTwister(seed));
  /** @type {Map<number, number[]>} */
  const places = new Map();
  for (const k of order) places.set(pictures.labels[k], [...(places.get(pictures.labels[k]) ?? []), k]);
  const held = new Set();
  for (const own of places.values()) {
    const count = Math.min(Math.max(rounded(own.length * share), share ? least : 0), own.length - 1);
    for (const k of own.slice(0, count)) held.add(k);
  }
  const sorted = order.toSorted();
  const part = (/** @type {boolean} */ back) =>
    pick(
      pictures,
      [...sorted].filter((k) => held.has(k) === back),
    );
  return { training: part(false), held: part(true) };
}

/** Makes batches of a network's inputs. @param {Card} card @param {Pictures} pictures */
export function feeding(card, { side, bytes }) {
  const intensities = Float32Array.from({ length: 256 }, (_, code) => Math.fround(code) / 255);
  const { data: inputs } = prepared(card, intensities);
  const count = side * side;
  /** @param {ArrayLike<number>} chosen @returns {import("../tensor.js").Tensor} */
  return (chosen) => {
    const data = new Float32Array(chosen.length * count);
    for (let n = 0, at = 0; n < chosen.length; n++)
      for (let k = chosen[n] * count, end = k + count; k < end; k++, at++) data[at] = inputs[bytes[k]];
    return { shape: [chosen.length, 1, side, side], data };
  };
}
