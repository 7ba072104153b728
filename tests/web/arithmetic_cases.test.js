import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  CHAINS,
  crossEntropy,
  isRight,
  PREDICTED,
  presetCase,
  PRESETS,
  TRUE_CLASS,
  written,
} from "../../explorer/web/lib/presets.js";
import { randomised, withChoice, withOperator, withValue } from "../../explorer/web/lib/case.js";
import { cellName } from "../../explorer/web/arithmetic/words.js";
import { operatorOf, OPERATORS, passesOf, refusalOf, resultOf } from "../../explorer/web/lib/arithmetic.js";
import { formulaOf } from "../../explorer/web/lib/formula/fill.js";
import { textOf } from "../../explorer/web/lib/formula/write.js";
import { reshaped } from "../../explorer/web/lib/operators/settings.js";
import { size } from "../../explorer/web/lib/visits.js";

const FORMULAS = JSON.parse(readFileSync(new URL("../golden/formulas.json", import.meta.url), "utf8"));
const resultsOf = (given) =>
  Object.fromEntries(
    Object.entries(passesOf(given)).map(([name, pass]) => [name, [...Object.values(resultOf(pass))[0].values]]),
  );

/** The control of that name. */
function partOf(given, key) {
  const part = operatorOf(given)
    .settings.flatMap(({ parts }) => parts)
    .find((each) => each.key === key);
  assert.ok(part, `${given.op} has no ${key}`);
  return part;
}
const choose = (given, choices) =>
  Object.entries(choices).reduce((now, [key, value]) => withChoice(now, partOf(now, key), value), given);

test("every worked example has its right answer, and what was printed wrongly differs from it", () => {
  for (const [name, { pass, right, printed }] of Object.entries(PRESETS)) {
    const found = resultsOf(presetCase(name))[pass];
    if (right) assert.ok(isRight(found, right), `${name}: ${found}`);
    if (printed) {
      assert.equal(printed.length, right.length);
      assert.notDeepEqual(printed, right);
    }
  }
  assert.equal(Object.values(PRESETS).filter(({ right }) => right).length, 8);
});

test("the cross-entropy of the tutorial is 0.6931 and its sizes end at 13 and 4", () => {
  assert.equal(crossEntropy(PREDICTED, TRUE_CLASS).toFixed(4), "0.6931");
  const ends = CHAINS.map((chain) =>
    chain.reduce((side, [, taps, stride]) => Math.floor((side - taps) / stride) + 1, 28),
  );
  assert.deepEqual(ends, [13, 4]);
});

test("dL/dY always has the output's shape, kept where it was and 1 where it is new", () => {
  let given = withValue(presetCase("valid"), "gradOutput", 3, 7);
  given = choose(given, { "input.rows": 4 });
  assert.deepEqual(given.tensors.gradOutput, { shape: [1, 3, 2], values: [1, 1, 1, 7, 1, 1] });
  for (const change of [
    (c) => choose(c, { "kernel.rows": 1 }),
    (c) => choose(c, { inputs: 3, outputs: 2 }),
    (c) => withOperator(c, "max"),
    (c) => withOperator(c, "conv"),
    (c) => choose(c, { "padding.rows": 1, "padding.columns": 2 }),
  ]) {
    given = change(given);
    const { forward } = passesOf(given);
    assert.deepEqual(given.tensors.gradOutput.shape, forward.shapes.output);
    for (const { shape, values } of Object.values(given.tensors)) assert.equal(values.length, size(shape));
  }
});

test("every choice of every operator is either computed or refused in words, and leaves tensors of their size", () => {
  for (const { name, settings } of Object.values(OPERATORS)) {
    const start = withOperator(presetCase("edge"), name);
    for (const part of settings.flatMap(({ parts }) => parts)) {
      const values = part.kind === "switch" ? [true, false] : part.kind === "number" ? [0, 0.5] : part.options(start);
      for (const value of values) {
        const given = withChoice(start, part, value);
        assert.deepEqual(part.get(given), value, `${name}, ${part.key}`);
        if (refusalOf(given)) continue;
        for (const pass of Object.values(passesOf(given)))
          for (const { values: found } of Object.values(resultOf(pass))) assert.ok(found.length);
      }
    }
  }
});

test("impossible settings keep the gradient until there is an output again", () => {
  const given = withValue(presetCase("valid"), "gradOutput", 0, 5);
  const none = choose(given, { "kernel.rows": 5 });
  assert.equal(refusalOf(none).reason, "span");
  assert.deepEqual(none.tensors.gradOutput, given.tensors.gradOutput);
  assert.deepEqual(choose(none, { "kernel.rows": 2 }).tensors.gradOutput.values, [5, 1, 1, 1]);
});

test("groups always divide both numbers of channels", () => {
  let given = choose(presetCase("valid"), { inputs: 4, outputs: 4, groups: 4 });
  assert.deepEqual(given.tensors.weight.shape, [4, 1, 2, 2]);
  given = choose(given, { outputs: 2 });
  assert.equal(given.settings.groups, 2);
  assert.deepEqual(given.tensors.weight.shape, [2, 2, 2, 2]);
  assert.deepEqual(partOf(given, "groups").options(given), [1, 2]);
});

test("a matrix cut and grown again keeps what stayed in it", () => {
  const grown = reshaped({ shape: [1, 2, 2], values: [1, 2, 3, 4] }, [1, 3, 3], 0);
  assert.deepEqual(grown.values, [1, 2, 0, 3, 4, 0, 0, 0, 0]);
  assert.deepEqual(reshaped(grown, [1, 2, 1], 9).values, [1, 3]);
});

test("a seed gives the same numbers again, another one others, all small whole numbers", () => {
  const given = choose(presetCase("edge"), { inputs: 4, outputs: 4 });
  assert.deepEqual(randomised(given, 5), randomised(given, 5));
  assert.notDeepEqual(randomised(given, 5).tensors.input, randomised(given, 6).tensors.input);
  const { input, weight } = randomised(given, 5).tensors;
  assert.ok(input.values.every((value) => Number.isInteger(value) && value >= 0 && value <= 9));
  assert.equal(new Set(weight.values).size, 5);
});

test("formulas carry the settings, and leave out what is 0, 1 or alone", () => {
  const formula = (given, name) => {
    const pass = passesOf(given)[name];
    return textOf(formulaOf({ latex: FORMULAS[pass.formula ?? pass.function], letters: pass.letters }));
  };
  const plain = presetCase("valid");
  assert.equal(formula(plain, "forward"), "Y[y, x] = b + Σ(i, j) K[i, j] · X[y + i, x + j]");
  assert.equal(formula(plain, "inputGrad"), "dL/dX[row, col] = Σ(i, j) K[i, j] · dL/dY[row − i, col − j]");
  const given = choose(presetCase("edge"), {
    inputs: 2,
    outputs: 2,
    "kernel.rows": 2,
    "kernel.columns": 2,
    "stride.rows": 2,
    "padding.rows": 1,
    "dilation.columns": 2,
  });
  assert.equal(formula(given, "forward"), "Y[o, y, x] = b[o] + Σ(c, i, j) K[o, c, i, j] · X[c, 2·y − 1 + i, x + 2·j]");
  assert.equal(
    formula(given, "inputGrad"),
    "dL/dX[c, row, col] = Σ(o, i, j) K[o, c, i, j] · dL/dY[o, (row + 1 − i) / 2, col − 2·j]",
  );
  assert.equal(
    formula(choose(plain, { flip: true }), "forward"),
    "Y[y, x] = b + Σ(i, j) K[i, j] · X[y + 1 − i, x + 1 − j]",
  );
  assert.equal(formula(presetCase("maxpool"), "forward"), "Y[y, x] = max(i, j) X[2·y + i, 2·x + j]");
});

test("the call of PyTorch names only settings that are not its defaults", () => {
  const torch = (given, pass = "forward") => passesOf(given)[pass].torch;
  const plain = presetCase("valid");
  assert.equal(torch(plain), "Y = F.conv2d(X, K, b)");
  const moved = choose(plain, {
    flip: true,
    "stride.rows": 2,
    "stride.columns": 2,
    "padding.columns": 1,
    "dilation.columns": 3,
  });
  assert.equal(torch(moved), "Y = F.conv2d(X, K.flip(2, 3), b, stride=2, padding=(0, 1), dilation=(1, 3))");
  assert.equal(torch(choose(plain, { fit: "same" })), 'Y = F.conv2d(X, K, b, padding="same")');
  assert.equal(
    torch(choose(plain, { inputs: 2, outputs: 2, groups: 2, mode: "circular", "padding.rows": 1 })),
    'Y = F.conv2d(F.pad(X, (0, 0, 1, 1), mode="circular"), K, b, groups=2)',
  );
  assert.equal(torch(presetCase("maxpool")), "Y = F.max_pool2d(X, 2)");
  assert.equal(
    torch(choose(withOperator(presetCase("maxpool"), "avg"), { "stride.rows": 1, ceil: true, countPadding: false })),
    "Y = F.avg_pool2d(X, 2, stride=(1, 2), ceil_mode=True, count_include_pad=False)",
  );
  assert.equal(torch(plain, "update"), "torch.optim.SGD([K, b], lr=0.1).step()");
});

test("cells and sizes are named as a tutorial writes them", () => {
  const given = presetCase("edge");
  assert.equal(cellName(given, "gradInput", [0, 1, 2], [1, 3, 3]), "dL/dX[1, 2]");
  assert.equal(cellName(given, "weight", [1, 0, 0, 2], [2, 3, 1, 3]), "K[1, 0, 0, 2]");
  assert.equal(cellName(given, "bias", [0], [1]), "b");
  assert.equal(cellName(given, "bias", [1], [2]), "b[1]");
  assert.equal(written([6, 8, 12, 14], 2), "[[6, 8], [12, 14]]");
  assert.equal(written([0.1, -0.5], 2, 4), "[0.1, −0.5]");
  assert.equal(written([Math.LN2], 1, 4), "0.6931");
  assert.equal(operatorOf(given).sizes(given).axes[0].text, "⌊(5 + 2·0 − 1·(3 − 1) − 1) / 1⌋ + 1 = 3");
  const pool = choose(withOperator(given, "max"), { ceil: true });
  assert.equal(operatorOf(pool).sizes(pool).axes[0].text, "⌈(5 + 2·0 − 1·(2 − 1) − 1) / 2⌉ + 1 = 3");
});
