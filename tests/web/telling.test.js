import assert from "node:assert/strict";
import { test } from "node:test";
import { beforeAfter, curvesOf, gradientsOf, heard, nothing } from "../../explorer/web/lib/telling.js";

const batch = (step, loss) => ({
  event: "batch",
  step,
  loss,
  accuracy: step / 10,
  learning_rate: 0.1,
  gradient_norms: { conv1: step, fc: null },
});
const checkpoint = (step, accuracy) => ({
  event: "checkpoint",
  step,
  validation: accuracy === null ? null : { loss: 1 - accuracy, accuracy },
});

test("curves come from what was told, and what is undefined breaks them", () => {
  const telling = heard(nothing(), [batch(1, 2), batch(2, null), checkpoint(0, null), checkpoint(2, 0.75)]);
  const { loss, accuracy, heldLoss, heldAccuracy } = curvesOf(telling);
  assert.deepEqual(loss[0], [1, 2]);
  assert.ok(Number.isNaN(loss[1][1]));
  assert.deepEqual(accuracy, [
    [1, 0.1],
    [2, 0.2],
  ]);
  assert.deepEqual([heldLoss, heldAccuracy], [[[2, 0.25]], [[2, 0.75]]]);
  assert.deepEqual(gradientsOf(telling)[0], {
    name: "conv1",
    points: [
      [1, 1],
      [2, 2],
    ],
  });
});

test("a run that goes on from a checkpoint takes back what it told after it", () => {
  const first = heard(nothing(), [
    batch(1, 2),
    checkpoint(1, 0.5),
    batch(2, 1),
    checkpoint(2, 0.6),
    { event: "rate", step: 2, learning_rate: 1 },
    { event: "ended", step: 2, state: "failed" },
  ]);
  const then = heard(first, [{ event: "resumed", step: 1 }, batch(2, 0.5)]);
  assert.deepEqual(curvesOf(then).loss, [
    [1, 2],
    [2, 0.5],
  ]);
  assert.deepEqual(
    then.kept.map(({ step }) => step),
    [1],
  );
  assert.deepEqual([then.rates, then.ended], [[], null]);
  assert.equal(first.batches.length, 2);
});

test("before and after are the first and the last score", () => {
  const scores = [
    { step: 0, score: { accuracy: 0.1 } },
    { step: 5, score: null },
    { step: 9, score: { accuracy: 0.9 } },
  ];
  assert.deepEqual(beforeAfter(scores), { before: scores[0], after: scores[2] });
  assert.equal(beforeAfter([]), null);
});
