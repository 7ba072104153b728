import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { heard, INITIAL, told, withLength, withNumber } from "../../explorer/web/lib/properties_state.js";
import {
  bestProduct,
  CLAIMS,
  convolved,
  pooled,
  PROPERTIES,
  productsAt,
  signal,
  smoothed,
} from "../../explorer/web/lib/properties.js";
import { separated } from "../../explorer/web/lib/separable.js";

const golden = JSON.parse(readFileSync(new URL("../golden/properties.json", import.meta.url), "utf8"));
const near = (ours, theirs, tolerance = 1e-9) =>
  ours.length === theirs.length && ours.every((value, k) => Math.abs(value - theirs[k]) <= tolerance);

test("convolution and cross-correlation are those of core", () => {
  for (const { f, g, convolved: wanted, correlated } of golden.pairs) {
    assert.ok(near(convolved(f, g).values, wanted));
    assert.ok(near(convolved(f, g, false).values, correlated));
  }
});

test("pooling is that of core", () => {
  for (const { f, max, avg } of golden.pools) {
    assert.deepEqual(pooled(f, "max").values, max);
    assert.ok(near(pooled(f, "avg").values, avg));
  }
});

test("rank, singular values and the nearest product are torch's", () => {
  for (const { kernel, rank, sizes, nearest } of golden.kernels) {
    const found = separated(kernel);
    assert.equal(found.rank, rank);
    assert.ok(near(found.sizes, sizes));
    const { column, row } = bestProduct(kernel);
    assert.ok(near(convolved(column, row).values, nearest));
  }
  assert.equal(separated(signal([0, 0, 0])).rank, 0);
});

/** Numbers of a state, another draw for another seed. */
function drawn(seed) {
  let state = seed;
  const next = () => ((state = (state * 1103515245 + 12345) % 2147483648) / 2147483648) * 18 - 9;
  return Object.fromEntries(
    Object.entries(INITIAL).map(([name, value]) => [
      name,
      typeof value === "object" ? { ...value, values: value.values.map(next) } : value,
    ]),
  );
}

test("a property's sides agree on any numbers, and its counterexample does not, as mathematics says", () => {
  for (const state of [INITIAL, drawn(1), drawn(2)]) {
    for (const flip of [true, false]) {
      for (const [name, work] of Object.entries({ ...PROPERTIES, ...CLAIMS })) {
        const { equal, holds, left, right } = work(state, flip);
        assert.equal(equal, holds, `${name} ${flip}`);
        assert.deepEqual(left.at(-1).plane.rows, right.at(-1).plane.rows);
      }
    }
  }
});

test("the flip alone makes convolution commute and associate", () => {
  for (const name of ["commutes", "associates"]) {
    assert.equal(PROPERTIES[name](INITIAL, true).equal, true);
    assert.equal(PROPERTIES[name](INITIAL, false).equal, false);
  }
  const { left, right } = PROPERTIES.commutes(INITIAL, false);
  assert.deepEqual(left[0].plane.values, right[0].plane.values.toReversed());
});

test("a kernel of rank one separates, and a shift of nothing changes nothing", () => {
  const product = convolved(INITIAL.u, INITIAL.w);
  assert.equal(CLAIMS.separable({ ...INITIAL, K: product }, true).equal, true);
  assert.equal(CLAIMS.invariant({ ...INITIAL, shift: 0 }, true).equal, true);
});

test("the products of a place are the signal and the kernel turned round", () => {
  const terms = productsAt(signal([1, 3, 2]), signal([1, 2, -1]), true, 0, 2);
  assert.deepEqual(terms, [
    { at: 0, tap: 2, product: -1 },
    { at: 1, tap: 1, product: 6 },
    { at: 2, tap: 0, product: 2 },
  ]);
});

test("of the means the middle one is nearest to the clean signal, and none is best without noise", () => {
  const errors = smoothed(INITIAL.clean, INITIAL.noise, [1, 3, 5, 7]).map(({ error }) => error);
  assert.equal(errors.indexOf(Math.min(...errors)), 1);
  const silent = smoothed(INITIAL.clean, { ...INITIAL.noise, values: INITIAL.noise.values.map(() => 0) }, [1, 3]);
  assert.equal(silent[0].error, 0);
});

test("a state comes back from its link, and a broken one says what was expected", () => {
  assert.equal(told(INITIAL, 0), null);
  const state = { ...withNumber(withLength(INITIAL, "g", 2), "K", 4, 0.5), shift: 0, flip: false };
  assert.deepEqual(heard(JSON.parse(JSON.stringify(told(state, 3)))), { state, at: 3 });
  for (const [broken, words] of [
    [{ f: [] }, /f has 0 numbers, expected 1 to 8/],
    [{ K: [1] }, /K has 1 numbers, expected 9/],
    [{ g: [1, "2"] }, /g holds "2", expected numbers/],
    [{ shift: 9 }, /whole number from 0 to 4/],
    [{ flip: 1 }, /expected true or false/],
    [{ q: 1 }, /there is no q/],
  ]) {
    assert.throws(() => heard(broken), words);
  }
});
