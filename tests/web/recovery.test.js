import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { applied, hiddenKernel, pairOf } from "../../explorer/web/kernels/pair.js";
import { createChain } from "../../explorer/web/kernels/chain.js";
import { FIRST, withPreset } from "../../explorer/web/lib/kernels_state.js";
import { verdictOf } from "../../explorer/web/kernels/verdict.js";
import { windowsOf } from "../../explorer/web/lib/conv.js";
import { PICTURES, pictureOf } from "../../explorer/web/lib/pictures.js";
import { descended, descentOf, equationsOf, momentsOf } from "../../explorer/web/lib/recovery.js";
import { planesOf } from "../../explorer/web/lib/shading.js";
import { svd } from "../../explorer/web/lib/svd.js";

/** Written by `core.ops.recovery`, where each step is walked; tests/explorer/test_kernels.py holds Python to the same file. */
const golden = JSON.parse(readFileSync(new URL("../golden/recovery.json", import.meta.url), "utf8"));

function lesson({ height, width, planes, rows, columns, stride, dilation, targets }) {
  const { geometry } = windowsOf(
    height,
    width,
    { rows, columns, values: [] },
    { stride, dilation, padding: "valid", mode: "zeros" },
  );
  return descentOf(
    equationsOf(
      planes.map((plane) => Float64Array.from(plane)),
      targets.map((target) => Float64Array.from(target)),
      geometry,
    ),
  );
}

test("every golden case has core's eigenvalues and rank", () => {
  for (const given of golden) {
    const { eigenvalues, rank } = lesson(given);
    assert.equal(rank, given.rank, given.name);
    given.eigenvalues.forEach((value, k) =>
      assert.ok(Math.abs(eigenvalues[k] - value) <= 1e-9 * Math.max(1, given.eigenvalues[0]), `${given.name} ${k}`),
    );
  }
});

test("step k without walking there is where core's walk is at step k: kernel, bias and error", () => {
  let checked = 0;
  for (const given of golden) {
    const descent = lesson(given);
    for (const { steps, values, bias, error } of given.descent) {
      const got = descended(descent, steps);
      const peak = Math.max(1, ...values.map(Math.abs));
      values.forEach((value, k) =>
        assert.ok(
          Math.abs(got.values[k] - value) <= 1e-4 * peak,
          `${given.name}, step ${steps}: ${got.values[k]}, expected ${value}`,
        ),
      );
      assert.ok(
        Math.abs(got.bias - bias) <= 1e-4 * Math.max(10, Math.abs(bias)),
        `${given.name}, step ${steps}: bias ${got.bias}, expected ${bias}`,
      );
      assert.ok(
        Math.abs(got.error - error) <= 1e-6 * descent.equations.variance + 1e-4 * error,
        `${given.name}, step ${steps}: error ${got.error}, expected ${error}`,
      );
      checked++;
    }
  }
  assert.ok(checked > 20);
});

test("the descent ends at the kernel behind the result where the rank is full, at the smallest kernel where it is not", () => {
  for (const given of golden.filter(({ rank }) => rank > 0)) {
    const descent = lesson(given);
    const { values, error } = descended(descent, 1e9);
    assert.ok(error <= 1e-9 * descent.equations.variance, given.name);
    const size = (kernel) => Math.hypot(...kernel);
    if (given.rank === values.length)
      values.forEach((value, k) => assert.ok(Math.abs(value - given.kernel[k]) < 1e-4, `${given.name} ${k}`));
    else assert.ok(size(values) < size(given.kernel));
  }
});

test("the error falls at every step that is shown", () => {
  const descent = lesson(golden[2]);
  const errors = momentsOf(descent.steps).map((step) => descended(descent, step).error);
  errors.forEach((error, k) => assert.ok(k === 0 || error <= errors[k - 1]));
  const moments = momentsOf(123456);
  assert.deepEqual(moments.slice(0, 4), [0, 1, 2, 3]);
  assert.equal(moments.at(-1), 123456);
  assert.ok(moments.every((step, k) => k === 0 || step > moments[k - 1]) && moments.length < 250);
});

test("singular values and vectors give the matrix back, whatever its shape and rank", () => {
  for (const [rows, columns, rank] of [
    [3, 3, 3],
    [5, 3, 2],
    [3, 5, 3],
    [1, 7, 1],
    [4, 4, 0],
    [9, 9, 1],
  ]) {
    const parts = Array.from({ length: rank }, (_, k) => [
      Array.from({ length: rows }, (_, i) => Math.sin(i * 3 + k + 1)),
      Array.from({ length: columns }, (_, j) => Math.cos(j * 5 + k)),
    ]);
    const values = Array.from({ length: rows * columns }, (_, n) =>
      parts.reduce((sum, [u, v]) => sum + u[Math.floor(n / columns)] * v[n % columns], 0),
    );
    const { sizes, left, right } = svd(values, rows, columns);
    assert.equal(sizes.length, Math.min(rows, columns));
    assert.ok(sizes.every((size, k) => size >= 0 && (k === 0 || size <= sizes[k - 1])));
    values.forEach((value, n) => {
      const made = sizes.reduce(
        (sum, size, k) => sum + size * left[k][Math.floor(n / columns)] * right[k][n % columns],
        0,
      );
      assert.ok(Math.abs(made - value) < 1e-12);
    });
  }
});

const viewOf = (stage, picture, channels = "grey") => {
  const field = { width: picture.width, height: picture.height, planes: planesOf(picture.data, channels), version: 0 };
  return createChain().run(field, [stage], 0, true, Infinity)[0];
};
const flat = { width: 20, height: 20, data: new Uint8ClampedArray(1600).fill(120) };

/** The verdict at the end of a descent. */
function judged(asked, stage, link, leaveCut = false) {
  const pair = pairOf(asked, stage, link, null);
  const descent = descentOf(
    equationsOf(
      pair.surrounded,
      pair.targets,
      pair.geometry,
      leaveCut ? (c, k) => pair.targets[c][k] > 0 && pair.targets[c][k] < 255 : null,
    ),
  );
  const now = descended(descent, descent.steps);
  return { ...verdictOf({ pair, descent, leftOut: leaveCut, step: descent.steps, last: true, now }), pair, now };
}
const names = ({ key }) => key.map((each) => each.split(".").at(-1));

test("presets are found from their exact results, on every picture with detail", () => {
  for (const picture of Object.keys(PICTURES)) {
    for (const preset of ["emboss", "sobelx", "sharpen"]) {
      const stage = withPreset({ ...FIRST, padding: "valid" }, preset);
      const { rows, columns } = stage.kernel;
      const found = judged({ from: "stage", rows, columns, seed: 0 }, stage, viewOf(stage, pictureOf(picture)));
      assert.deepEqual(names(found), ["found"], `${preset} on ${picture}`);
    }
  }
});

test("why a kernel cannot be known is named: a flat picture, few windows, signs lost, values cut", () => {
  const asked = { from: /** @type {const} */ ("stage"), rows: 3, columns: 3, seed: 0 };
  assert.deepEqual(names(judged(asked, FIRST, viewOf(FIRST, flat))), ["flat"]);
  const wide = { ...FIRST, stride: /** @type {[number, number]} */ ([9, 9]), padding: /** @type {const} */ ("valid") };
  const small = { width: 20, height: 20, data: pictureOf("noisy").data.slice(0, 1600) };
  assert.deepEqual(names(judged(asked, wide, viewOf(wide, small))), ["missed", "few"]);
  const noisy = pictureOf("noisy");
  const edges = withPreset(FIRST, "sobelx");
  assert.deepEqual(names(judged({ ...asked, from: "painted" }, edges, viewOf(edges, noisy))).slice(-2), [
    "signless",
    "cut",
  ]);
  const cut = judged({ ...asked, from: "painted" }, FIRST, viewOf(FIRST, noisy));
  assert.deepEqual(names(cut), ["missed", "cut"]);
  const left = judged({ ...asked, from: "painted" }, FIRST, viewOf(FIRST, noisy), true);
  assert.ok(!names(left).includes("cut"));
  const away = ({ now, pair }) =>
    Math.max(...now.values.map((value, k) => Math.abs(value - pair.truth.kernel.values[k])));
  assert.ok(away(left) < away(cut) / 10, `${away(left)} and ${away(cut)}`);
});

test("a result that no kernel of the size makes is called so", () => {
  const stage = withPreset(FIRST, "gaussian");
  assert.deepEqual(
    names(judged({ from: "stage", rows: 1, columns: 1, seed: 0 }, stage, viewOf(stage, pictureOf("noisy")))),
    ["ended", "other"],
  );
});

test("a hidden kernel is the same for the same number, and its result is its own", () => {
  assert.deepEqual(hiddenKernel(3, 3, 5), hiddenKernel(3, 3, 5));
  assert.notDeepEqual(hiddenKernel(3, 3, 5), hiddenKernel(3, 3, 6));
  const link = viewOf(FIRST, pictureOf("noisy"));
  const pair = pairOf({ from: "hidden", rows: 3, columns: 3, seed: 5 }, FIRST, link, null);
  assert.deepEqual(pair.targets, applied(pair.surrounded, hiddenKernel(3, 3, 5), pair.geometry));
  assert.deepEqual(names(judged({ from: "hidden", rows: 3, columns: 3, seed: 5 }, FIRST, link)), ["found"]);
});

test("results of another size are refused with both sizes", () => {
  const link = viewOf(FIRST, flat);
  const file = { width: 19, height: 20, planes: [new Float64Array(380)] };
  const asked = { from: /** @type {const} */ ("file"), rows: 3, columns: 3, seed: 0 };
  assert.deepEqual(pairOf(asked, FIRST, link, file), {
    reason: "size",
    numbers: { height: 20, width: 20, rows: 20, columns: 19 },
  });
  assert.equal(pairOf(asked, FIRST, link, null).reason, "file");
});
