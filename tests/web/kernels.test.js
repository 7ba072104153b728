import assert from "node:assert/strict";
import { test } from "node:test";
import { addTaps, padded, windowsOf } from "../../explorer/web/lib/conv.js";
import { centre, PRESETS, resized, sumOf } from "../../explorer/web/lib/kernels.js";
import { PICTURES, pictureOf, SIDE } from "../../explorer/web/lib/pictures.js";
import { factors } from "../../explorer/web/lib/separable.js";
import {
  colourOf,
  divisorOf,
  extentOf,
  handOn,
  onPaper,
  planesOf,
  shade,
  shown,
} from "../../explorer/web/lib/shading.js";
import { FIRST, withLearned, withOwnShow, withPreset, withSize } from "../../explorer/web/lib/kernels_state.js";
import { torchLine } from "../../explorer/web/lib/listing.js";

const SHAPE = { sigma: 1, wavelength: 4, angle: 45 };
const make = (name, rows, columns = rows, shape = SHAPE) => PRESETS[name].make(rows, columns, shape);

test("presets are the textbook's kernels at the textbook's size", () => {
  const expected = {
    identity: [0, 0, 0, 0, 1, 0, 0, 0, 0],
    box: Array(9).fill(1),
    sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
    sobelx: [-1, 0, 1, -2, 0, 2, -1, 0, 1],
    sobely: [-1, -2, -1, 0, 0, 0, 1, 2, 1],
    prewittx: [-1, 0, 1, -1, 0, 1, -1, 0, 1],
    prewitty: [-1, -1, -1, 0, 0, 0, 1, 1, 1],
    laplacian: [0, 1, 0, 1, -4, 1, 0, 1, 0],
    emboss: [-2, -1, 0, -1, 1, 1, 0, 1, 2],
    motion: [0, 0, 1, 0, 1, 0, 1, 0, 0],
  };
  for (const [name, values] of Object.entries(expected)) assert.deepEqual(make(name, 3).values, values, name);
  assert.deepEqual(make("sobelx", 5).values.slice(10, 15), [-6, -12, 0, 12, 6]);
});

test("at every size from 1×1 to 15×15 a preset has that size and finite values, and sums to what it promises", () => {
  for (const [name, { least }] of Object.entries(PRESETS)) {
    for (let rows = least[0]; rows <= 15; rows++) {
      for (let columns = least[1]; columns <= 15; columns++) {
        const kernel = make(name, rows, columns);
        assert.equal(kernel.values.length, rows * columns);
        assert.ok(
          kernel.values.every((value) => Number.isFinite(value) && !Object.is(value, -0)),
          `${name} ${rows}×${columns}`,
        );
        const sum = sumOf(kernel);
        if (["sobelx", "sobely", "prewittx", "prewitty", "laplacian"].includes(name))
          assert.ok(Math.abs(sum) < 1e-9, `${name} ${rows}×${columns}: ${sum}`);
        if (["identity", "sharpen"].includes(name)) assert.equal(sum, 1);
        if (name === "gabor") assert.ok(Math.abs(sum) < 0.02);
        if (["box", "gaussian", "motion"].includes(name)) assert.ok(sum > 0, `${name} ${rows}×${columns}: ${sum}`);
      }
    }
  }
});

test("the separable presets are found to be, in whole numbers where they are whole", () => {
  for (const name of ["box", "gaussian", "sobelx", "sobely", "prewittx", "prewitty"]) {
    for (const size of [2, 3, 7, 15]) assert.ok(factors(make(name, size)), `${name} ${size}`);
  }
  for (const name of ["sharpen", "laplacian", "emboss"]) assert.equal(factors(make(name, 3)), null, name);
  assert.deepEqual(factors(make("sobelx", 3)), { vertical: [1, 2, 1], horizontal: [-1, 0, 1] });
  assert.deepEqual(factors(make("sobely", 5)), { vertical: [-1, -2, 0, 2, 1], horizontal: [1, 4, 6, 4, 1] });
});

test("another size keeps the centre in the centre; a preset is made anew, an edited kernel cut or filled with 0", () => {
  const edited = { ...FIRST, preset: null, kernel: { rows: 3, columns: 3, values: [1, 2, 3, 4, 5, 6, 7, 8, 9] } };
  const wide = withSize(edited, 3, 5).kernel;
  assert.deepEqual(wide.values, [0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 7, 8, 9, 0]);
  assert.deepEqual(resized(wide, 1, 1).values, [5]);
  for (const [rows, columns] of [
    [1, 1],
    [2, 4],
    [15, 3],
  ]) {
    const { values } = resized(edited.kernel, rows, columns);
    assert.equal(values[centre(rows) * columns + centre(columns)], 5);
  }
  assert.deepEqual(withSize(withPreset(FIRST, "box"), 2, 6).kernel.values, Array(12).fill(1));
  assert.equal(withSize(withPreset(FIRST, "sobelx"), 3, 1).preset, null);
});

test("a preset comes at the size at which it is known, unless a person gave the one before another size", () => {
  const sizeOf = ({ kernel: { rows, columns } }) => [rows, columns];
  const gaussian = withPreset(FIRST, "gaussian");
  assert.deepEqual(sizeOf(gaussian), [5, 5]);
  assert.deepEqual(sizeOf(withPreset(gaussian, "sobelx")), [3, 3]);
  assert.deepEqual(sizeOf(withPreset(withSize(gaussian, 7, 3), "box")), [7, 3]);
  assert.deepEqual(sizeOf(withPreset(withSize(gaussian, 1, 1), "emboss")), [2, 2]);
  assert.deepEqual(sizeOf(withPreset({ ...gaussian, preset: null }, "laplacian")), [3, 3]);
});

test("a kernel of a model is applied as the model does: not divided, shifted or rotated, and seen with its sign", () => {
  const kernel = { rows: 1, columns: 2, values: [-1, 0.5] };
  const learned = withLearned({ ...withPreset(FIRST, "box"), bias: 20, flip: true }, kernel, "conv1.weight[0, 0]");
  assert.deepEqual(
    [learned.normalise, learned.bias, learned.flip, learned.show, learned.kernel],
    [false, 0, false, "signed", kernel],
  );
  assert.equal(withOwnShow({ ...withPreset(FIRST, "sobelx"), show: "signed" }).show, "absolute");
  assert.equal(withOwnShow(learned).show, "signed");
  assert.equal(withLearned({ ...learned, show: "absolute" }, kernel, "conv1.weight[1, 0]").show, "absolute");
});

test("the line of PyTorch names what differs from the default and pads apart where it must", () => {
  const state = { ...FIRST, mode: "zeros" };
  assert.equal(torchLine({ ...state, padding: "valid" }), "F.conv2d(x, w)");
  assert.equal(torchLine({ ...state, padding: "same" }), "F.conv2d(x, w, padding=1)");
  assert.equal(
    torchLine({ ...state, padding: [0, 2], stride: [2, 2], flip: true }),
    "F.conv2d(x, w.flip(2, 3), padding=(0, 2), stride=2)",
  );
  assert.equal(
    torchLine({ ...state, mode: "reflect", dilation: [1, 2] }),
    'F.conv2d(F.pad(x, (2, 2, 1, 1), mode="reflect"), w, dilation=(1, 2))',
  );
  const even = { ...state, kernel: { rows: 2, columns: 4, values: [] } };
  assert.equal(torchLine(even), "F.conv2d(F.pad(x, (1, 2, 0, 1)), w)");
});

test("bytes on screen are within half a level of what each way of showing promises", () => {
  const planes = [0, 1, 2].map((c) => Float64Array.from({ length: 500 }, (_, k) => 700 * Math.sin(k + c)));
  for (const [divisor, bias] of [
    [1, 0],
    [9, -20],
    [-2.5, 128],
  ]) {
    const extent = extentOf(planes, divisor, bias);
    const values = planes.flatMap((plane) => [...plane].map((sum) => sum / divisor + bias));
    assert.equal(
      extent.lowest,
      Math.min(...planes.flatMap((plane) => [...plane].map((sum) => sum * (1 / divisor) + bias))),
    );
    assert.equal(extent.below, values.filter((value) => value < 0).length);
    assert.equal(extent.above, values.filter((value) => value > 255).length);
    for (const show of ["clamp", "absolute", "rescale", "signed"]) {
      const bytes = new Uint8ClampedArray(4 * 500);
      shade(bytes, planes, divisor, bias, show, extent, false);
      planes.forEach((plane, c) =>
        plane.forEach((sum, k) => {
          const wanted = shown(sum / divisor + bias, show, extent);
          assert.ok(
            wanted >= 0 && wanted <= 255 && Math.abs(bytes[4 * k + c] - wanted) <= 0.5 + 1e-9,
            `${show} ${sum}: ${bytes[4 * k + c]}, expected ${wanted}`,
          );
        }),
      );
      if (show === "rescale")
        assert.deepEqual(
          [Math.min(...bytes.filter((_, k) => k % 4 < 3)), Math.max(...bytes.filter((_, k) => k % 4 < 3))],
          [0, 255],
        );
      assert.ok(bytes.every((byte, k) => k % 4 < 3 || byte === 255));
    }
  }
});

test("one plane with its sign is painted on the diverging scale: 0 is the background, and a pixel's colour is the picture's", () => {
  const plane = Float64Array.from({ length: 101 }, (_, k) => k - 50);
  const extent = extentOf([plane], 2, 0);
  for (const dark of [false, true]) {
    const bytes = new Uint8ClampedArray(404);
    shade(bytes, [plane], 2, 0, "signed", extent, dark);
    assert.deepEqual([...bytes.subarray(200, 204)], dark ? [20, 23, 31, 255] : [255, 255, 255, 255]);
    plane.forEach((sum, k) =>
      assert.deepEqual(colourOf([sum / 2], "signed", extent, dark), [...bytes.subarray(4 * k, 4 * k + 3)]),
    );
  }
});

test("what is handed on is the values, their absolutes, or what a screen can show", () => {
  const sums = [Float64Array.from([-30, 0, 90, 9000])];
  const handed = (pass) => {
    const out = [new Float64Array(4)];
    handOn(out, sums, 3, 1, pass);
    return [...out[0]].map((value) => Math.round(value * 1e9) / 1e9);
  };
  assert.deepEqual(handed("values"), [-9, 1, 31, 3001]);
  assert.deepEqual(handed("absolute"), [9, 1, 31, 3001]);
  assert.deepEqual(handed("clamp"), [0, 1, 31, 255]);
});

test("a flat result is shown as it is, not stretched to noise", () => {
  const flat = [Float64Array.from({ length: 9 }, () => 77)];
  const bytes = new Uint8ClampedArray(36);
  shade(bytes, flat, 1, 0, "rescale", extentOf(flat, 1, 0), false);
  assert.equal(bytes[0], 77);
});

test("only a sum that is not 0 divides, and only when asked", () => {
  assert.equal(divisorOf(true, 9), 9);
  assert.equal(divisorOf(true, -4), -4);
  assert.equal(divisorOf(true, 1e-17), 1);
  assert.equal(divisorOf(false, 9), 1);
});

test("grey is Pillow's grey, and red, green, blue are the picture's bytes", () => {
  const bytes = Uint8ClampedArray.from([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255]);
  assert.deepEqual([...planesOf(bytes, "grey")[0]], [76, 150, 29, 255]);
  assert.deepEqual(
    planesOf(bytes, "rgb").map((plane) => [...plane]),
    [
      [255, 0, 0, 255],
      [0, 255, 0, 255],
      [0, 0, 255, 255],
    ],
  );
});

test("transparency is laid on white, white ink on black", () => {
  const bytes = Uint8ClampedArray.from([10, 20, 30, 0, 100, 100, 100, 51, 1, 2, 3, 255]);
  assert.equal(onPaper(bytes), "white");
  assert.deepEqual([...bytes], [255, 255, 255, 255, 224, 224, 224, 255, 1, 2, 3, 255]);
  assert.equal(onPaper(bytes), null);
  const ink = Uint8ClampedArray.from([255, 255, 255, 0, 255, 255, 255, 255]);
  assert.equal(onPaper(ink), "black");
  assert.deepEqual([...ink], [0, 0, 0, 255, 255, 255, 255, 255]);
});

test("the built-in pictures are the same each time, opaque, and not flat", () => {
  for (const name of Object.keys(PICTURES)) {
    const { width, height, data } = pictureOf(name);
    assert.deepEqual([width, height, data.length], [SIDE, SIDE, 4 * SIDE * SIDE]);
    assert.ok(data.every((byte, at) => at % 4 < 3 || byte === 255));
    const [grey] = planesOf(data, "grey");
    const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
    assert.ok(grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length > 400, name);
    const [x, y] = [0.37, 0.61];
    assert.deepEqual(PICTURES[name](x, y), PICTURES[name](x, y));
  }
});

test("a blur of noise halves its grain, a Sobel of a flat picture is 0", () => {
  const noise = pictureOf("noisy");
  const plane = planesOf(noise.data, "grey")[0];
  const blurred = (values) => {
    const { geometry } = windowsOf(SIDE, SIDE, { rows: 3, columns: 3, values }, FIRST);
    const sums = new Float64Array(SIDE * SIDE);
    addTaps(sums, padded(plane, geometry), values, geometry);
    return sums;
  };
  const grain = (values) =>
    values.reduce((sum, value, k) => (k % SIDE ? sum + Math.abs(value - values[k - 1]) : sum), 0);
  assert.ok(grain(blurred(Array(9).fill(1 / 9))) < grain(plane) / 2);
  plane.fill(90);
  assert.ok(blurred(make("sobelx", 3).values).every((value) => value === 0));
});
