import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytesText,
  countText,
  extended,
  factorText,
  ladderOf,
  largestError,
  nothing,
  reasonsOf,
  rowsOf,
  sizesOf,
  timeText,
} from "../../explorer/web/kernels/lab_results.js";
import { differing, settingsFrom, sizesIn, usual } from "../../explorer/web/kernels/lab_settings.js";

const point = (way, size, median, more = {}) => ({
  kind: "point",
  way,
  size,
  products: size ** 2,
  median,
  lower: median * 0.9,
  upper: median * 1.1,
  gflops: 1,
  peak: 10,
  error: 1e-7,
  prepared: 0,
  estimated: false,
  ...more,
});
const WAYS = [
  { name: "loops", missing: null, install: null, on: true },
  { name: "compiled", missing: null, install: null, on: false },
  { name: "cuda", missing: "no card", install: null, on: true },
];

const measured = () =>
  extended(nothing(), [
    { kind: "start", machine: { cpu: "A, B", threads: 2, torch: "2" }, points: 6 },
    point("loops", 8, 1),
    point("im2col", 8, 0.1, { error: 3e-7 }),
    point("fft", 8, 0.2),
    point("framework", 8, 0.01),
    point("loops", 16, 4, { estimated: true, peak: null }),
    point("framework", 16, 0.02),
    { kind: "left_out", way: "im2col", size: 16, message: "too large" },
    { kind: "left_out", way: "im2col", size: 32, message: "too large" },
    { kind: "left_out", way: "im2col", size: 64, message: "far too large" },
    { kind: "growth", way: "loops", exponent: 1, points: 2 },
    { kind: "done" },
  ]);

test("events add up to results, piece by piece, without changing what was there", () => {
  const before = nothing();
  const results = measured();
  assert.deepEqual(before, nothing());
  assert.equal(results.expected, 6);
  assert.deepEqual(sizesOf(results), [8, 16]);
  assert.equal(largestError(results), 3e-7);
  assert.equal(results.growth.get("loops")?.exponent, 1);
  assert.deepEqual(results.end, { kind: "done" });
});

test("the ladder stands at the largest size that every step has, and goes by factors", () => {
  const { size, steps } = ladderOf(measured());
  assert.equal(size, 8);
  assert.deepEqual(
    steps.map(({ way }) => way),
    ["loops", "im2col", "framework"],
  );
  assert.deepEqual(
    steps.map(({ faster }) => Math.round(faster)),
    [1, 10, 100],
  );
  assert.deepEqual(
    steps.map(({ step }) => Math.round(step)),
    [1, 10, 10],
  );
  assert.equal(ladderOf(nothing()), null);
  assert.equal(ladderOf(extended(nothing(), [point("loops", 8, 1), point("framework", 16, 1)])), null);
});

test("a reason is said once for all its sizes", () => {
  assert.deepEqual(reasonsOf(measured()), [
    { kind: "left_out", way: "im2col", message: "too large", sizes: [16, 32] },
    { kind: "left_out", way: "im2col", message: "far too large", sizes: [64] },
  ]);
});

test("the table to take along has each figure in full, and what was left out", () => {
  const rows = rowsOf(measured(), usual(WAYS));
  assert.ok(rows.every((row) => row.length === rows[0].length));
  assert.equal(rows.length, 1 + 6 + 3);
  const at = (name) => rows[0].indexOf(name);
  assert.equal(rows[2][at("lower_quartile_s")], 0.1 * 0.9);
  assert.deepEqual([rows[5][at("estimated")], rows[5][at("peak_bytes")]], ["true", ""]);
  assert.equal(rows[9][at("left_out")], "far too large");
});

test("figures are as short as they can be", () => {
  assert.deepEqual([3.14159e-6, 0.0123, 0.9999, 75, 7200].map(timeText), [
    "3.14 µs",
    "12.3 ms",
    "1 s",
    "1.25 min",
    "2 h",
  ]);
  assert.deepEqual([0, 999, 1536, 2.5e9].map(bytesText), ["0 B", "999 B", "1.54 kB", "2.5 GB"]);
  assert.deepEqual([1, 1e4, 18289152].map(countText), ["1", "10 k", "18.3 M"]);
  assert.deepEqual([0.934, 12.34, 34123].map(factorText), ["0.93×", "12.3×", "34,100×"]);
});

test("the link holds what differs from the usual settings, and no more than fits", () => {
  const plain = usual(WAYS);
  assert.deepEqual(plain.ways, ["loops"]);
  assert.deepEqual(differing(plain, plain), {});
  const mine = { ...plain, sizes: [6, 9], threads: 1, ways: ["compiled"] };
  assert.deepEqual(differing(mine, plain), { sizes: [6, 9], threads: 1, ways: ["compiled"] });
  assert.deepEqual(settingsFrom(JSON.parse(JSON.stringify(differing(mine, plain))), WAYS), mine);
  assert.deepEqual(settingsFrom({ ways: ["loops", "cuda"] }, WAYS).ways, ["loops"]); // another machine's card
  for (const wrong of [
    { sizes: [0] },
    { sizes: "8" },
    { sizes: [] },
    { ways: ["magic"] },
    { images: 1.5 },
    { threads: -1 },
    { colour: 1 },
  ]) {
    assert.throws(() => settingsFrom(wrong, WAYS), JSON.stringify(wrong));
  }
});

test("sizes are read as people write them", () => {
  assert.deepEqual(sizesIn(" 8, 16 32;64，128"), [8, 16, 32, 64, 128]);
  for (const wrong of ["", "8, x", "0", "8.5", "-3"]) assert.equal(sizesIn(wrong), null);
});
