import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createChain } from "../../explorer/web/kernels/chain.js";
import { FIRST, withKernel, withPreset } from "../../explorer/web/lib/kernels_state.js";
import { composed, discrepancy, merged, together } from "../../explorer/web/lib/composition.js";

/** Written by `core.ops.composition`; tests/explorer/test_kernels.py holds Python to the same file. */
const golden = JSON.parse(readFileSync(new URL("../golden/composition.json", import.meta.url), "utf8"));

test("every golden pair gives core's kernel, its zeros between the taps left out", () => {
  for (const { first, second, stride, firstDilation, secondDilation, composed: wanted } of golden) {
    const { kernel, dilation } = composed(first, second, stride, firstDilation, secondDilation);
    assert.deepEqual(
      [dilation[0] * (kernel.rows - 1) + 1, dilation[1] * (kernel.columns - 1) + 1],
      [wanted.length, wanted[0].length],
    );
    wanted.forEach((row, i) =>
      row.forEach((value, j) => {
        const between = i % dilation[0] || j % dilation[1];
        assert.ok(
          Math.abs((between ? 0 : kernel.values[(i / dilation[0]) * kernel.columns + j / dilation[1]]) - value) < 1e-9,
        );
      }),
    );
  }
});

const field = (width, height) => ({
  width,
  height,
  version: 0,
  planes: [Float64Array.from({ length: width * height }, (_, k) => (k * 7919) % 256)],
});
const random = (rows, columns, seed) => ({
  rows,
  columns,
  values: Array.from({ length: rows * columns }, (_, k) => Math.sin(k * 12.9 + seed)),
});
const paddingOf = ({
  laid: {
    geometry: { rows, columns },
  },
}) => ({ before: [rows.before, columns.before], after: [rows.after, columns.after] });

function run(stages, of = field(31, 24)) {
  return { links: createChain().run(of, stages, 0, true, Infinity), of };
}

test("two kernels of a chain and the one in their place give the same inside, whatever their settings", () => {
  const stages = [
    [
      { ...withKernel(FIRST, random(3, 3, 1)), bias: 7 },
      { ...withKernel(FIRST, random(5, 3, 2)), bias: -3 },
    ],
    [
      { ...withKernel(FIRST, random(3, 2, 3)), stride: [2, 1], dilation: [1, 2], flip: true },
      { ...withKernel(FIRST, random(2, 3, 4)), stride: [1, 3], padding: "valid" },
    ],
    [
      { ...withPreset(FIRST, "gaussian"), padding: "valid" },
      { ...withPreset(FIRST, "sobelx"), padding: "valid", dilation: [3, 3] },
    ],
  ];
  for (const [first, second] of stages) {
    const { links, of } = run([first, second]);
    const both = together(first, second, links.map(paddingOf));
    const { rows, columns } = links[1].laid.geometry;
    const { largest, count } = discrepancy(
      both,
      of.planes[0],
      of.height,
      of.width,
      links[1].sums[0],
      rows.output,
      columns.output,
      links[1].divisor,
      links[1].bias,
      1e6,
    );
    assert.ok(count > 20 && largest < 1e-8, `${largest} over ${count}`);
  }
});

test("made one, they give the same without padding, everywhere", () => {
  const first = { ...withPreset(FIRST, "gaussian"), padding: "valid", mode: "zeros" };
  const second = { ...withPreset(FIRST, "laplacian"), padding: "valid", mode: "zeros", bias: 9 };
  const { links } = run([first, second]);
  const one = merged(together(first, second, links.map(paddingOf)), first, second, 15);
  assert.equal(one.padding, "valid");
  const {
    links: [alone],
  } = run([one]);
  assert.equal(alone.sums[0].length, links[1].sums[0].length);
  alone.sums[0].forEach((sum, k) =>
    assert.ok(Math.abs(sum / alone.divisor + one.bias - (links[1].sums[0][k] / links[1].divisor + 9)) < 1e-8),
  );
});

test("what is not linear between two kernels, or too large, does not make one", () => {
  const [first, second] = [withPreset(FIRST, "sobelx"), withPreset(FIRST, "box")];
  const paddings = run([first, second]).links.map(paddingOf);
  assert.equal(together({ ...first, pass: "absolute" }, second, paddings), null);
  assert.equal(together({ ...first, pass: "clamp" }, second, paddings), null);
  const both = together(first, second, paddings);
  assert.equal(merged(both, first, second, 4), null);
  assert.equal(merged(both, first, second, 15).padding, "same");
  assert.equal(merged(both, { ...first, mode: "zeros" }, second, 15), null);
});

test("a chain hands on what it says, skips what is off, and stops where no window fits", () => {
  const chain = createChain();
  const of = field(20, 16);
  const half = { ...FIRST, preset: null, kernel: { rows: 1, columns: 1, values: [-0.5] } };
  const stages = [half, { ...half, on: false }, half];
  assert.ok(Math.abs(chain.run(of, stages, 0, true, Infinity)[2].sums[0][33] - of.planes[0][33] / 4) < 1e-12);
  const absolute = [{ ...half, pass: "absolute" }, stages[1], half];
  assert.ok(Math.abs(chain.run(of, absolute, 0, true, Infinity)[2].sums[0][33] + of.planes[0][33] / 4) < 1e-12);
  const refused = [half, { ...half, kernel: random(15, 15, 1), mode: "reflect", dilation: [4, 4] }, half];
  const links = chain.run(of, refused, 0, true, Infinity);
  assert.equal(links[1].refusal.reason, "reflect");
  assert.equal(links[2].blocked, true);
  assert.equal(chain.run(of, stages, 0, true, Infinity)[2].work.path === "kept", false);
});

test("kernels behind the one in view wait when time is short, and are there when it is not", () => {
  const chain = createChain();
  const stages = Array.from({ length: 3 }, (_, k) => withKernel(FIRST, random(5, 5, k)));
  const of = field(200, 200);
  chain.run(of, stages, 0, true, Infinity);
  const edited = [withKernel(stages[0], random(5, 5, 9)), ...stages.slice(1)];
  const hurried = chain.run(of, edited, 0, true, -Infinity);
  assert.deepEqual(
    hurried.map((link) => link !== null),
    [true, false, false],
  );
  const links = chain.run(of, edited, 0, true, Infinity);
  const fresh = run(edited, of).links[2].sums[0];
  links[2].sums[0].forEach((sum, k) => assert.ok(Math.abs(sum - fresh[k]) < 1e-6));
});
