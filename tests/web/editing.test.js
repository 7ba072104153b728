import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAfter, dragged, fitted, parsed, stepOf, tidy } from "../../explorer/web/lib/editing.js";
import { createHistory } from "../../explorer/web/lib/history.js";

test("a typed number is read with a point, a comma, a fraction or any minus sign", () => {
  const read = {
    0.5: 0.5,
    "-2": -2,
    "−1": -1,
    "–3": -3,
    "1/9": 1 / 9,
    " 0,25 ": 0.25,
    "+4": 4,
    ".5": 0.5,
    "2.": 2,
    "1e-3": 0.001,
    "-1/4": -0.25,
  };
  for (const [text, value] of Object.entries(read)) assert.equal(parsed(text), value, text);
  assert.ok(Object.is(parsed("-0"), 0));
});

test("what is not a number is refused", () => {
  for (const text of ["", "abc", "1/0", "--1", "1 2", "NaN", "Infinity", "1e999", "0x10", "1/", "/2", "1.2.3"])
    assert.equal(parsed(text), null, text);
});

test("a drag moves by whole steps and keeps the rest of the way", () => {
  assert.deepEqual(dragged(100, 103, 0.1), { change: 0, from: 100 });
  assert.deepEqual(dragged(100, 109, 1), { change: 2, from: 108 });
  assert.deepEqual(dragged(100, 91, 1), { change: -2, from: 92 });
  let [value, from] = [0, 0];
  for (let x = 0; x <= 400; x += 3) {
    const step = dragged(from, x, 0.1);
    [value, from] = [tidy(value + step.change), step.from];
  }
  assert.equal(value, 9.9);
});

test("Shift is coarser, Alt finer", () => {
  const steps = [
    { shiftKey: true, altKey: false },
    { shiftKey: false, altKey: false },
    { shiftKey: false, altKey: true },
  ].map(stepOf);
  assert.ok(steps[0] > steps[1] && steps[1] > steps[2]);
});

test("keys walk a grid of 3 × 4 and stay inside", () => {
  assert.equal(cellAfter("ArrowRight", 5, 3, 4), 6);
  assert.equal(cellAfter("ArrowDown", 5, 3, 4), 9);
  assert.equal(cellAfter("ArrowUp", 2, 3, 4), 2);
  assert.equal(cellAfter("ArrowLeft", 4, 3, 4), 4);
  assert.equal(cellAfter("ArrowRight", 7, 3, 4), 7);
  assert.equal(cellAfter("Home", 6, 3, 4), 4);
  assert.equal(cellAfter("End", 6, 3, 4), 7);
  assert.equal(cellAfter("a", 6, 3, 4), null);
});

test("a number in a cell is exact where it fits, near where not, and never a false 0", () => {
  assert.equal(fitted(-2, 3), "−2");
  assert.equal(fitted(0.1 + 0.2, 4), "0.3");
  assert.equal(fitted(0.0621765, 5), "0.062");
  assert.equal(fitted(-0.0621765, 4), "−.06");
  assert.equal(fitted(-0.00001, 4), "≈0");
  assert.equal(fitted(-0.0017, 5), "−2e-3");
  assert.equal(fitted(-1234.4, 5), "−1234");
  assert.equal(fitted(123456, 4), "1e5");
  assert.equal(fitted(0, 3), "0");
  for (const value of [1e-9, 0.0001, -0.0001]) assert.notEqual(fitted(value, 4), "0");
});

test("undo gives back exactly what was there, a gesture as one step", () => {
  const first = { values: [1] };
  const history = createHistory(first);
  const gesture = {};
  history.change({ values: [2] });
  for (let k = 3; k < 9; k++) history.change({ values: [k] }, gesture);
  assert.deepEqual(history.now.values, [8]);
  history.undo();
  assert.deepEqual(history.now.values, [2]);
  history.undo();
  assert.equal(history.now, first);
  assert.equal(history.canUndo, false);
  history.undo();
  assert.equal(history.now, first);
  history.redo();
  history.redo();
  assert.deepEqual(history.now.values, [8]);
  assert.equal(history.canRedo, false);
});

test("a change after undo forgets the future, and the gesture of before does not swallow it", () => {
  const history = createHistory(0);
  const gesture = {};
  history.change(1, gesture);
  history.undo();
  history.change(2, gesture);
  assert.equal(history.canRedo, false);
  history.undo();
  assert.equal(history.now, 0);
});
