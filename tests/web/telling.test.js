import assert from "node:assert/strict";
import { test } from "node:test";
import { axisOf } from "../../explorer/web/lib/axes.js";
import {
  beforeAfter,
  curvesOf,
  followed,
  gradientsOf,
  heard,
  nothing,
  sinceOf,
  unread,
} from "../../explorer/web/lib/telling.js";

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

test("a hundred thousand events are heard at once, and one by one", () => {
  const events = Array.from({ length: 100_000 }, (_, k) => batch(k + 1, 1 / (k + 1)));
  const whole = heard(nothing(), events);
  assert.equal(whole.batches.length, 100_000);
  const started = performance.now();
  let grown = whole;
  for (let k = 0; k < 20; k++) grown = heard(grown, [batch(100_001 + k, 0)]);
  assert.equal(grown.batches.length, 100_020);
  assert.equal(whole.batches.length, 100_000);
  assert.ok(performance.now() - started < 1000, "an event does not cost a walk through all before it, event by event");
  const { loss } = curvesOf(grown);
  assert.deepEqual(axisOf(loss.map(([, y]) => y).concat(loss.map(([x]) => x)), false), {
    low: 0,
    high: 100_020,
    log: false,
  });
  assert.equal(gradientsOf(grown)[0].points.length, 100_020);
});

test("a run that told too much since it was read is read anew, as the server thins it", () => {
  const reading = (events, next, every) => ({ run: {}, events, next, every });
  const first = followed(unread(), 0, reading([batch(50, 1), batch(100, 1)], 10, 50), false);
  assert.deepEqual([sinceOf(first), first.every], [10, 50]);
  const more = Array.from({ length: 2000 }, (_, k) => batch(101 + k, 1));
  const then = followed(first, 10, reading(more, 99, 1), false);
  assert.deepEqual([then.telling.batches.length, then.every, sinceOf(then)], [2002, 50, 0]);
  const anew = followed(then, 0, reading([batch(1050, 1), batch(2100, 1)], 99, 1050), true);
  assert.deepEqual([anew.telling.batches.length, anew.every, sinceOf(anew), anew.over], [2, 1050, 99, true]);
});
