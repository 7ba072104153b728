import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fieldsOf, padRectangle, runs } from "../../explorer/web/lib/field.js";

/** Written and checked by tests/explorer/test_field_geometry.py, from core.explain. */
const golden = JSON.parse(readFileSync(new URL("../golden/fields.json", import.meta.url), "utf8"));

/** Blocks as one "0" or "1" per cell. */
function bits(blocks, shape) {
  const cells = new Uint8Array(shape.reduce((all, size) => all * size, 1));
  for (const block of blocks) {
    for (let k = 0; k < cells.length; k++) {
      let rest = k;
      const inside = shape
        .map((_, axis) => shape.length - 1 - axis)
        .every((axis) => {
          const place = rest % shape[axis];
          rest = Math.floor(rest / shape[axis]);
          return block[axis][place];
        });
      if (inside) cells[k] = 1;
    }
  }
  return cells.join("");
}

test("receptive fields and influence are those of core, cell for cell", () => {
  let checked = 0;
  for (const { geometry, shapes, cells } of golden) {
    const shapeOf = (step) => shapes[step + 1];
    for (const { step, cell, sources, influence } of cells) {
      const found = fieldsOf(geometry, shapeOf, step, cell);
      for (const [name, expected] of [
        ["sources", sources],
        ["influence", influence],
      ]) {
        const told = Object.fromEntries([...found[name]].map(([k, blocks]) => [k, bits(blocks, shapeOf(k))]));
        assert.deepEqual(told, expected, `${name} of step ${step} ${cell}`);
        checked += Object.keys(expected).length;
      }
    }
  }
  assert.ok(checked > 100);
});

test("runs of set positions", () => {
  assert.deepEqual(runs(Uint8Array.from([0, 1, 1, 0, 1])), [
    [1, 2],
    [4, 1],
  ]);
  assert.deepEqual(runs(new Uint8Array(3)), []);
});

test("the input's cells are found again on the pad", () => {
  const stages = {
    empty: false,
    centred: true,
    box: [0.25, 0.1, 0.75, 0.9],
    scale: 25,
    shift: [1, -2],
    scaled: { side: 20 },
    picture: { side: 28 },
  };
  const whole = [new Uint8Array([1]), new Uint8Array([1]), new Uint8Array(28).fill(1), new Uint8Array(28).fill(1)];
  const part = [
    ...whole.slice(0, 2),
    Uint8Array.from({ length: 28 }, (_, k) => Number(k === 12)),
    Uint8Array.from({ length: 28 }, (_, k) => Number(k === 15 || k === 16)),
  ];
  const all = padRectangle([whole], stages);
  assert.ok(Math.abs(all.width - 28 / 25) < 1e-12 && Math.abs(all.height - 28 / 25) < 1e-12);
  const found = padRectangle([part], stages);
  assert.ok(Math.abs(found.left - 0.5) < 1e-12, "the box's middle is pixel 4 + 1 + 10 of a row");
  assert.ok(Math.abs(found.top - 0.5) < 1e-12, "and pixel 4 − 2 + 10 of a column");
  assert.ok(Math.abs(found.width - 2 / 25) < 1e-12);
  assert.deepEqual(padRectangle([part], { ...stages, centred: false }), {
    left: 15 / 28,
    top: 12 / 28,
    width: 2 / 28,
    height: 1 / 28,
  });
  assert.equal(padRectangle([part], { ...stages, empty: true }), null);
});
