import assert from "node:assert/strict";
import { test } from "node:test";
import { createChain } from "../../explorer/web/kernels/chain.js";
import { createEngine } from "../../explorer/web/kernels/engine.js";
import { FIRST, withPreset, withSize } from "../../explorer/web/lib/kernels_state.js";
import { extentAhead, paintable, paintAhead } from "../../explorer/web/lib/ahead.js";
import { withValue } from "../../explorer/web/lib/kernels.js";
import { extentOf, shown } from "../../explorer/web/lib/shading.js";

const picture = (channels = 3) => ({
  width: 37,
  height: 26,
  version: 0,
  planes: Array.from({ length: channels }, (_, c) =>
    Float64Array.from({ length: 37 * 26 }, (_, k) => ((4 * k + c) * 7919) % 256),
  ),
});
const sumsOf = (of, stage) => {
  const engine = createEngine();
  return engine.sum(engine.lay(of, stage)).sums;
};
/** Sums of one stage, and what they lack for another. */
const step = (of, from, to) => {
  const engine = createEngine();
  const { sums } = engine.sum(engine.lay(of, from));
  const kept = sums.map((plane) => plane.slice());
  const laid = engine.lay(of, to);
  const ahead = engine.ahead(laid);
  assert.deepEqual(sums, kept);
  return { laid, ahead };
};
const edited = (stage, k, value) => ({ ...stage, kernel: withValue(stage.kernel, k, value) });

test("what is painted ahead of the sums is within half a level of the truth, however the window moves", () => {
  const base = { ...withSize(withPreset(FIRST, "gabor"), 5, 7), bias: 0 };
  const stages = [
    base,
    { ...base, stride: [2, 3] },
    { ...base, dilation: [3, 2], mode: "zeros" },
    { ...base, flip: true, mode: "circular" },
    { ...base, padding: "valid" },
  ];
  for (const of of [picture(), picture(1)]) {
    for (const from of stages) {
      const to = edited(from, 9, from.kernel.values[9] + 0.7);
      const {
        laid: { surrounded, geometry },
        ahead: { sums, change, work },
      } = step(of, from, to);
      assert.deepEqual([work.path, work.taps, work.allTaps], ["update", 1, 35]);
      const truth = sumsOf(of, to);
      for (const [divisor, bias] of [
        [1, 0],
        [0.3, -40.4],
        [-7, 128],
      ]) {
        for (const show of ["clamp", "absolute"]) {
          const bytes = new Uint8ClampedArray(4 * sums[0].length);
          paintAhead(bytes, sums, surrounded, change, geometry, divisor, bias, show);
          [0, 1, 2].forEach((c) =>
            truth[c % truth.length].forEach((sum, k) => {
              const wanted = shown(sum / divisor + bias, show, {});
              assert.ok(
                Math.abs(bytes[4 * k + c] - wanted) <= 0.5 + 1e-9,
                `${show} ${sum}: ${bytes[4 * k + c]}, expected ${wanted}`,
              );
            }),
          );
          assert.ok(bytes.every((byte, k) => k % 4 < 3 || byte === 255));
        }
      }
    }
  }
});

test("the extent ahead of the sums, found a few rows at a time, is that of the values", () => {
  const from = withPreset(FIRST, "sharpen");
  const to = edited(from, 2, 1.5);
  const {
    laid: { surrounded, geometry },
    ahead: { sums, change },
  } = step(picture(), from, to);
  const parts = extentAhead(sums, surrounded, change, geometry, 2, 9);
  let [found, count] = [parts.next(), 1];
  for (; !found.done; count++) found = parts.next();
  const wanted = extentOf(sumsOf(picture(), to), 2, 9);
  for (const key of ["below", "above", "count"]) assert.equal(found.value[key], wanted[key]);
  for (const key of ["lowest", "highest"]) assert.ok(Math.abs(found.value[key] - wanted[key]) < 1e-9);
  assert.ok(count > 20 && count <= 121);
});

test("one weight's change waits, and none; two, another picture or other moves do not", () => {
  const [engine, of] = [createEngine(), picture()];
  assert.equal(engine.ahead(engine.lay(of, FIRST)), null);
  engine.sum(engine.lay(of, FIRST));
  const ahead = (stage, field = of) => engine.ahead(engine.lay(field, stage));
  assert.equal(ahead(FIRST).work.path, "kept");
  assert.equal(ahead(FIRST).change.weight, 0);
  assert.equal(ahead(edited(FIRST, 4, 3)).work.path, "update");
  assert.equal(ahead(edited(FIRST, 4, 3)).peak, 255);
  assert.equal(ahead(edited(edited(FIRST, 4, 3), 5, 8)), null);
  assert.equal(ahead(FIRST, { ...of, version: 1 }), null);
  engine.sum(engine.lay(of, FIRST));
  assert.equal(ahead({ ...FIRST, stride: [2, 1] }), null);
});

test("values that could leave the table of levels are not painted ahead", () => {
  assert.ok(paintable([1, -2, 1], 255, 1, 0));
  assert.ok(!paintable([1e4], 255, 1, 0));
  assert.ok(paintable([1e4], 255, -100, 0));
  assert.ok(!paintable([1], 255, 1, 1e6));
});

test("in a chain the kernel in view runs ahead unless a kernel behind it can still follow", () => {
  const of = picture();
  const [stages, moved] = [
    [FIRST, FIRST],
    [edited(FIRST, 0, 5), FIRST],
  ];
  const chain = createChain();
  chain.run(of, stages, 0, "summed", Infinity);
  const late = chain.run(of, moved, 0, "ahead", 0);
  assert.ok(late[0].ahead && !late[0].sums && late[1] === null);
  const early = chain.run(of, moved, 0, "ahead", Infinity);
  assert.ok(!early[0].ahead && early[0].sums && early[1].sums);
  const alone = createChain();
  alone.run(of, [FIRST], 0, "summed", Infinity);
  const [one] = alone.run(of, [edited(FIRST, 0, 5)], 0, "ahead", Infinity);
  assert.ok(one.ahead && !one.sums);
  const [far] = alone.run(of, [edited(FIRST, 0, 5e4)], 0, "ahead", Infinity);
  assert.ok(!far.ahead && far.sums);
});
