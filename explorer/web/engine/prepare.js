/** What a network is fed. */

import { floatsFromBase64 } from "../lib/codes.js";
import { NeedsPython } from "./input.js";

/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./tensor.js").Tensor} Tensor */

/** A picture as a network takes it: `Card.prepare` for one grey picture of the network's own size. */

/** @param {import("./network.js").Card} card @param {Float32Array} picture intensity in [0, 1] @returns {Tensor} `(1, 1, H, W)` */
export function prepared({ shape, mean: [mean], std: [std] }, picture) {
  const [low, unit] = [Math.fround(mean), Math.fround(std)];
  return { shape: [1, ...shape], data: new Float32Array(picture.map((x) => Math.fround(x - low) / unit)) };
}

/** Whether its example stands for what is shown. @param {Network} network @param {Pick<import("./input.js").Input, "empty">} input */
export const standsForExample = ({ card }, { empty }) => card.example !== null && (empty || card.takes === "tensors");

/** Each network's example. @type {WeakMap<Network, Tensor>} */
const examples = new WeakMap();

/** What a network is fed for an input: the picture, or its example (`Explored.input` of explorer/models/library.py). @param {Network} network @param {import("./input.js").Input} input @returns {Tensor} */
export function fedWith(network, input) {
  const { example, takes } = network.card;
  if (!example || !standsForExample(network, input)) {
    if (takes !== "ink") throw new NeedsPython("ink for a network of pictures");
    return prepared(network.card, input.picture);
  }
  const known = examples.get(network) ?? { shape: example.shape, data: floatsFromBase64(example.data) };
  examples.set(network, known);
  return known;
}

/** What "nothing shown" is to a network: black, or zeros where it takes no pictures. @param {Network} network @param {Tensor} fed @returns {Tensor} */
export function baselineOf({ card: { takes, mean, std } }, { shape, data }) {
  const channels = shape[1];
  const place = data.length / shape[0] / channels;
  const black = (/** @type {number} */ c) =>
    takes === "tensors" ? 0 : Math.fround(0 - Math.fround(mean[c % mean.length])) / Math.fround(std[c % std.length]);
  return { shape, data: data.map((_, k) => black(Math.floor(k / place) % channels)) };
}
