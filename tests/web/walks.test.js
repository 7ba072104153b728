import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen, stepTable } from "../../explorer/web/arithmetic/export.js";
import { FIRST, walkHeard, walkTold } from "../../explorer/web/lib/case_link.js";
import { unfoldCall } from "../../explorer/web/arithmetic/lowering.js";
import { withTable } from "../../explorer/web/arithmetic/paste.js";
import { walkOf } from "../../explorer/web/lib/sent.js";
import { presetCase, PRESETS } from "../../explorer/web/lib/presets.js";
import { randomised, withChoice, withOperator, withValue } from "../../explorer/web/lib/case.js";
import { OPERATORS, passesOf, refusalOf, resultOf } from "../../explorer/web/lib/arithmetic.js";
import { im2colOf } from "../../explorer/web/lib/im2col.js";
import { advanced, paceOf, startOf } from "../../explorer/web/lib/transport.js";
import { twoPassesOf } from "../../explorer/web/lib/two_passes.js";

const partOf = (given, key) =>
  OPERATORS[given.op].settings.flatMap(({ parts }) => parts).find((part) => part.key === key);
const choose = (given, key, value) => withChoice(given, partOf(given, key), value);
const elementsOf = (given) => Object.values(given.tensors).reduce((all, { values }) => all + values.length, 0);
const carried = (told) => walkHeard(JSON.parse(JSON.stringify(told)));

test("a walk through any operator comes back from its link", () => {
  for (const op of Object.keys(OPERATORS)) {
    const given = randomised(withOperator(presetCase(FIRST), op), 3);
    const pass = Object.keys(passesOf(given)).at(-1);
    assert.deepEqual(
      carried(walkTold({ given, pass, unit: "product", at: 2 })),
      { given, pass, unit: "product", at: 2 },
      op,
    );
  }
  for (const name of Object.keys(PRESETS))
    assert.deepEqual(
      carried(walkTold({ given: presetCase(name), pass: PRESETS[name].pass, unit: "value", at: 1 })).given,
      presetCase(name),
    );
  assert.equal(walkTold({ given: presetCase(FIRST), pass: "forward", unit: "value", at: 0 }), null);
});

test("the largest that the controls can make comes back from its link too", () => {
  for (const op of ["conv", "transpose", "max", "avg", "adaptive", "relu"]) {
    const extremes = (part, given) => {
      const [options, own] = [part.options(given), part.get(given)];
      return part.kind === "choice" ? options : [...new Set([own, options[0], options.at(-1)])];
    };
    const sized = ["input.rows", "input.columns"].reduce(
      (given, key) => choose(given, key, partOf(given, key).options(given).at(-1)),
      withOperator(presetCase(FIRST), op),
    );
    const made = ["kernel", "stride", "padding", "dilation", "outputPadding", "output", "mode"].reduce(
      (cases, key) =>
        cases.flatMap((given) => {
          const parts = [key, `${key}.rows`, `${key}.columns`].filter((each) => partOf(given, each));
          return parts.length
            ? extremes(partOf(given, parts[0]), given).map((value) =>
                parts.reduce((now, part) => choose(now, part, value), given),
              )
            : [given];
        }),
      [sized],
    );
    const possible = made.filter((given) => !refusalOf(given));
    assert.ok(possible.length > 1 || op === "relu");
    const largest = possible.reduce((most, given) => (elementsOf(given) > elementsOf(most) ? given : most));
    for (const given of [largest, possible.at(-1)])
      assert.deepEqual(carried(walkTold({ given, pass: "forward", unit: "value", at: 0 })).given, given, op);
  }
});

test("what does not fit together in a link is refused", () => {
  const good = walkTold({
    given: withValue(presetCase("valid"), "input", 0, 7),
    pass: "forward",
    unit: "value",
    at: 0,
  });
  carried(good);
  for (const broken of [
    { op: "magic" },
    { pass: "sideways" },
    { unit: "hour" },
    { at: 1.5 },
    { settings: { speed: 3 } },
    { settings: { stride: [1] } },
    { settings: { stride: ["1", 1] } },
    { settings: { padding: "lots" } },
    { settings: { lr: "0" } },
    {
      tensors: {
        input: [
          [1, 2],
          [1, 2],
        ],
      },
    },
    { tensors: { input: [[1, 100, 100], []] } },
    {
      tensors: {
        weight: [
          [1, 1, 2, 2],
          [1, 2, 3],
        ],
      },
    },
    {
      tensors: {
        weight: [
          [1, 2, 2, 2],
          [1, 2, 3, 4, 5, 6, 7, 8],
        ],
      },
    },
    { tensors: { z: [[1], [1]] } },
    { preset: "none" },
  ]) {
    assert.throws(() => carried({ ...good, ...broken }), undefined, JSON.stringify(broken));
  }
});

test("the matrix product gives the convolution's sums, with groups, padding modes and the flip", () => {
  let given = withOperator(presetCase(FIRST), "conv");
  for (const settings of [
    {},
    { padding: [1, 2], stride: [2, 1] },
    { padding: [1, 1], mode: "reflect" },
    { dilation: [2, 1], flip: true },
  ]) {
    given = randomised({ ...presetCase(FIRST), settings: { ...presetCase(FIRST).settings, ...settings } }, 5);
    const { forward } = passesOf(given);
    const { product } = im2colOf(given, forward, 0);
    const wanted = resultOf(forward).output.values;
    product.values.forEach((value, k) => assert.ok(Math.abs(value + given.tensors.bias.values[0] - wanted[k]) < 1e-9));
  }
  const { forward } = passesOf(given);
  assert.equal(
    unfoldCall(given, im2colOf(given, forward, 0), forward.shapes.output),
    "(K.flip(2, 3).flatten(1) @ F.unfold(X[None], (3, 3), dilation=(2, 1))[0]).view(1, 1, 3)",
  );
});

test("two passes give the same sums for a kernel of rank one, and none for another", () => {
  const given = {
    ...presetCase(FIRST),
    settings: { ...presetCase(FIRST).settings, padding: [1, 1], stride: [2, 1], flip: true },
  };
  const { rank, passes } = twoPassesOf(given, 0, 0);
  const { forward } = passesOf({
    ...given,
    tensors: { ...given.tensors, gradOutput: { shape: [1, 3, 5], values: Array(15).fill(1) } },
  });
  assert.equal(rank, 1);
  assert.deepEqual(passes.result.values, Array.from(resultOf(forward).output.values));
  const other = twoPassesOf(presetCase("valid"), 0, 0);
  assert.deepEqual([other.rank, other.passes], [2, null]);
});

test("a pasted table takes its place, resizes where that is possible, and says where it is not", () => {
  const given = presetCase("valid");
  const larger = withTable(given, "input", 0, [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
  assert.deepEqual(larger.given.tensors.input, { shape: [1, 2, 4], values: [1, 2, 3, 4, 5, 6, 7, 8] });
  assert.deepEqual(larger.given.tensors.gradOutput.shape, [1, 1, 3]);
  assert.match(withTable(given, "bias", 0, [[1, 2]]).refused, /arithmetic.table.size/);
  assert.match(withTable(given, "weight", 0, [[1, 2, 3, 4, 5, 6, 7]]).refused, /arithmetic.table.size/);
});

test("an element of a network becomes a walk that stands where it is complete; what was left out is said until a number is changed", () => {
  const plane = (values, rows) => ({ shape: [1, rows, values.length / rows], values });
  const sent = {
    op: "max",
    settings: { kernel: [2, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 1], ceil: false },
    walk: "inputGrad",
    element: 4,
    left: null,
    tensors: { input: plane([1, 2, 3, 4, 9, 6, 7, 8, 5], 3), gradOutput: plane([1, 2, 3, 4], 2) },
  };
  const { given, pass, at } = walkOf(sent, "a2: pool1 [0, 1, 1]");
  assert.deepEqual([pass, at], ["inputGrad", 3]);
  assert.equal(resultOf(passesOf(given).inputGrad).gradInput.values[4], 10);
  assert.deepEqual(
    [
      walkOf({ ...sent, element: 0 }, "a2: pool1 [0, 0, 0]").at,
      resultOf(passesOf(given).inputGrad).gradInput.values[0],
    ],
    [3, 0],
  );
  const name = "a2: fc1 [3]";
  const linear = walkOf(
    {
      op: "linear",
      settings: { lr: 0.1 },
      walk: "forward",
      element: 0,
      left: { count: 90, sum: -0.25 },
      tensors: {
        input: { shape: [1, 2], values: [1, 2] },
        weight: { shape: [1, 2], values: [3, 4] },
        bias: { shape: [1], values: [0.5] },
        gradOutput: { shape: [1, 1], values: [1] },
      },
    },
    name,
  );
  assert.deepEqual(carried(walkTold(linear)).given.origin, { name, left: { count: 90, sum: -0.25 } });
  assert.equal(withValue(linear.given, "input", 0, 5).origin, null);
  assert.throws(
    () => walkOf({ ...sent, settings: { ...sent.settings, kernel: [112, 112] } }, name),
    /kernel is 112, expected a whole number from 0 to 64/,
  );
  for (const origin of [
    { name: 3, left: null },
    { name: "x".repeat(300), left: null },
    { name, left: { count: 0, sum: 1 } },
    { name, left: { count: 2, sum: "1" } },
  ])
    assert.throws(() => carried({ ...walkTold(linear), origin }));
});

test("a step's table has a row for each term; a film of a long walk keeps its ends", () => {
  const { forward } = passesOf(presetCase("valid"));
  const table = stepTable(forward, forward.visit(3));
  assert.equal(table.length, 6);
  assert.equal(table.at(-1).at(-1), 14);
  assert.ok(table.every((row) => row.length === table[0].length));
  assert.deepEqual(chosen(3, 10), [0, 1, 2]);
  assert.deepEqual(chosen(101, 3), [0, 50, 100]);
});

test("even the longest walk ends within ten seconds at the highest speed", () => {
  assert.equal(paceOf(900, 9), 900);
  assert.ok((paceOf(900, 3844) * 3844) / 16 <= 9_000);
});

test("a slow machine skips moments instead of getting late: only the time that went by counts", () => {
  const pace = paceOf(900, 3844);
  for (const frames of [Array(600).fill(16), Array(40).fill(240), [5, 3000, 1, 1500, 900, 4000, 100]]) {
    let walk = { ...startOf(3844, 16), playing: true };
    let passed = 0;
    for (const ms of frames) {
      passed += ms;
      walk = advanced(walk, ms, pace);
      assert.ok(Math.abs(walk.at - Math.min(3843, (passed * 16) / pace)) <= 1);
    }
    assert.deepEqual([walk.at, walk.playing], [3843, false]);
  }
});
