import assert from "node:assert/strict";
import { test } from "node:test";
import { configOf, firstOf, formTold, LESSONS, presetOf, RECIPES, tell } from "../../explorer/web/lib/run_form.js";

const PRESETS = Object.keys({ ...RECIPES, ...LESSONS });

test("a form is told by where it begins and what differs, and read back the same", () => {
  for (const mnist of [true, false]) {
    for (const from of PRESETS) {
      const form = { ...presetOf(from, mnist), epochs: 7, compile: true };
      assert.deepEqual(tell(from, form, mnist), { from, epochs: 7, compile: true });
      assert.deepEqual(formTold(tell(from, form, mnist), mnist), { from, form });
    }
    assert.equal(tell(firstOf(mnist), presetOf(firstOf(mnist), mnist), mnist), null);
  }
});

test("what is no form in a link is refused", () => {
  const broken = [null, 3, {}, { from: "nowhere" }, { from: "toString" }, { from: "first", colour: 1 }];
  for (const told of [...broken, { from: "first", epochs: "many" }, { from: "first", valueOf: 1 }])
    assert.throws(() => formTold(told, true));
});

test("without MNIST nothing that can be started needs it", () => {
  for (const name of PRESETS) assert.notEqual(presetOf(name, false).source, "mnist");
  assert.equal(presetOf(firstOf(false), false).source, "drawn");
});

test("lessons learn from as many pictures as the first success, so that their curves can be compared", () => {
  const settings = (/** @type {import("../../explorer/web/lib/run_form.js").Form} */ form) =>
    configOf({ ...form, rate: 0, optimiser: "", schedule: "" }, {});
  for (const name of ["small", "large", "tutorial"]) assert.deepEqual(settings(LESSONS[name]), settings(RECIPES.first));
});
