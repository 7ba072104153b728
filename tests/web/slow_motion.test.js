import assert from "node:assert/strict";
import test from "node:test";

import { formulaOf, lit, reached, runsBack, stagesOf } from "../../explorer/web/lib/slow_motion.js";

const stages = stagesOf(2, ["conv.weight", "conv.bias"]);

test("a batch goes forward, to its loss, backward, and moves every parameter", () => {
  assert.deepEqual(
    stages.map((stage) => [stage.kind, stage.step ?? stage.parameter ?? ""].join(" ").trim()),
    [
      "batch",
      "forward 0",
      "forward 1",
      "loss",
      "backward 1",
      "backward 0",
      "update conv.weight",
      "update conv.bias",
      "done",
    ],
  );
  assert.deepEqual(stages.map(runsBack), [false, false, false, false, true, true, true, true, true]);
});

test("forward, columns are reached from the input on; backward, from the output on", () => {
  const seen = (stage) => [-1, 0, 1].filter((index) => reached(stage, index));
  assert.deepEqual(stages.map(seen), [
    [-1],
    [-1, 0],
    [-1, 0, 1],
    [-1, 0, 1],
    [1],
    [0, 1],
    [-1, 0, 1],
    [-1, 0, 1],
    [-1, 0, 1],
  ]);
});

test("the column that computes is lit, or the one whose parameter moves", () => {
  const learned = { "-1": [], 0: ["conv.weight", "conv.bias"], 1: [] };
  const bright = (stage) => [-1, 0, 1].filter((index) => lit(stage, index, learned[index]));
  assert.deepEqual(stages.map(bright), [[-1], [0], [1], [], [1], [0], [0], [0], []]);
});

test("each optimiser has its formula", () => {
  const of = (rule) =>
    formulaOf({ optimiser: "sgd", momentum: 0, decay: 0, nesterov: false, ...rule }, "0.1", String).join("; ");
  assert.equal(of({}), "w ← w − 0.1 · g");
  assert.equal(of({ momentum: 0.5, decay: 0.01 }), "g ← g + 0.01 · w; b ← 0.5 · b + g; w ← w − 0.1 · b");
  assert.equal(of({ momentum: 0.5, nesterov: true }), "b ← 0.5 · b + g; w ← w − 0.1 · (g + 0.5 · b)");
  assert.equal(
    of({ optimiser: "adam", momentum: 0.75 }),
    "m ← 0.75 · m + 0.25 · g; v ← 0.999 · v + 0.001 · g²; w ← w − 0.1 · m̂ / (√v̂ + 1e-8)",
  );
  assert.match(of({ optimiser: "adamw", momentum: 0.75, decay: 0.01 }), /^w ← w − 0\.1 · 0\.01 · w; m/);
});
