/** The maps of a tensor as they are drawn: the layout is Python's, from the description (`Layout` of explorer/wire/trace.py). */

/** @typedef {import("../lib/contract/network.js").Layout} Layout */
/** @typedef {import("./tensor.js").Tensor} Tensor */

/** The layouts of a trace's steps that have one, by step. @param {import("./network.js").Trace} trace @returns {Map<number, Layout>} */
export const layoutsOf = ({ description }) =>
  new Map(description.steps.flatMap(({ index, map }) => (map ? [[index, map]] : [])));

/** One array for each map: the values, or of large maps the means of blocks. @param {Tensor} tensor @param {Layout} layout @returns {Float32Array<ArrayBuffer>[]} */
export function mapsOf({ shape, data }, { channels, block, rows, columns }) {
  const count = data.length / channels;
  const maps = Array.from({ length: channels }, (_, k) => data.subarray(k * count, (k + 1) * count));
  if (block === 1) return maps;
  const [height, width] = shape.slice(-2);
  return maps.map((map) => {
    const means = new Float32Array(rows * columns);
    for (let row = 0, at = 0; row < rows; row++)
      for (let column = 0; column < columns; column++, at++) {
        const [bottom, right] = [Math.min((row + 1) * block, height), Math.min((column + 1) * block, width)];
        let sum = 0;
        for (let y = row * block; y < bottom; y++)
          for (let x = column * block; x < right; x++) sum += map[y * width + x];
        means[at] = sum / ((bottom - row * block) * (right - column * block));
      }
    return means;
  });
}
