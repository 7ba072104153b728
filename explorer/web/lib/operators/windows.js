/** Where the windows of a pooling lie, or why there are none, as `core.ops.geometry.pool_windows` says it. */

/** @typedef {import("../conv.js").Axis} Axis */
/** @typedef {import("../arithmetic.js").Refusal} Refusal */
/** @typedef {"rows" | "columns"} AxisName */

/**
 * @param {number[]} extents rows and columns of the input
 * @param {{ kernel: number[], stride: number[], padding: number[], dilation: number[], ceil: boolean }} moves
 * @returns {{ axes: { rows: Axis, columns: Axis }, refusal: null } | { axes: null, refusal: Refusal }}
 */
export function poolWindows(extents, { kernel, stride, padding, dilation, ceil }) {
  const axes = extents.map((size, axis) => {
    const [taps, step, before, gap] = [kernel[axis], stride[axis], padding[axis], dilation[axis]];
    const [span, padded] = [gap * (taps - 1) + 1, size + 2 * before];
    const reach = Math.floor((padded - span + (ceil ? step - 1 : 0)) / step) + 1;
    const output = ceil && (reach - 1) * step >= size + before ? reach - 1 : reach;
    return { size, before, after: before, padded, taps, span, stride: step, dilation: gap, output };
  });
  for (const [index, axis] of /** @type {const} */ (["rows", "columns"]).entries()) {
    const { size, before, padded, taps, span, stride: step, dilation: gap, output } = axes[index];
    const refuse = (/** @type {string} */ reason, /** @type {Record<string, number>} */ numbers) => ({
      axes: null,
      refusal: { reason, axis, numbers },
    });
    if (2 * before > taps) return refuse("half", { padding: before, window: taps });
    if (output < 1) return refuse("span", { span, padded });
    for (let k = 0; k < output && k * step < before; k++) {
      const first = (((k * step - before) % gap) + gap) % gap;
      if (first >= size) return refuse("over", { dilation: gap, size });
    }
  }
  return { axes: { rows: axes[0], columns: axes[1] }, refusal: null };
}

/** For each window of an axis how many elements it counts: of the padded input, or only of the input. @param {Axis} axis @param {boolean} padding whether padding counts */
export function divisorsOf({ size, before, taps, stride, output }, padding) {
  const [low, high] = padding ? [-before, size + before] : [0, size];
  return Array.from(
    { length: output },
    (_, y) => Math.min(y * stride - before + taps, high) - Math.max(y * stride - before, low),
  );
}

/** How far the last window reaches beyond the input's end, at least the padding. @param {Axis} axis */
export const beyond = ({ size, before, span, stride, output }) =>
  Math.max(before, (output - 1) * stride - before + span - size);
