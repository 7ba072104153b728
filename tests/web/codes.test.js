import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { floatsFromBase64, fromBase64, readout, valueOf } from "../../explorer/web/lib/codes.js";

/** Written by Python's `encode_maps`; tests/explorer/test_payloads.py holds Python to the same file. */
const golden = JSON.parse(readFileSync(new URL("../golden/codes.json", import.meta.url), "utf8"));

test("what Python encoded is read back within half a code step, and 0 exactly", () => {
  const codes = fromBase64(golden.encoded.data);
  const scales = floatsFromBase64(golden.encoded.scales);
  assert.equal(scales.length, golden.values.length);
  golden.values.forEach((map, channel) => {
    map.forEach((value, k) => {
      const decoded = valueOf(codes[channel * map.length + k], scales[channel]);
      if (value === null) assert.ok(Number.isNaN(decoded), "null stands for a value that is not finite");
      else if (value === 0) assert.equal(decoded, 0);
      else assert.ok(Math.abs(decoded - value) <= (scales[channel] / 254) * 1.0001, `${decoded} for ${value}`);
    });
  });
});

test("a read-out shows no digit that the code cannot tell", () => {
  assert.equal(readout(0.50393, 1), "0.50");
  assert.equal(readout(12.5984, 25), "12.6");
  assert.equal(readout(-396.9, 800), "−397");
  assert.equal(readout(0, 3), "0");
  assert.equal(readout(NaN, 3), "not finite");
  assert.equal(readout(2.5e-7, 5e-7), "2.50e-7");
});
