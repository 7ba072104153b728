import assert from "node:assert/strict";
import { test } from "node:test";
import { CHAINS, crossEntropy, PREDICTED, presetCase, PRESETS, TRUE_CLASS, written } from "../../explorer/web/arithmetic/presets.js";
import { fitting, LARGEST, randomised, reshaped, withChannels, withInput, withKernel, withOperator, withSettings, withValue } from "../../explorer/web/arithmetic/state.js";
import { cellName, formula, sizeWorked, torchCall } from "../../explorer/web/arithmetic/words.js";
import { geometryOf, outputShape, passesOf, resultOf } from "../../explorer/web/lib/arithmetic.js";
import { size } from "../../explorer/web/lib/visits.js";

function resultsOf(given) {
  const { geometry } = geometryOf(given);
  return Object.fromEntries(Object.entries(passesOf(given, geometry)).map(([name, pass]) => [name, [...Object.values(resultOf(pass))[0].values]]));
}

test("every worked example has its right answer, and what was printed wrongly differs from it", () => {
  for (const [name, { pass, right, printed }] of Object.entries(PRESETS)) {
    const found = resultsOf(presetCase(name))[pass];
    if (right) assert.deepEqual(found, right, name);
    if (printed) {
      assert.equal(printed.length, right.length);
      assert.notDeepEqual(printed, right);
    }
  }
  assert.equal(Object.values(PRESETS).filter(({ right }) => right).length, 5);
});

test("the cross-entropy of the tutorial is 0.6931 and its sizes end at 13 and 4", () => {
  assert.equal(crossEntropy(PREDICTED, TRUE_CLASS).toFixed(4), "0.6931");
  const ends = CHAINS.map((chain) => chain.reduce((side, [, taps, stride]) => Math.floor((side - taps) / stride) + 1, 28));
  assert.deepEqual(ends, [13, 4]);
});

test("dL/dY always has the output's shape, kept where it was and 1 where it is new", () => {
  let given = withValue(presetCase("valid"), "gradOutput", 3, 7);
  given = withInput(given, 4, 3);
  assert.deepEqual(given.gradOutput, { shape: [1, 3, 2], values: [1, 1, 1, 7, 1, 1] });
  for (const change of [(c) => withKernel(c, 1, 2), (c) => withChannels(c, 3, 2), (c) => withOperator(c, "max"), (c) => withOperator(c, "conv"), (c) => withSettings(c, { padding: [1, 2] })]) {
    given = change(given);
    const { geometry } = geometryOf(given);
    assert.deepEqual(given.gradOutput.shape, outputShape(given, geometry));
    for (const name of ["input", "weight", "bias", "gradOutput"]) assert.equal(given[name].values.length, size(given[name].shape), name);
  }
});

test("impossible settings keep the gradient until there is an output again", () => {
  const given = withValue(presetCase("valid"), "gradOutput", 0, 5);
  const none = withKernel(given, 5, 2);
  assert.equal(geometryOf(none).geometry, null);
  assert.deepEqual(none.gradOutput, given.gradOutput);
  assert.deepEqual(fitting(withKernel(none, 2, 2)).gradOutput.values, [5, 1, 1, 1]);
});

test("a matrix cut and grown again keeps what stayed in it", () => {
  const grown = reshaped({ shape: [1, 2, 2], values: [1, 2, 3, 4] }, [1, 3, 3], 0);
  assert.deepEqual(grown.values, [1, 2, 0, 3, 4, 0, 0, 0, 0]);
  assert.deepEqual(reshaped(grown, [1, 2, 1], 9).values, [1, 3]);
});

test("a seed gives the same numbers again, another one others, all small whole numbers", () => {
  const given = withChannels(presetCase("edge"), LARGEST.inputs, LARGEST.outputs);
  assert.deepEqual(randomised(given, 5), randomised(given, 5));
  assert.notDeepEqual(randomised(given, 5).input, randomised(given, 6).input);
  const { input, weight } = randomised(given, 5);
  assert.ok(input.values.every((value) => Number.isInteger(value) && value >= 0 && value <= 9));
  assert.equal(new Set(weight.values).size, 5);
});

test("formulas carry the settings, and leave out what is 0, 1 or alone", () => {
  const plain = presetCase("valid");
  assert.equal(formula(plain, "forward"), "Y[y, x] = b + Σ(i, j) K[i, j] · X[y + i, x + j]");
  assert.equal(formula(plain, "inputGrad"), "dL/dX[row, col] = Σ(i, j) K[i, j] · dL/dY[row − i, col − j]");
  const given = { ...withChannels(plain, 2, 2), stride: [2, 1], padding: [1, 0], dilation: [1, 2] };
  assert.equal(formula(given, "forward"), "Y[o, y, x] = b[o] + Σ(c, i, j) K[o, c, i, j] · X[c, 2·y − 1 + i, x + 2·j]");
  assert.equal(formula(given, "inputGrad"), "dL/dX[c, row, col] = Σ(o, i, j) K[o, c, i, j] · dL/dY[o, (row + 1 − i) / 2, col − 2·j]");
  assert.equal(formula({ ...plain, flip: true }, "forward"), "Y[y, x] = b + Σ(i, j) K[i, j] · X[y + 1 − i, x + 1 − j]");
  assert.equal(formula(presetCase("maxpool"), "forward"), "Y[y, x] = max(i, j) X[2·y + i, 2·x + j]");
});

test("the call of PyTorch names only settings that are not its defaults", () => {
  const plain = presetCase("valid");
  assert.equal(torchCall(plain, "forward"), "Y = F.conv2d(X, K, b)");
  assert.equal(torchCall({ ...plain, flip: true, stride: [2, 2], padding: [0, 1], dilation: [1, 3] }, "forward"), "Y = F.conv2d(X, K.flip(2, 3), b, stride=2, padding=(0, 1), dilation=(1, 3))");
  assert.equal(torchCall(presetCase("maxpool"), "forward"), "Y = F.max_pool2d(X, 2)");
  assert.equal(torchCall({ ...presetCase("maxpool"), op: "avg", stride: [1, 2] }, "forward"), "Y = F.avg_pool2d(X, 2, stride=(1, 2))");
  assert.equal(torchCall(plain, "update"), "torch.optim.SGD([K, b], lr=0.1).step()");
});

test("cells and sizes are named as a tutorial writes them", () => {
  assert.equal(cellName("gradInput", [0, 1, 2], [1, 3, 3]), "dL/dX[1, 2]");
  assert.equal(cellName("weight", [1, 0, 0, 2], [2, 3, 1, 3]), "K[1, 0, 0, 2]");
  assert.equal(cellName("bias", [0], [1]), "b");
  assert.equal(cellName("bias", [1], [2]), "b[1]");
  assert.equal(written([6, 8, 12, 14], 2), "[[6, 8], [12, 14]]");
  const { geometry } = geometryOf(presetCase("edge"));
  assert.equal(sizeWorked(geometry.rows), "⌊(5 + 2·0 − 1·(3 − 1) − 1) / 1⌋ + 1 = 3");
});
