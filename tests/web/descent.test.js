import assert from "node:assert/strict";
import { test } from "node:test";
import { downToInk, largestSource } from "../../explorer/web/draw/descent.js";

const term = (cell, product, more = {}) => ({ cells: [cell, [0]], product, outside: false, winner: false, ...more });
const sum = (parent, ...terms) => ({
  addends: [
    {
      factors: [
        { parent, gradient: false },
        { parent: null, gradient: false },
      ],
      groups: [{ terms }],
    },
  ],
});

test("the source of the largest product is followed, whatever its sign, and none outside", () => {
  const found = largestSource(sum(2, term([0, 1], 0.5), term([0, 2], -3), term([0, 3], 9, { outside: true })));
  assert.deepEqual(found, { step: 2, of: "", cell: [0, 2] });
});

test("of a maximum the winner is followed", () => {
  assert.deepEqual(largestSource(sum(1, term([0, 1], 5), term([0, 2], 4, { winner: true })))?.cell, [0, 2]);
});

test("sums without sources end the way, and zeros still lead on", () => {
  assert.equal(largestSource({}), null);
  assert.equal(largestSource({ addends: [{ factors: [{ parent: null, gradient: false }], groups: [] }] }), null);
  assert.deepEqual(largestSource(sum(0, term([0, 4], 0)))?.cell, [0, 4]);
});

test("the way goes from step to step and ends where the input is read", async () => {
  const asked = [];
  const found = await downToInk({ step: 3, of: "", cell: [0, 0] }, async (place) => {
    asked.push(place.step);
    return sum(place.step - 1, term([0, place.step], 1));
  });
  assert.deepEqual(asked, [3, 2, 1, 0]);
  assert.deepEqual(
    found.map(({ step, cell }) => [step, cell]),
    [
      [2, [0, 3]],
      [1, [0, 2]],
      [0, [0, 1]],
    ],
  );
});
