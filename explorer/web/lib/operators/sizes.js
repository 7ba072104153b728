/** The output's size, worked with the current numbers. */

/** "2·1" of equal padding on both sides, else both. @param {number} before @param {number} after */
const both = (before, after) => (before === after ? `2·${before}` : `${before} + ${after}`);

/**
 * "⌊(5 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 3" of each axis.
 * @param {{ rows: import("../conv.js").Axis, columns: import("../conv.js").Axis }} axes @param {boolean} [ceil] rounded up, a last window that starts outside left out
 */
export function sizesOf(axes, ceil = false) {
  const [open, close] = ceil ? ["⌈", "⌉"] : ["⌊", "⌋"];
  return {
    symbols: `${open}(H + 2·p − d·(k − 1) − 1) / s${close} + 1`,
    axes: /** @type {const} */ (["rows", "columns"]).map((axis) => {
      const { size, before, after, taps, dilation, stride, output, padded, span } = axes[axis];
      const left = ceil && Math.ceil((padded - span) / stride) + 1 > output;
      return {
        axis,
        output,
        text: `${open}(${size} + ${both(before, after)} − ${dilation}·(${taps} − 1) − 1) / ${stride}${close} + 1${left ? " − 1" : ""} = ${output}`,
      };
    }),
  };
}
