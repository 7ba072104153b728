/** The maps of a tensor as they are drawn: the layout is Python's, from the description (`Layout` of explorer/wire/trace.py). */

/** @typedef {import("../lib/contract/network.js").Layout} Layout */
/** @typedef {import("./tensor.js").Tensor} Tensor */

/** The layouts of a trace's steps that have one, by step. @param {import("./network.js").Trace} trace @returns {Map<number, Layout>} */
export const layoutsOf = ({ description }) =>
  new Map(description.steps.flatMap(({ index, map }) => (map ? [[index, map]] : [])));

/** Maps larger than this, in cells, travel as means of blocks. */
const LARGEST_SIDE = 56;
/** Most values, and most channels, that travel at once. */
const PAGE_VALUES = 40_000,
  PAGE_CHANNELS = 128;
/** A vector of more values is drawn in as many rows as columns. */
const LONGEST = 16;

/** How a tensor `(1, …)` is laid out as maps, whatever its step: `Layout.of` of explorer/wire/trace.py. @param {number[]} shape @returns {Layout} */
export function layoutOf(shape) {
  const size = shape.length > 1 ? shape.slice(1) : shape;
  if (size.length === 1) {
    const [count] = size;
    const columns = count <= LONGEST ? 1 : Math.ceil(Math.sqrt(count));
    return { size, channels: 1, rows: Math.ceil(count / columns), columns, count, block: 1, perPage: 1 };
  }
  const [height, width] = size.length === 2 ? [1, size[1]] : size.slice(-2);
  const maps = size.slice(0, Math.max(1, size.length - 2)).reduce((product, length) => product * length, 1);
  const block = Math.ceil(Math.max(height, width) / LARGEST_SIDE);
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  const fitting = Math.min(PAGE_CHANNELS, Math.max(1, Math.floor(PAGE_VALUES / (rows * columns))));
  const perPage = maps <= fitting ? maps : 2 ** Math.floor(Math.log2(fitting));
  return { size, channels: maps, rows, columns, count: rows * columns, block, perPage };
}

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
