import assert from "node:assert/strict";
import { test } from "node:test";
import { colour, colourTable, css, inkOn, positionOf, tableIndex } from "../../explorer/web/lib/colour.js";

const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
const themes = [false, true];

test("zero is exactly the background of each theme", () => {
  assert.deepEqual(colour("diverging", 0, false), [255, 255, 255]);
  assert.deepEqual(colour("diverging", 0, true), [20, 23, 31]);
  for (const dark of themes) {
    const [r, g, b] = colour("diverging", 0, dark);
    const word = colourTable("diverging", dark)[tableIndex("diverging", 0)];
    assert.deepEqual([word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24], [r, g, b, 255]);
  }
});

test("distance from zero is distance from the background, on both sides", () => {
  for (const dark of themes) {
    for (const sign of [-1, 1]) {
      const steps = Array.from({ length: 101 }, (_, k) => luminance(colour("diverging", (sign * k) / 100, dark)));
      const ordered = [...steps].sort((a, b) => (dark ? a - b : b - a));
      assert.deepEqual(steps, ordered);
    }
  }
});

test("negative and positive values of one size are told apart by hue: blue and orange", () => {
  for (const dark of themes) {
    for (const t of [0.25, 0.5, 0.75]) {
      const [below, above] = [colour("diverging", -t, dark), colour("diverging", t, dark)];
      assert.ok(below[2] > below[0] + 30 && above[0] > above[2] + 30, `${dark} ${t}: ${below} ${above}`);
    }
  }
});

test("positions outside the scale take its end's colour, and what is not a number a colour of its own", () => {
  assert.deepEqual(colour("diverging", 7, false), colour("diverging", 1, false));
  assert.deepEqual(colour("grey", -3, false), colour("grey", 0, false));
  const undefinedColour = css(colour("diverging", NaN, false));
  for (let k = -100; k <= 100; k++) assert.notEqual(css(colour("diverging", k / 100, false)), undefinedColour);
  assert.equal(tableIndex("diverging", NaN), colourTable("diverging", false).length - 1);
});

test("a flat map has one colour without a hue, which is not that of 0", () => {
  for (const dark of themes) {
    const flat = colour("flat", 0.3, dark);
    assert.deepEqual(flat, colour("flat", -1, dark));
    assert.notDeepEqual(flat, colour("diverging", 0, dark));
    assert.ok(Math.max(...flat) - Math.min(...flat) <= 16);
    assert.equal(new Set([...colourTable("flat", dark)].slice(0, -1)).size, 1);
  }
});

test("a table holds the colours that the function gives", () => {
  for (const scale of ["diverging", "grey", "sequential"]) {
    const table = colourTable(scale, false);
    const low = scale === "diverging" ? -1 : 0;
    for (let k = 0; k <= 50; k++) {
      const t = low + (k / 50) * (1 - low);
      const word = table[tableIndex(scale, t)];
      colour(scale, t, false).forEach((channel, i) => assert.ok(Math.abs(channel - ((word >> (8 * i)) & 255)) <= 2));
    }
  }
});

test("a value's position: its part of the scale's end, or of the way from low to high", () => {
  const diverging = { scale: "diverging", low: 0, high: 1 };
  assert.equal(positionOf(diverging, -3, 6), -0.5);
  assert.equal(positionOf(diverging, 0, 0), 0);
  assert.ok(Number.isNaN(positionOf(diverging, NaN, 0)));
  assert.equal(positionOf({ scale: "grey", low: -1, high: 3 }, 0, 99), 0.25);
});

test("text is readable on every colour of every scale: a contrast of 4.5 at least", () => {
  const channel = (u) => (u <= 0.04045 ? u / 12.92 : ((u + 0.055) / 1.055) ** 2.4);
  const luminosity = (rgb) => luminance(rgb.map((level) => channel(level / 255)));
  const inks = { "#000000": [0, 0, 0], "#ffffff": [255, 255, 255] };
  for (const dark of themes) {
    for (let k = -50; k <= 50; k++) {
      const rgb = colour("diverging", k / 50, dark);
      const [low, high] = [luminosity(rgb), luminosity(inks[inkOn(rgb)])].sort((a, b) => a - b);
      assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${rgb}`);
    }
  }
});
