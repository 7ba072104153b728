import assert from "node:assert/strict";
import { test } from "node:test";
import { csv, npy } from "../../explorer/web/lib/export.js";

test("a table is written with every number in full and every awkward text quoted", async () => {
  const text = await csv([
    ["step", 'a "name"'],
    [1, 0.1 + 0.2],
    ["one, two", -0],
  ]).text();
  assert.equal(text, 'step,"a ""name"""\r\n1,0.30000000000000004\r\n"one, two",0\r\n');
});

test("a tensor is written as NumPy reads it", async () => {
  const bytes = new Uint8Array(await npy(new Float32Array([1.5, -2, 3, 4, 5, 6]), [1, 2, 3]).arrayBuffer());
  assert.deepEqual([...bytes.slice(0, 8)], [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const length = bytes[8] + 256 * bytes[9];
  assert.equal((10 + length) % 64, 0);
  const header = new TextDecoder().decode(bytes.slice(10, 10 + length));
  assert.match(header, /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(1, 2, 3\), \} *\n$/);
  assert.deepEqual([...new Float32Array(bytes.slice(10 + length).buffer)], [1.5, -2, 3, 4, 5, 6]);
  assert.match(await npy(new Float64Array([1]), [1]).text(), /'<f8'.*\(1,\)/s);
});

test("a shape that does not fit its values is refused", () => {
  assert.throws(() => npy(new Float32Array(5), [2, 3]), /5 values do not fill the shape 2×3/);
});
