import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  compute,
  convolved,
  halved,
  inputGradient,
  rectified,
  weightGradient,
} from "../../explorer/web/engine/conv.js";
import { loadLoops } from "../../explorer/web/engine/wasm.js";
import { FUNCTIONS } from "../../explorer/web/lib/operators/activation.js";
import { OPERATORS } from "../../explorer/web/lib/operators/index.js";
import { size } from "../../explorer/web/lib/visits.js";

const ENGINE = new URL("../../explorer/web/engine/", import.meta.url);
const compiled = process.env.CONV_WASM ?? new URL("conv.wasm", ENGINE);
compute(await loadLoops(readFileSync(compiled)));

let seed = 1;
/** The same numbers each time. */
const random = () => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};
/** @param {number[]} shape */
const tensor = (shape) => ({ shape, data: Float32Array.from({ length: size(shape) }, () => random() * 2 - 1) });

/** Shapes of every kind: [C, H, W, O, kH, kW, stride, padding, dilation]. */
const CASES = [
  [1, 5, 5, 1, 3, 3, [1, 1], [0, 0], [1, 1]],
  [3, 7, 6, 17, 3, 2, [1, 1], [1, 1], [1, 1]],
  [2, 9, 8, 16, 3, 3, [2, 2], [1, 0], [1, 1]],
  [5, 8, 9, 33, 2, 3, [2, 1], [0, 2], [1, 1]],
  [4, 10, 10, 4, 3, 3, [1, 1], [2, 2], [2, 2]],
  [7, 1, 1, 19, 1, 1, [1, 1], [0, 0], [1, 1]],
  [1, 28, 28, 32, 5, 5, [1, 1], [0, 0], [1, 1]],
];

/** The passes of Arithmetic's convolution, which golden files hold to core: number by number, in float64. */
function steppedThrough(input, weight, bias, gradOutput, [stride, padding, dilation]) {
  const told = ({ shape, data }) => ({ shape, values: Array.from(data) });
  const tensors = {
    input: { ...told(input), shape: input.shape.slice(1) },
    weight: told(weight),
    bias: told(bias),
    gradOutput: { ...told(gradOutput), shape: gradOutput.shape.slice(1) },
  };
  const settings = { stride, padding, dilation, groups: 1, mode: "zeros", flip: false, kind: "number" };
  const passes = OPERATORS.conv.passes({ op: "conv", settings, tensors });
  const values = (name) => {
    const pass = passes.find((each) => each.name === name);
    return Array.from({ length: pass.count }, (_, k) => (pass.scan ? pass.scan(k) : pass.visit(k).value));
  };
  return { forward: values("forward"), inputGrad: values("inputGrad"), weightGrad: values("weightGrad") };
}

/** @param {Float32Array} found @param {number[]} wanted @param {string} name */
function close(found, wanted, name) {
  assert.equal(found.length, wanted.length, name);
  const most = Math.max(...wanted.map(Math.abs), 1);
  wanted.forEach((value, k) =>
    assert.ok(Math.abs(found[k] - value) < 1e-5 * most, `${name}[${k}] is ${found[k]}, not ${value}`),
  );
}

test("the compiled loops give what Arithmetic steps through, forward and backward", () => {
  for (const [C, H, W, O, kH, kW, stride, padding, dilation] of CASES) {
    const out = [H, W].map(
      (length, axis) =>
        Math.floor((length + 2 * padding[axis] - dilation[axis] * ([kH, kW][axis] - 1) - 1) / stride[axis]) + 1,
    );
    const [input, weight, bias, grad] = [[1, C, H, W], [O, C, kH, kW], [O], [1, O, ...out]].map(tensor);
    const moves = { stride, padding, dilation };
    const wanted = steppedThrough(input, weight, bias, grad, [stride, padding, dilation]);
    const name = `${C}×${H}×${W} ${O} ${kH}×${kW}`;
    close(convolved(input, weight, bias, moves, grad.shape).data, wanted.forward, `${name} forward`);
    close(weightGradient(grad, input, moves, weight.shape).data, wanted.weightGrad, `${name} weight`);
    if ([0, 1].every((axis) => padding[axis] <= dilation[axis] * ([kH, kW][axis] - 1)))
      close(inputGradient(grad, weight, moves, input.shape).data, wanted.inputGrad, `${name} input`);
  }
});

test("conv.wasm was built from conv.c as it is: `make wasm` writes both sums", () => {
  const sums = readFileSync(new URL("conv.sha256", ENGINE), "utf8").trim().split("\n");
  for (const line of sums) {
    const [sum, file] = line.split(/\s+/);
    assert.equal(
      createHash("sha256")
        .update(readFileSync(new URL(file, ENGINE)))
        .digest("hex"),
      sum,
      file,
    );
  }
  assert.deepEqual(
    sums.map((line) => line.split(/\s+/)[1]),
    ["conv.c", "conv.wasm"],
  );
});

test("a padding that is wider than the kernel reaches has no gradient here, and says so", () => {
  const moves = { stride: 1, padding: 2, dilation: 1 };
  assert.throws(
    () => inputGradient(tensor([1, 1, 6, 6]), tensor([1, 1, 2, 2]), moves, [1, 1, 3, 3]),
    /padding is wider/,
  );
});

test("what follows a convolution is its operator's, also of numbers that are none", () => {
  for (const shape of [
    [1, 3, 4, 8],
    [2, 2, 2, 22],
    [1, 1, 6, 2],
  ]) {
    const input = tensor(shape);
    for (const [k, value] of [NaN, Infinity, -Infinity, -0].entries())
      input.data[(5 * k + 1) % input.data.length] = value;
    const { data } = input;
    const values = Array.from(data, (x) => FUNCTIONS.relu.value(x, {}));
    assert.deepEqual(Array.from(rectified(input).data), values);
    const [N, C, H, W] = shape;
    const largest = Array.from({ length: data.length / 4 }, (_, k) => {
      const at = Math.floor(k / (W / 2)) * 2 * W + 2 * (k % (W / 2));
      return Math.max(data[at], data[at + 1], data[at + W], data[at + W + 1]);
    });
    assert.deepEqual(Array.from(halved(input, [N, C, H / 2, W / 2]).data), largest);
  }
});
