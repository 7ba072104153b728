import assert from "node:assert/strict";
import { test } from "node:test";
import { longRows, mapRows } from "../../explorer/web/draw/cell_export.js";
import { latex, plainText, termRows } from "../../explorer/web/draw/cell_texts.js";
import { fitted, greyOf, LONGEST } from "../../explorer/web/draw/input_file.js";
import { allowed, AMOUNTS, atWork } from "../../explorer/web/draw/perturb.js";
import { padRectangle } from "../../explorer/web/lib/field.js";
import { readLink, writeLink } from "../../explorer/web/lib/link.js";

test("a test picture and a perturbation travel in the link, a picture file and what was trained on it do not", () => {
  const state = { source: { digit: 4711 }, perturbation: { right: -2.5, noise: 0.1, seed: 3, invert: true } };
  assert.equal(writeLink(state), "#digit=4711&perturb=right%3A-2.5_noise%3A0.1_seed%3A3_invert");
  assert.deepEqual(readLink(writeLink(state)), { state, ignored: [] });
  assert.deepEqual(readLink("#digit=x&perturb=right%3Afar"), { state: {}, ignored: ["digit", "perturb"] });
  assert.equal(writeLink({ source: { width: 4, height: 4, data: "…" }, perturbation: {} }), "#");
  const set = { kind: "set", parameter: "a", index: [0], value: 1 };
  const edits = [set, { kind: "sgd", source: { width: 4, height: 4, data: "…" } }, set];
  assert.deepEqual(readLink(writeLink({ edits })).state.edits, [set]);
});

test("only amounts that the server accepts are taken, and only those at work are sent", () => {
  assert.ok(allowed(Object.fromEntries(AMOUNTS.map(({ name, low }) => [name, low]))));
  for (const wrong of [
    { rotation: 181 },
    { noise: NaN },
    { invert: 1 },
    { seed: 0.5 },
    { colour: 1 },
    { scale: "1" + "x" },
  ])
    assert.ok(!allowed(wrong), JSON.stringify(wrong));
  assert.deepEqual(atWork({ right: 0, scale: 1, invert: false, rotation: 5, seed: 3 }), { rotation: 5 });
  assert.deepEqual(atWork({ noise: 0.2, seed: 3 }), { noise: 0.2, seed: 3 });
});

test("a picture fits into the longest side with its proportions, and grey is its luma", () => {
  assert.deepEqual(fitted(1024, 768), [LONGEST, 105]);
  assert.deepEqual(fitted(28, 28), [28, 28]);
  assert.deepEqual(fitted(4000, 3), [LONGEST, 4]);
  assert.deepEqual(
    [...greyOf([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255])],
    [76, 150, 29, 255],
  );
});

test("what moved the picture is followed back to the pad", () => {
  const axis = (k) => Uint8Array.from({ length: 28 }, (_, at) => Number(at === k));
  const stages = {
    empty: false,
    centred: false,
    box: [0, 0, 1, 1],
    scale: 28,
    shift: [0, 0],
    scaled: { side: 28 },
    picture: { side: 28 },
  };
  const still = padRectangle([[axis(10), axis(12)]], stages);
  const moved = padRectangle([[axis(10), axis(12)]], {
    ...stages,
    warp: [
      [1, 0, -4],
      [0, 1, 2],
    ],
  });
  assert.ok(Math.abs(moved.left - (still.left - 4 / 28)) < 1e-12);
  assert.ok(Math.abs(moved.top - (still.top + 2 / 28)) < 1e-12);
  const turned = padRectangle([[axis(10), axis(12)]], {
    ...stages,
    warp: [
      [0, 1, 0],
      [-1, 0, 28],
    ],
  });
  assert.ok(Math.abs(turned.left - 10 / 28) < 1e-12 && Math.abs(turned.top - 15 / 28) < 1e-12);
});

test("a map of a tensor, and a tensor as a table", () => {
  const tensor = { shape: [1, 2, 2, 3], values: Float32Array.from({ length: 12 }, (_, k) => k) };
  assert.deepEqual(mapRows(tensor, [0, 1, 0, 2]), [
    [6, 7, 8],
    [9, 10, 11],
  ]);
  assert.deepEqual(mapRows({ shape: [1, 4], values: Float32Array.of(1, 2, 3, 4) }, [0, 2]), [[1, 2, 3, 4]]);
  const rows = longRows(tensor);
  assert.deepEqual(rows[0], ["axis 0", "axis 1", "axis 2", "axis 3", "value"]);
  assert.deepEqual(rows[8], [0, 1, 0, 1, 7]);
});

const term = (a, b) => ({
  cells: [
    [0, 0, 1],
    [0, 1],
  ],
  values: [a, b],
  product: a * b,
});
const sum = {
  shown: 0.5,
  value: 0.5,
  reduced: -1.25,
  reduction: "sum",
  after: "\\max(0, x)",
  formulas: [{ latex: "y = \\max(0, x)", letters: {} }],
  pytorch: "",
  addends: [
    {
      label: "taps",
      rule: "input · weight",
      groupLabel: "input channel",
      total: -1.25,
      factors: [{ argument: "input" }, { argument: "weight" }],
      groups: [{ group: 0, subtotal: -1.25, count: 2, rest: null, terms: [term(0.5, -3), term(1e-7, 2.5e6)] }],
    },
  ],
};

test("an opened sum as text, LaTeX and rows holds every number", () => {
  const source = (factor) => factor.argument;
  const text = plainText("conv [0, 1]", sum, source);
  assert.ok(text.includes("0.5 [0, 0, 1] × -3 [0, 1] = -1.5"));
  assert.ok(text.includes("\ny = max(0, x)\n"));
  assert.ok(text.includes("\nmax(0, Σ) = 0.5\n"));
  const formula = latex("conv_1 [0, 1]", sum);
  assert.ok(formula.includes("(0.5)(-3) + (1 \\cdot 10^{-7})(2500000)"));
  assert.ok(formula.includes("\\text{conv\\_1 [0, 1]}"));
  assert.ok(formula.includes("  & y = \\max(0,x) \\\\\n"));
  assert.deepEqual(termRows(sum, source), [
    ["addends", "group", "factor 1", "index 1", "value 1", "factor 2", "index 2", "value 2", "product"],
    ["taps", 0, "input", "0 0 1", "0.5", "weight", "0 1", "-3", "-1.5"],
    ["taps", 0, "input", "0 0 1", "1e-7", "weight", "0 1", "2500000", "0.25"],
  ]);
  const largest = latex("pool", { ...sum, reduction: "max", after: "" });
  assert.ok(largest.includes("\\max\\{") && largest.includes("\\}"));
});
