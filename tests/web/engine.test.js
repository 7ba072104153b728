import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine } from "../../explorer/web/kernels/engine.js";
import { FIRST, withPreset, withSize } from "../../explorer/web/lib/kernels_state.js";
import { withValue } from "../../explorer/web/lib/kernels.js";

const picture = (width, height, seed, channels = 3) => ({
  width,
  height,
  version: 0,
  planes: Array.from({ length: channels }, (_, c) =>
    Float64Array.from({ length: width * height }, (_, k) => ((4 * k + c) * 7919 * (seed + 1)) % 256),
  ),
});
const computed = (engine, of, state) => engine.sum(engine.lay(of, state));
const fresh = (of, state) => computed(createEngine(), of, state).sums;

/** Largest difference between two results. */
const apart = (some, others) =>
  Math.max(
    ...some.map((plane, c) => plane.reduce((most, value, k) => Math.max(most, Math.abs(value - others[c][k])), 0)),
  );

test("a thousand edits of single weights end where one computation does", () => {
  const [engine, of] = [createEngine(), picture(31, 23, 1)];
  let state = withSize({ ...FIRST, preset: null }, 5, 5);
  computed(engine, of, state);
  for (let k = 0; k < 1000; k++) {
    state = { ...state, kernel: withValue(state.kernel, (k * 7) % 25, Math.sin(k + 1) * 9) };
    assert.equal(computed(engine, of, state).work.path, "update");
  }
  const { sums } = computed(engine, of, state);
  assert.ok(apart(sums, fresh(of, state)) < 1e-8);
});

test("the way is the shortest: kept, one weight, two passes, all taps", () => {
  const [engine, of] = [createEngine(), picture(20, 20, 2)];
  const gaussian = withPreset(FIRST, "gaussian");
  const paths = (state) => {
    const { path, taps } = computed(engine, of, state).work;
    return [path, taps];
  };
  assert.deepEqual(paths(gaussian), ["passes", 10]);
  assert.deepEqual(paths({ ...gaussian, bias: 9, show: "rescale" }), ["kept", 0]);
  assert.deepEqual(paths({ ...gaussian, kernel: withValue(gaussian.kernel, 3, 5) }), ["update", 1]);
  assert.deepEqual(paths(withPreset(FIRST, "emboss")), ["direct", 7]);
  assert.deepEqual(paths(withPreset(FIRST, "identity")), ["direct", 1]);
});

test("another picture, other colours, other moves or a rotated kernel are never answered with old sums", () => {
  const engine = createEngine();
  const pictures = [picture(20, 14, 3), picture(20, 14, 4), picture(14, 20, 3), picture(20, 14, 3, 1)];
  const states = [
    FIRST,
    { ...FIRST, stride: [2, 1] },
    { ...FIRST, mode: "zeros" },
    { ...FIRST, flip: true },
    withPreset(FIRST, "box"),
    { ...FIRST, dilation: [1, 2] },
  ];
  for (const of of [...pictures, ...pictures]) {
    for (const state of [...states, ...states.toReversed()])
      assert.ok(apart(computed(engine, of, state).sums, fresh(of, state)) < 1e-9);
  }
});

test("a refusal between two states loses nothing", () => {
  const [engine, of] = [createEngine(), picture(4, 4, 5)];
  computed(engine, of, FIRST);
  assert.equal(engine.lay(of, withSize({ ...FIRST, mode: "reflect" }, 9, 9)).reason, "reflect");
  assert.ok(apart(computed(engine, of, FIRST).sums, fresh(of, FIRST)) === 0);
});

test("planes written anew in place are computed anew when their version says so", () => {
  const [engine, of] = [createEngine(), picture(12, 9, 6)];
  const before = computed(engine, of, FIRST).sums.map((plane) => plane.slice());
  of.planes[0][40] += 100;
  assert.equal(computed(engine, of, FIRST).work.path, "kept");
  const next = { ...of, version: 1 };
  assert.ok(apart(computed(engine, next, FIRST).sums, fresh(next, FIRST)) === 0);
  assert.ok(apart(engine.sum(engine.lay(next, FIRST)).sums, before) > 0);
});
