import assert from "node:assert/strict";
import { test } from "node:test";
import { longRows, mapRows } from "../../explorer/web/draw/cell_export.js";
import { latex, plainText, termRows } from "../../explorer/web/draw/cell_texts.js";
import { bytesOf, fitted, LONGEST } from "../../explorer/web/draw/input_file.js";
import { allowed, AMOUNTS, atWork } from "../../explorer/web/draw/perturb.js";
import { cutRectangle, padRectangle } from "../../explorer/web/lib/field.js";
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

test("a run's picture and the example travel in the link", () => {
  for (const [source, text] of [
    [{ run: "my run", picture: 12345 }, "#digit=12345%40my+run"],
    ["example", "#digit=example"],
  ]) {
    assert.equal(writeLink({ source }), text);
    assert.deepEqual(readLink(text), { state: { source }, ignored: [] });
  }
  assert.deepEqual(readLink("#digit=12345").ignored, ["digit"]);
});

test("a picture fits into the longest side with its proportions, in colours where it has some", () => {
  assert.deepEqual(fitted(1024, 768), [LONGEST, 288]);
  assert.deepEqual(fitted(28, 28), [28, 28]);
  assert.deepEqual(fitted(4000, 3), [LONGEST, 4]);
  assert.deepEqual([...bytesOf([7, 7, 7, 255, 9, 9, 9, 255])], [7, 9]);
  assert.deepEqual([...bytesOf([7, 7, 7, 255, 1, 2, 3, 255])], [7, 7, 7, 1, 2, 3]);
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

test("an input cell is followed back to the part that was cut out of a picture", () => {
  const axis = (size, from, to) => Uint8Array.from({ length: size }, (_, at) => Number(at >= from && at < to));
  const cut = { box: [0.25, 0, 0.75, 1], fits: [10, 20] };
  const found = cutRectangle([[axis(10, 5, 10), axis(20, 0, 5)]], cut);
  assert.deepEqual(found, { left: 0.25, top: 0.5, width: 0.125, height: 0.5 });
  const warp = [
    [1, 0, 4],
    [0, 1, 0],
  ];
  assert.equal(cutRectangle([[axis(10, 5, 10), axis(20, 0, 5)]], { ...cut, warp }).left, 0.25 + 0.2 * 0.5);
  assert.equal(cutRectangle([[axis(10, 5, 10), axis(20, 0, 5)]], { ...cut, box: null }), null);
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
