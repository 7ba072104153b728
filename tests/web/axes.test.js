import assert from "node:assert/strict";
import { test } from "node:test";
import { axisOf, nearest, placeOn, smoothed, ticksOf } from "../../explorer/web/lib/axes.js";

test("an axis shows every value it can", () => {
  assert.deepEqual(axisOf([3, NaN, 1, Infinity], false), { low: 1, high: 3, log: false });
  assert.deepEqual(axisOf([3, 1], false, { zero: true }), { low: 0, high: 3, log: false });
  assert.deepEqual(axisOf([0, -2, 5, 50], true), { low: 5, high: 50, log: true });
  assert.deepEqual(axisOf([4, 4], false), { low: 2, high: 6, log: false });
  assert.deepEqual(axisOf([], true), { low: 1, high: 10, log: true });
});

test("a value's place runs from 0 to 1, evenly in factors on a logarithmic axis", () => {
  assert.equal(placeOn({ low: 2, high: 4, log: false }, 3), 0.5);
  assert.ok(Math.abs(placeOn({ low: 1, high: 100, log: true }, 10) - 0.5) < 1e-12);
});

test("ticks are round and within the axis", () => {
  assert.deepEqual(ticksOf({ low: 0, high: 1, log: false }, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticksOf({ low: 13, high: 58, log: false }, 5), [20, 30, 40, 50]);
  assert.deepEqual(ticksOf({ low: 0.02, high: 300, log: true }, 6), [0.1, 1, 10, 100]);
  assert.deepEqual(ticksOf({ low: 3, high: 8, log: true }, 6), [5]);
  assert.deepEqual(
    ticksOf({ low: 1e-6, high: 1e6, log: true }, 5),
    [1e-6, 1e-3, 1, 1e3, 1e6].map((v, k) => 10 ** (-6 + 3 * k)),
  );
});

test("smoothing keeps a constant and passes over what is not finite", () => {
  assert.deepEqual(
    smoothed(
      [
        [0, 2],
        [1, 2],
        [2, 2],
      ],
      0.9,
    ).map(([, y]) => Number(y.toFixed(9))),
    [2, 2, 2],
  );
  assert.deepEqual(
    smoothed(
      [
        [0, 1],
        [1, 5],
      ],
      0,
    ),
    [
      [0, 1],
      [1, 5],
    ],
  );
  const [first, hole, last] = smoothed(
    [
      [0, 1],
      [1, NaN],
      [2, 3],
    ],
    0.5,
  );
  assert.ok(Number.isNaN(hole[1]));
  assert.ok(Math.abs(first[1] - (1 + 0.5 * 3) / 1.5) < 1e-12);
  assert.ok(Math.abs(last[1] - (3 + 0.5 * 1) / 1.5) < 1e-12);
});

test("a smoothed curve does not lag behind one that falls", () => {
  const falling = Array.from({ length: 201 }, (_, x) => /** @type {[number, number]} */ ([x, 200 - x]));
  assert.ok(Math.abs(smoothed(falling, 0.8)[100][1] - 100) < 1e-6);
});

test("the nearest point is found", () => {
  const points = [
    [0, 0],
    [10, 0],
    [11, 0],
  ];
  assert.deepEqual(
    [-5, 4, 6, 10.6, 99].map((x) => nearest(points, x)),
    [0, 0, 1, 2, 2],
  );
  assert.equal(nearest([], 1), -1);
});
