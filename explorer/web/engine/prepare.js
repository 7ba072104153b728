/** A picture as a network takes it: `Card.prepare` for one picture of the network's own size. */

/** @param {import("./network.js").Card} card @param {Float32Array} picture intensity in [0, 1] @returns {import("./tensor.js").Tensor} `(1, 1, H, W)` */
export function prepared({ shape, mean: [mean], std: [std] }, picture) {
  const [low, unit] = [Math.fround(mean), Math.fround(std)];
  return { shape: [1, ...shape], data: new Float32Array(picture.map((x) => Math.fround(x - low) / unit)) };
}
