import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { readSafetensors, writeSafetensors } from "../../explorer/web/engine/safetensors.js";
import { cutOut } from "../../explorer/web/engine/training/pictures.js";
import { readGrey } from "../../explorer/web/engine/training/png.js";
import { createRegister } from "../../explorer/web/engine/training/register.js";
import { settingsOf } from "../../explorer/web/engine/training/settings.js";
import { configOf, IN_BROWSER, LESSONS, presetOf, RECIPES } from "../../explorer/web/lib/run_form.js";

const [WIDTH, HEIGHT] = [7, 5];
const grey = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, k) => (k * 37 + (k % 5) * 11) % 256);

/** A chunk without a right checksum, which nobody reads. @param {string} name @param {Uint8Array} data */
function chunk(name, data) {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length);
  bytes.write(name, 4, "latin1");
  bytes.set(data, 8);
  return bytes;
}

/** `grey` as a PNG whose rows have one filter. @param {number} filter @param {number[]} [kind] depth, colour, 0, 0, interlaced */
function png(filter, kind = [8, 0, 0, 0, 0]) {
  const lines = Buffer.alloc(HEIGHT * (WIDTH + 1));
  for (let y = 0; y < HEIGHT; y++) {
    lines[y * (WIDTH + 1)] = filter;
    for (let x = 0; x < WIDTH; x++) {
      const at = y * WIDTH + x;
      const [a, b, c] = [x ? grey[at - 1] : 0, y ? grey[at - WIDTH] : 0, x && y ? grey[at - WIDTH - 1] : 0];
      const p = a + b - c;
      const near = [a, b, c].toSorted((one, other) => Math.abs(p - one) - Math.abs(p - other))[0];
      lines[y * (WIDTH + 1) + 1 + x] = grey[at] - [0, a, b, Math.floor((a + b) / 2), near][filter];
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH);
  header.writeUInt32BE(HEIGHT, 4);
  header.set(kind, 8);
  const packed = deflateSync(lines);
  const parts = [
    chunk("IDAT", packed.subarray(0, 9)),
    chunk("IDAT", packed.subarray(9)),
    chunk("IEND", Buffer.alloc(0)),
  ];
  const file = Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", header), ...parts]);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
}

test("a grey picture is read whatever filter its rows have, and another kind is refused in words", async () => {
  for (const filter of [0, 1, 2, 3, 4]) {
    const { width, height, bytes } = await readGrey(png(filter));
    assert.deepEqual([width, height, [...bytes]], [WIDTH, HEIGHT, [...grey]]);
  }
  await assert.rejects(readGrey(png(0, [8, 2, 0, 0, 0])), /not of one grey byte a pixel/);
  await assert.rejects(readGrey(new ArrayBuffer(99)), /no PNG/);
});

test("pictures are cut out of their sheet row by row", () => {
  const sheet = { side: 2, columns: 2, labels: [7, 8, 9] };
  const { bytes, labels } = cutOut(sheet, { width: 4, bytes: Uint8Array.from({ length: 16 }, (_, k) => k) });
  assert.deepEqual([...bytes], [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13]);
  assert.deepEqual([...labels], [7, 8, 9]);
});

test("weights are read as they were written", () => {
  const tensors = {
    "conv1.weight": { shape: [2, 1, 1, 2], data: Float32Array.of(1, -2, 3.5, 0) },
    bias: { shape: [1], data: Float32Array.of(7) },
  };
  assert.deepEqual(readSafetensors(writeSafetensors(tensors).buffer), tensors);
});

test("the browser trains what it offers, and refuses what it does not", () => {
  const presets = { ...RECIPES, ...LESSONS };
  for (const name of Object.keys(presets)) {
    const config = configOf(presetOf(name, false), { none: { rotation: 0, coarseness: 6 }, gentle: { rotation: 8 } });
    if (IN_BROWSER.presets.includes(name)) assert.equal(settingsOf(config).recipe.batch, config.training.batch_size);
    else if (name !== "whole") assert.throws(() => settingsOf(config), /training/);
  }
  const config = configOf(presetOf("drawn", false), { none: {} });
  const other = (more) => ({ ...config, training: { ...config.training, ...more } });
  for (const more of [
    { ema: 0.9 },
    { compile: true },
    { trained: ["conv1"] },
    { optimiser: "lion" },
    { schedule: "x" },
  ])
    assert.throws(() => settingsOf(other(more)), /training/);
  for (const more of [{ epochs: 0 }, { epochs: 1.5 }, { learning_rate: -1 }, { momentum: 1 }, { dropout: NaN }])
    assert.throws(() => settingsOf(other(more)), { key: "told.setting.range" });
});

/** @param {string} name @param {"done" | "running"} state @param {number} created */
const kept = (name, state, created) => ({
  id: name,
  name,
  config: { model: "a2", data: { source: "drawn" } },
  status: { state, created },
  events: [],
  steps: [],
});

test("a run whose tab was closed has stopped; a name is given once; the youngest run comes first", () => {
  const register = createRegister([kept("one", "running", 1), kept("two", "done", 2)], ["published"]);
  assert.deepEqual(
    register.list().map(({ name, status }) => [name, status.state]),
    [
      ["two", "done"],
      ["one", "stopped"],
    ],
  );
  assert.equal(register.unused("published"), "published-1");
  assert.equal(register.unused("a/b"), "a-b");
  register.remove("one");
  assert.equal(register.unused("one"), "one-1");
  assert.throws(() => register.rename("two", "one"), { key: "told.run.taken" });
  assert.equal(register.rename("two", "three").kept.name, "three");
  assert.throws(() => register.find("two"), { key: "told.run.gone" });
});
