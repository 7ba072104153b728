import assert from "node:assert/strict";
import { test } from "node:test";
import { strongestRegions } from "../../explorer/web/lib/regions.js";

test("the regions of the largest and the lowest sum are found where they are", () => {
  const values = new Float32Array(28 * 28);
  values[2 * 28 + 25] = 3;
  values[3 * 28 + 24] = 2;
  values[27 * 28 + 14] = -7;
  assert.deepEqual(strongestRegions(values, 28, 28), {
    most: { name: "top.right", sum: 5 },
    least: { name: "bottom.centre", sum: -7 },
  });
});

test("every cell belongs to one region, whatever the size", () => {
  for (const [rows, columns] of [
    [3, 3],
    [7, 5],
    [56, 28],
  ]) {
    for (let k = 0; k < rows * columns; k++) {
      const values = new Float32Array(rows * columns);
      values[k] = 1;
      assert.equal(strongestRegions(values, rows, columns).most.sum, 1);
    }
  }
});
