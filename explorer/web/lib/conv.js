/**
 * Cross-correlation of planes of numbers with one kernel, the browser's twin of `core.ops.conv2d` on `(C, 1, H, W)`
 * with a weight of `(1, 1, kH, kW)`:
 *
 *   sums[c, y, x] = Σ_{i,j} weight[i, j] · padded[c, y·sH + i·dH, x·sW + j·dW]
 *
 * Everything is a sum of shifted planes, so one loop, `accumulate`, serves the direct sum, the two passes of a separable
 * kernel and the change of one weight. Numbers are float64: what is read out needs no tolerance for the order of sums.
 */

/** @typedef {{ rows: number, columns: number, values: number[] }} Kernel */
/** @typedef {"zeros" | "reflect" | "replicate" | "circular"} PaddingMode */
/**
 * How the kernel moves: pairs are rows, columns; `padding` is "same", "valid" or how much on both sides of each axis.
 * @typedef {{ stride: [number, number], dilation: [number, number], padding: "same" | "valid" | [number, number], mode: PaddingMode }} Moves
 */
/**
 * One axis: `size` elements, padded by `before` and `after`; `output` windows of `taps` taps that span `span` elements.
 * @typedef {{ size: number, before: number, after: number, padded: number, taps: number, span: number, stride: number, dilation: number, output: number }} Axis
 */
/** @typedef {{ rows: Axis, columns: Axis, mode: PaddingMode }} Geometry */
/** Why no window fits: a key of the page's words and its numbers. @typedef {{ reason: string, axis: "rows" | "columns", numbers: Record<string, number> }} Refusal */

/**
 * Where the windows lie, or why there are none, as `F.conv2d` says it. "same" splits its total like torch: an odd one
 * has the extra element after.
 * @param {number} height @param {number} width @param {Kernel} kernel @param {Moves} moves
 * @returns {{ geometry: Geometry, refusal: null } | { geometry: null, refusal: Refusal }}
 */
export function windowsOf(height, width, kernel, { stride, dilation, padding, mode }) {
  const axes = [height, width].map((size, axis) => {
    const taps = axis === 0 ? kernel.rows : kernel.columns;
    const span = dilation[axis] * (taps - 1) + 1;
    const before = padding === "same" ? Math.floor((span - 1) / 2) : padding === "valid" ? 0 : padding[axis];
    const after = padding === "same" ? span - 1 - before : before;
    const padded = size + before + after;
    const output = Math.floor((padded - span) / stride[axis]) + 1;
    return { size, before, after, padded, taps, span, stride: stride[axis], dilation: dilation[axis], output };
  });
  for (const [index, axis] of axes.entries()) {
    const name = /** @type {const} */ (["rows", "columns"])[index];
    const most = Math.max(axis.before, axis.after);
    const refuse = (/** @type {string} */ reason, /** @type {Record<string, number>} */ numbers) => ({
      geometry: null,
      refusal: { reason, axis: name, numbers },
    });
    if (mode === "reflect" && most >= axis.size) return refuse("reflect", { padding: most, size: axis.size });
    if (mode === "circular" && most > axis.size) return refuse("circular", { padding: most, size: axis.size });
    if (axis.span > axis.padded) return refuse("span", { span: axis.span, padded: axis.padded });
  }
  return { geometry: { rows: axes[0], columns: axes[1], mode }, refusal: null };
}

/**
 * The element of an axis of `size` that stands at `index` of the padded axis (0 is the first element); -1 is a zero.
 * @param {number} index @param {number} size @param {PaddingMode} mode
 */
export function sourceOf(index, size, mode) {
  if (index >= 0 && index < size) return index;
  if (mode === "zeros") return -1;
  if (mode === "replicate") return index < 0 ? 0 : size - 1;
  if (mode === "circular") return ((index % size) + size) % size;
  return index < 0 ? -index : 2 * (size - 1) - index;
}

/**
 * The plane with its padding around it.
 * @param {Float64Array} plane `H × W` @param {Geometry} geometry @returns {Float64Array} `rows.padded × columns.padded`
 */
export function padded(plane, { rows, columns, mode }) {
  const result = new Float64Array(rows.padded * columns.padded);
  const { size, before } = columns;
  const beside = Array.from({ length: columns.padded }, (_, at) => at - before).filter(
    (col) => (col < 0 || col >= size) && sourceOf(col, size, mode) >= 0,
  );
  for (let row = 0, line = 0; row < rows.padded; row++, line += columns.padded) {
    const source = sourceOf(row - rows.before, rows.size, mode);
    if (source < 0) continue;
    result.set(plane.subarray(source * size, (source + 1) * size), line + before);
    for (const col of beside) result[line + before + col] = plane[source * size + sourceOf(col, size, mode)];
  }
  return result;
}

/**
 * out[y, x] += Σ_k weights[k] · plane[y·rowStep + x·columnStep + offsets[k]], row by row so that the output's row stays
 * in the cache, four terms at a time so that it is loaded and stored a quarter as often.
 * @param {Float64Array} out @param {number} outH @param {number} outW
 * @param {Float64Array} plane @param {number} rowStep @param {number} columnStep
 * @param {number[]} offsets @param {number[]} weights
 */
export function accumulate(out, outH, outW, plane, rowStep, columnStep, offsets, weights) {
  for (let y = 0; y < outH; y++) {
    const [line, base] = [y * outW, y * rowStep];
    let k = 0;
    for (; k + 4 <= weights.length; k += 4) {
      const w0 = weights[k],
        w1 = weights[k + 1],
        w2 = weights[k + 2],
        w3 = weights[k + 3];
      const p0 = base + offsets[k],
        p1 = base + offsets[k + 1],
        p2 = base + offsets[k + 2],
        p3 = base + offsets[k + 3];
      for (let x = 0, at = 0; x < outW; x++, at += columnStep) {
        out[line + x] += w0 * plane[p0 + at] + w1 * plane[p1 + at] + w2 * plane[p2 + at] + w3 * plane[p3 + at];
      }
    }
    for (; k < weights.length; k++) {
      const [weight, first] = [weights[k], base + offsets[k]];
      for (let x = 0, at = 0; x < outW; x++, at += columnStep) out[line + x] += weight * plane[first + at];
    }
  }
}

/** Where tap k of a window lies in a padded plane, from the window's first element. @param {number} k @param {Geometry} geometry */
export const offsetOf = (k, { rows, columns }) =>
  Math.floor(k / columns.taps) * rows.dilation * columns.padded + (k % columns.taps) * columns.dilation;

/**
 * Add to `sums` what the taps with a weight other than 0 contribute. With the difference of two kernels this turns the
 * sums of one into those of the other: convolution is linear in its kernel.
 * @param {Float64Array} sums @param {Float64Array} plane padded @param {ArrayLike<number>} weights `taps × taps` @param {Geometry} geometry
 */
export function addTaps(sums, plane, weights, geometry) {
  const { rows, columns } = geometry;
  const [offsets, used] = /** @type {[number[], number[]]} */ ([[], []]);
  for (let k = 0; k < weights.length; k++) {
    if (weights[k] === 0) continue;
    offsets.push(offsetOf(k, geometry));
    used.push(weights[k]);
  }
  accumulate(sums, rows.output, columns.output, plane, rows.stride * columns.padded, columns.stride, offsets, used);
}

/**
 * Add the same sums for the kernel vertical ⊗ horizontal, in two passes: rows first, then columns.
 * @param {Float64Array} sums @param {Float64Array} plane padded @param {number[]} vertical @param {number[]} horizontal @param {Geometry} geometry
 */
export function addTwoPasses(sums, plane, vertical, horizontal, { rows, columns }) {
  const between = new Float64Array(rows.padded * columns.output);
  const across = horizontal.map((_, j) => j * columns.dilation);
  const down = vertical.map((_, i) => i * rows.dilation * columns.output);
  accumulate(between, rows.padded, columns.output, plane, columns.padded, columns.stride, across, horizontal);
  accumulate(sums, rows.output, columns.output, between, rows.stride * columns.output, 1, down, vertical);
}

/** The kernel rotated by 180°: correlating with it is the convolution of mathematics. @param {Kernel} kernel @returns {Kernel} */
export const rotated = (kernel) => ({ ...kernel, values: [...kernel.values].reverse() });

/**
 * The terms behind one output element, in the kernel's order.
 * @param {ArrayLike<number>} plane `H × W`, without padding @param {Kernel} kernel @param {Geometry} geometry @param {number} y @param {number} x
 * @returns {{ terms: { row: number, column: number, inside: boolean, value: number, weight: number, product: number }[], sum: number }}
 * `row` and `column` may lie in the padding (`inside` false)
 */
export function termsOf(plane, kernel, { rows, columns, mode }, y, x) {
  let sum = 0;
  const terms = kernel.values.map((weight, k) => {
    const row = y * rows.stride - rows.before + Math.floor(k / columns.taps) * rows.dilation;
    const column = x * columns.stride - columns.before + (k % columns.taps) * columns.dilation;
    const [fromRow, fromColumn] = [sourceOf(row, rows.size, mode), sourceOf(column, columns.size, mode)];
    const value = fromRow < 0 || fromColumn < 0 ? 0 : plane[fromRow * columns.size + fromColumn];
    sum += weight * value;
    return {
      row,
      column,
      inside: row >= 0 && row < rows.size && column >= 0 && column < columns.size,
      value,
      weight,
      product: weight * value,
    };
  });
  return { terms, sum };
}

/** For each element of an axis 1 where at least one window reaches it, else 0. @param {Axis} axis */
export function reached({ size, before, taps, stride, dilation, output }) {
  const seen = new Uint8Array(size);
  for (let y = 0; y < output; y++) {
    for (let i = 0; i < taps; i++) {
      const at = y * stride - before + i * dilation;
      if (at >= 0 && at < size) seen[at] = 1;
    }
  }
  return seen;
}

/** How many elements of an axis at least one window reaches. @param {Axis} axis */
export const visited = (axis) => reached(axis).reduce((count, one) => count + one, 0);
