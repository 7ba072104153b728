import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  addTaps,
  addTwoPasses,
  padded,
  rotated,
  sourceOf,
  reached,
  termsOf,
  visited,
  windowsOf,
} from "../../explorer/web/lib/conv.js";
import { factors, multiplications, separated } from "../../explorer/web/lib/separable.js";

/** Written by `core.ops`; tests/explorer/test_kernels.py holds Python to the same file. */
const golden = JSON.parse(readFileSync(new URL("../golden/conv.json", import.meta.url), "utf8"));

const close = (got, wanted, what) =>
  assert.ok(Math.abs(got - wanted) <= 1e-4 * Math.max(1e-3, Math.abs(wanted)), `${what}: ${got}, expected ${wanted}`);

/** @returns {{ kernel: any, geometry: any, sums: Float64Array[], planes: Float64Array[] }} */
function correlated(given) {
  const wanted = { rows: given.rows, columns: given.columns, values: given.values };
  const kernel = given.flip ? rotated(wanted) : wanted;
  const { geometry, refusal } = windowsOf(given.height, given.width, kernel, given);
  assert.equal(refusal, null);
  const planes = given.planes.map((plane) => padded(Float64Array.from(plane), geometry));
  const sums = planes.map((plane) => {
    const sum = new Float64Array(geometry.rows.output * geometry.columns.output);
    addTaps(sum, plane, kernel.values, geometry);
    return sum;
  });
  return { kernel, geometry, sums, planes };
}

test("every golden case gives core's sums, at the same size", () => {
  for (const [n, given] of golden.cases.entries()) {
    const { geometry, sums } = correlated(given);
    assert.deepEqual([geometry.rows.output, geometry.columns.output], given.size, `case ${n}`);
    given.sums.forEach((plane, c) => plane.forEach((value, k) => close(sums[c][k], value, `case ${n}, ${c}, ${k}`)));
  }
});

test("the terms of a value add up to it and are the products of the patch and the kernel", () => {
  for (const [n, given] of golden.cases.entries()) {
    const { kernel, geometry } = correlated(given);
    given.planes.forEach((plane, c) => {
      for (const k of [0, Math.floor(given.sums[c].length / 2), given.sums[c].length - 1]) {
        const [y, x] = [Math.floor(k / given.size[1]), k % given.size[1]];
        const { terms, sum } = termsOf(plane, kernel, geometry, y, x);
        close(sum, given.sums[c][k], `case ${n}, ${c}, ${k}`);
        assert.equal(terms.length, given.values.length);
        for (const { row, column, inside, value, weight, product } of terms) {
          assert.equal(product, value * weight);
          assert.equal(inside, row >= 0 && column >= 0 && row < given.height && column < given.width);
          if (inside) assert.equal(value, plane[row * given.width + column]);
        }
      }
    });
  }
});

test("what core refuses is refused for the same reason", () => {
  for (const given of golden.refusals) {
    const kernel = { rows: given.rows, columns: given.columns, values: Array(given.rows * given.columns).fill(1) };
    const { geometry, refusal } = windowsOf(given.height, given.width, kernel, {
      stride: [1, 1],
      dilation: [1, 1],
      ...given,
    });
    assert.equal(geometry, null);
    assert.equal(refusal.reason, given.reason);
  }
});

test("a kernel with 1 at its centre returns the picture under same padding, for even sizes too", () => {
  const plane = Float64Array.from({ length: 35 }, (_, k) => Math.sin(k));
  for (const [rows, columns] of [
    [1, 1],
    [3, 3],
    [2, 4],
    [6, 1],
  ]) {
    const values = Array(rows * columns).fill(0);
    values[Math.floor((rows - 1) / 2) * columns + Math.floor((columns - 1) / 2)] = 1;
    const { sums } = correlated({
      height: 5,
      width: 7,
      planes: [plane],
      rows,
      columns,
      values,
      stride: [1, 1],
      dilation: [1, 1],
      padding: "same",
      mode: "zeros",
    });
    assert.deepEqual([...sums[0]], [...plane]);
  }
});

test("the sums are linear in the kernel: adding the difference of two kernels turns one into the other", () => {
  const given = golden.cases.find(({ rows, columns }) => rows * columns > 12);
  const { kernel, geometry, sums, planes } = correlated(given);
  const other = { ...kernel, values: kernel.values.map((value, k) => (k === 3 ? value + 2.5 : value)) };
  const direct = new Float64Array(sums[0].length);
  addTaps(direct, planes[0], other.values, geometry);
  addTaps(
    sums[0],
    planes[0],
    other.values.map((value, k) => value - kernel.values[k]),
    geometry,
  );
  sums[0].forEach((value, k) => assert.ok(Math.abs(value - direct[k]) < 1e-9));
});

test("singular values are core's; kernels that core separates, and only those, have factors, and their product is the kernel", () => {
  assert.ok(golden.kernels.some(({ separable }) => separable) && golden.kernels.some(({ separable }) => !separable));
  for (const kernel of golden.kernels) {
    const { sizes, factors: found } = separated(kernel);
    kernel.sizes.forEach((size, k) => assert.ok(Math.abs(sizes[k] - size) <= 1e-9 * Math.max(1, kernel.sizes[0])));
    assert.equal(found !== null, kernel.separable, JSON.stringify(kernel));
    found?.vertical.forEach((v, i) =>
      found.horizontal.forEach((w, j) => close(v * w, kernel.values[i * kernel.columns + j], "product")),
    );
  }
});

test("multiplications are counted as the two passes do them: the first also runs over the padding's rows", () => {
  const { geometry } = windowsOf(
    10,
    20,
    { rows: 5, columns: 3, values: [] },
    { stride: [1, 1], dilation: [1, 1], padding: "same", mode: "zeros" },
  );
  assert.deepEqual(multiplications(geometry), { direct: 200 * 15, passes: 14 * 20 * 3 + 200 * 5 });
});

test("two passes give the sums of all taps, with any stride, dilation and padding", () => {
  const separable = golden.kernels.filter(({ separable, sizes }) => separable && sizes[0] > 0);
  let checked = 0;
  for (const given of golden.cases) {
    const kernel = separable.find(({ rows, columns }) => rows === given.rows && columns === given.columns);
    const { geometry, sums, planes } = correlated({ ...given, flip: false, values: kernel.values });
    const { vertical, horizontal } = factors(kernel);
    const passes = new Float64Array(sums[0].length);
    addTwoPasses(passes, planes[0], vertical, horizontal, geometry);
    passes.forEach((value, k) => assert.ok(Math.abs(value - sums[0][k]) < 1e-7));
    checked++;
  }
  assert.equal(checked, golden.cases.length);
});

test("padding repeats what it should: 0 1 2 3 with two on either side", () => {
  const around = (mode) => [-2, -1, 4, 5].map((index) => sourceOf(index, 4, mode));
  assert.deepEqual(around("zeros"), [-1, -1, -1, -1]);
  assert.deepEqual(around("replicate"), [0, 0, 3, 3]);
  assert.deepEqual(around("reflect"), [2, 1, 2, 1]);
  assert.deepEqual(around("circular"), [2, 3, 0, 1]);
});

test("elements that no window reaches are counted: a stride of 3 with 2 taps over 10 leaves 4", () => {
  const { geometry } = windowsOf(
    10,
    9,
    { rows: 2, columns: 3, values: [] },
    { stride: [3, 1], dilation: [1, 1], padding: "valid", mode: "zeros" },
  );
  assert.equal(visited(geometry.rows), 6);
  assert.deepEqual([...reached(geometry.rows)], [1, 1, 0, 1, 1, 0, 1, 1, 0, 0]);
  assert.equal(visited(geometry.columns), 9);
});
