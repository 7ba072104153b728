/**
 * A convolution as a matrix product: every window is a column, every kernel a row, and the output is rows times columns. The
 * columns are laid out as `F.unfold` does; with groups, each group is a product of its own.
 */

/** @typedef {import("./arithmetic.js").Pass} Pass */
/** `values` row by row; `inside`: which stand for an element of the input, and not for a zero of the padding. @typedef {{ rows: number, columns: number, values: Float64Array, inside?: Uint8Array }} Matrix */
/** `first`: the group's first output channel. @typedef {{ first: number, kernels: Matrix, columns: Matrix, product: Matrix }} Product */

/** The row of a term: where its tap lies in the window. @param {import("./arithmetic.js").Term} term @param {number[]} kernel rows, columns */
export const rowOf = ({ place: [c, i, j] }, [kH, kW]) => (c * kH + i) * kW + j;

/**
 * @param {import("./arithmetic.js").Case} given a convolution @param {Pass} forward @param {number} group
 * @returns {Product}
 */
export function im2colOf({ settings, tensors: { weight } }, forward, group) {
  const [O, outH, outW] = /** @type {number[]} */ (forward.shapes.output);
  const [, each, kH, kW] = weight.shape;
  const [count, taps, places] = [O / (settings.groups ?? 1), each * kH * kW, outH * outW];
  const first = group * count;
  const columns = new Float64Array(taps * places);
  const inside = new Uint8Array(taps * places);
  for (let p = 0; p < places; p++) {
    for (const term of forward.visit(first * places + p).terms) {
      const at = rowOf(term, [kH, kW]) * places + p;
      columns[at] = term.factors[1];
      inside[at] = term.inside && !term.around ? 1 : 0;
    }
  }
  const kernels = new Float64Array(count * taps);
  const product = new Float64Array(count * places);
  for (let o = 0; o < count; o++) {
    for (const term of forward.visit((first + o) * places).terms)
      kernels[o * taps + rowOf(term, [kH, kW])] = term.factors[0];
    for (let p = 0; p < places; p++) {
      let total = 0;
      for (let tap = 0; tap < taps; tap++) total += kernels[o * taps + tap] * columns[tap * places + p];
      product[o * places + p] = total;
    }
  }
  return {
    first,
    kernels: { rows: count, columns: taps, values: kernels },
    columns: { rows: taps, columns: places, values: columns, inside },
    product: { rows: count, columns: places, values: product },
  };
}
