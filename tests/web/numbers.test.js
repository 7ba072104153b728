import assert from "node:assert/strict";
import { test } from "node:test";
import { narrow, numberOf, short } from "../../explorer/web/lib/numbers.js";

test("a number is as short as its digits allow", () => {
  assert.equal(short(0.813712345), "0.81371");
  assert.equal(short(12), "12");
  assert.equal(short(-0.5), "−0.5");
  assert.equal(short(0), "0");
  assert.equal(short(3.14159, 3), "3.14");
  assert.equal(short(-2.9123e-8, 2), "−2.9e-8");
  assert.equal(short(12345678), "1.23e+7");
  assert.equal(short(1e-5), "1e-5");
  assert.equal(short(-2.0999e6), "−2.1e+6");
});

test("what is not finite travels by name and is shown as a sign", () => {
  assert.ok(Number.isNaN(numberOf("nan")));
  assert.equal(short("inf"), "∞");
  assert.equal(short("-inf"), "−∞");
  assert.equal(short("nan"), "NaN");
});

test("what is no number at all is shown as none, not as −∞", () => {
  for (const nothing of [undefined, null, "", "infinite", "constructor", {}])
    assert.equal(short(/** @type {any} */ (nothing)), "NaN");
});

test("in a grid only what is exactly zero is shown as 0", () => {
  assert.equal(narrow(0), "0");
  assert.equal(narrow(0.0004), "0.00");
  assert.equal(narrow(-3.14159), "−3.14");
  assert.equal(narrow(1234.5), "1230");
  assert.equal(narrow("nan"), "NaN");
});
