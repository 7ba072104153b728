import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { accepts, chainHeard, chainTold, INITIAL, withNumber } from "../../explorer/web/arithmetic/chain_state.js";
import { countOf, legsOf, lossAfter, numberOfPlace, placeAt, stagesOf } from "../../explorer/web/lib/chain.js";

const golden = JSON.parse(readFileSync(new URL("../golden/chain.json", import.meta.url), "utf8"));

test("every number of every stage is autograd's, forward, backward and after a step", () => {
  for (const { network, results } of golden) {
    const stages = stagesOf(network);
    for (const { name, tensors } of stages) {
      for (const [key, wanted] of Object.entries(results[name])) {
        const found = Array.from(tensors[key].values);
        assert.equal(found.length, wanted.length, `${name} ${key}`);
        found.forEach((value, k) =>
          assert.ok(Math.abs(value - wanted[k]) < 1e-12, `${name} ${key}[${k}]: ${value}, ${wanted[k]}`),
        );
      }
    }
  }
});

test("the walk goes forward, backward and then one step, and every moment has its place", () => {
  const legs = legsOf(stagesOf(INITIAL));
  assert.deepEqual([...new Set(legs.map(({ direction }) => direction))], ["forward", "backward", "step"]);
  assert.deepEqual(
    legs
      .filter(({ direction }) => direction === "forward")
      .map(({ stage }) => stage.name)
      .filter((name, k, all) => name !== all[k - 1]),
    ["conv", "relu", "pool", "flatten", "linear", "loss"],
  );
  for (const unit of ["value", "product"]) {
    const count = countOf(legs, unit);
    for (let k = 0; k < count; k++) {
      const { at, moment } = placeAt(legs, unit, k);
      assert.equal(numberOfPlace(legs, unit, at, moment), k);
    }
  }
});

test("one step along the gradients lowers the loss of the first network", () => {
  const stages = stagesOf(INITIAL);
  assert.ok(lossAfter(INITIAL, stages) < stages.at(-1).tensors.output.values[0]);
});

test("a network comes back from its link, and a broken one is refused", () => {
  assert.equal(chainTold(INITIAL, "value", 0), null);
  const network = withNumber(withNumber(INITIAL, "weight", 4, 2.5), "target", 0, 2);
  assert.deepEqual(chainHeard(JSON.parse(JSON.stringify(chainTold(network, "product", 7)))), {
    network,
    unit: "product",
    at: 7,
  });
  assert.equal(accepts(INITIAL, "target", 3), false);
  for (const [broken, words] of [
    [{ input: [1] }, /input has 1 numbers, expected 36/],
    [{ target: [9] }, /class 9, expected 0 to 2/],
    [{ unit: "x" }, /unit/],
    [{ at: -1 }, /whole number/],
    [{ depth: 1 }, /there is no depth/],
  ]) {
    assert.throws(() => chainHeard(broken), words);
  }
});
