import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createHistory } from "../../explorer/web/lib/history.js";
import { distanceToSegment, erased, partOf, resampled } from "../../explorer/web/lib/strokes.js";

const line = [
  [0, 0.5],
  [1, 0.5],
];
const length = (stroke) =>
  stroke.reduce((sum, p, k) => (k ? sum + Math.hypot(p[0] - stroke[k - 1][0], p[1] - stroke[k - 1][1]) : 0), 0);

test("distance to a segment: beside it, beyond its ends, and to a point", () => {
  assert.equal(distanceToSegment([0.5, 0.75], ...line), 0.25);
  assert.equal(distanceToSegment([1.25, 0.5], ...line), 0.25);
  assert.equal(distanceToSegment([3, 4], [0, 0], [0, 0]), 5);
});

test("rubbing across a stroke cuts it in two and leaves others as they were", () => {
  const other = [
    [0, 0],
    [1, 0],
  ];
  const left = erased([line, other], [0.5, 0.4], [0.5, 0.6], 0.1);
  assert.equal(left.length, 3);
  assert.equal(left[2], other);
  const kept = left.slice(0, 2).flat();
  assert.ok(kept.every(([x]) => x < 0.4 || x > 0.6));
  assert.ok(Math.abs(length(left[0]) - 0.4) < 0.06 && Math.abs(length(left[1]) - 0.4) < 0.06);
});

test("rubbing elsewhere changes nothing, rubbing along it takes all", () => {
  assert.deepEqual(erased([line], [0, 0], [1, 0], 0.1), [line]);
  assert.deepEqual(erased([line], [0, 0.5], [1, 0.5], 0.1), []);
  assert.deepEqual(erased([[[0.5, 0.5]]], [0.5, 0.5], [0.5, 0.5], 0.1), []);
});

test("resampling keeps the path and its ends", () => {
  const fine = resampled(line, 0.1);
  assert.deepEqual([fine[0], fine.at(-1)], line);
  assert.ok(fine.every((p, k) => k === 0 || Math.hypot(p[0] - fine[k - 1][0], p[1] - fine[k - 1][1]) <= 0.101));
});

test("the part of a drawing grows from nothing to all of it", () => {
  const drawing = [
    line,
    [
      [0, 0],
      [0, 0.5],
    ],
  ];
  assert.deepEqual(partOf(drawing, 1), drawing);
  for (const fraction of [0.1, 0.5, 0.9]) {
    const inked = partOf(drawing, fraction).reduce((sum, stroke) => sum + length(stroke), 0);
    assert.ok(Math.abs(inked - 1.5 * fraction) < 1e-9);
  }
});

test("undo and redo give back exactly what was there", () => {
  const history = createHistory([]);
  const [one, two] = [[line], [line, [[0.1, 0.1]]]];
  history.change(one);
  history.change(two);
  history.undo();
  assert.equal(history.now, one);
  history.redo();
  assert.equal(history.now, two);
  history.undo();
  history.change([]);
  assert.ok(!history.canRedo && history.canUndo);
});

test("there is an example of every digit, inside the pad", () => {
  const examples = JSON.parse(readFileSync(new URL("../../explorer/web/examples.json", import.meta.url), "utf8"));
  assert.deepEqual(
    examples.map(({ label }) => label),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  for (const { strokes } of examples) assert.ok(strokes.flat().every(([x, y]) => x >= 0 && x <= 1 && y >= 0 && y <= 1));
});
