import assert from "node:assert/strict";
import { test } from "node:test";
import { curvesOf } from "../../explorer/web/lib/curves.js";
import { kept, looksOf } from "../../explorer/web/lib/levels.js";

/** Maps of 10 px, one below the other; a step's column every 50 px; maps from the third on are left out and stand at 100. */
const anchor = (step, cell, alone) => {
  if (step > 2) return null;
  const channel = cell[1] ?? 9;
  const at = { x: 50 * (step + 1), y: channel > 2 ? 100 : 12 * channel, width: 10, height: 10 };
  return alone ? { ...at, width: 2, height: 2 } : at;
};
const contribution = (channel, value, count = 9) => ({ step: 0, cell: [0, channel, 1, 1], value, count });
const level = (most, rest = null) => ({ step: 1, cell: [0, 0, 2, 2], most, rest });

test("a curve is as wide as what its map contributes, and has its sign", () => {
  const curves = curvesOf([level([contribution(0, 2), contribution(1, -1), contribution(2, 0)])], anchor, false);
  assert.deepEqual(
    curves.map(({ width, adds }) => [width, adds]),
    [
      [7, true],
      [3.5, false],
    ],
  );
  assert.match(curves[0].d, /^M60 5C/); // from the map's right side, in the middle …
  assert.match(curves[0].d, / 100 1$/); // … to the cell's left
});

test("what is left out comes from one place, together", () => {
  const most = [contribution(0, 1), contribution(3, 2), contribution(4, -3)];
  const curves = curvesOf([level(most, { count: 5, sum: 0.25 })], anchor, false);
  assert.deepEqual(
    curves.map(({ value, from }) => [value, from.y]),
    [
      [1, 0],
      [-0.75, 100],
    ],
  );
});

test("what is not on the track, not finite or nothing has no curve; a single value's begins at its cell", () => {
  assert.deepEqual(curvesOf([{ ...level([contribution(0, 1)]), step: 7 }], anchor, false), []);
  assert.deepEqual(curvesOf([level([contribution(0, "nan"), contribution(1, 0)])], anchor, false), []);
  const [single] = curvesOf([level([contribution(1, -4, 1)])], anchor, false);
  assert.match(single.d, /^M52 13C/);
});

test("downwards a curve leaves below its map and arrives above its cell", () => {
  const [curve] = curvesOf([level([contribution(1, 1)])], anchor, true);
  assert.match(curve.d, /^M55 22C/);
  assert.match(curve.d, / 101 0$/);
});

test("channels that are needed take the last places that are not; the others keep theirs", () => {
  assert.deepEqual(kept([3, 1, 4, 5], [9, 1], 4), [3, 1, 4, 9]);
  assert.deepEqual(kept([3, 1, 4, 5], [9, 5, 2], 4), [3, 2, 9, 5]);
  assert.deepEqual(kept([], [9, 5, 2], 2), [9, 5]);
  assert.deepEqual(kept([3, 1], [], 4), [3, 1]);
  assert.deepEqual(kept([3, 1, 4], [7, 8, 9, 6], 3).toSorted(), [7, 8, 9]);
});

test("one column shows all, its neighbours a few maps, the rest their names", () => {
  assert.deepEqual(looksOf([false, false, true], -1), ["brief", "brief", "stub"]);
  assert.deepEqual(looksOf([false, false, false, false, true], 2), ["stub", "brief", "whole", "brief", "stub"]);
});
