import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "../../explorer/web/lib/files.js";

const ascii = (text) => [...text].map((letter) => letter.charCodeAt(0));
const word = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const chunk = (name, data) => [...word(data.length), ...ascii(name), ...data, 0, 0, 0, 0];
const png = (depth) => [
  0x89,
  ...ascii("PNG\r\n\x1a\n"),
  ...chunk("IHDR", [...word(2), ...word(2), depth, 2, 0, 0, 0]),
  ...chunk("IDAT", Array(40).fill(7)),
  ...chunk("IEND", []),
];
const segment = (marker, data) => [0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data];
/** A directory with one entry, the orientation, in either byte order; a thumbnail's end marker follows it. */
const exif = (orientation, little) => {
  const pair = (value) => (little ? [value & 255, value >> 8] : [value >> 8, value & 255]);
  const long = (value) => (little ? word(value).reverse() : word(value));
  return [
    ...ascii("Exif"),
    0,
    0,
    ...ascii(little ? "II" : "MM"),
    ...pair(42),
    ...long(8),
    ...pair(1),
    ...pair(0x0112),
    ...pair(3),
    ...long(1),
    ...pair(orientation),
    0,
    0,
    ...long(0),
    0xff,
    0xd9,
  ];
};
const jpeg = (components, orientation, little) => [
  0xff,
  0xd8,
  ...segment(0xe1, exif(orientation, little)),
  ...segment(0xc0, [8, 0, 2, 0, 2, components, ...Array(3 * components).fill(1)]),
  ...segment(0xda, [1, 1, 0, 0, 63, 0]),
  ...Array(50).fill(0x55),
  0xff,
  0xd9,
];
const facts = (bytes) => factsOf(Uint8Array.from(bytes));

test("a PNG is complete with its last chunk and cut without it, wherever the cut is", () => {
  assert.deepEqual(facts(png(8)), { kind: "png", complete: true, notes: [] });
  assert.deepEqual(facts(png(16)).notes, ["deep"]);
  const whole = png(8);
  for (let length = 12; length < whole.length; length++)
    assert.equal(facts(whole.slice(0, length)).complete, false, String(length));
});

test("a JPEG is cut when its end is missing, though its thumbnail has one", () => {
  const whole = jpeg(3, 1, true);
  assert.deepEqual(facts(whole), { kind: "jpeg", complete: true, notes: [] });
  for (let length = 12; length < whole.length; length++)
    assert.equal(facts(whole.slice(0, length)).complete, false, String(length));
});

test("a JPEG says that it is turned, in both byte orders, and that it is CMYK", () => {
  for (const little of [true, false]) {
    for (const orientation of [3, 6, 8]) assert.deepEqual(facts(jpeg(3, orientation, little)).notes, ["turned"]);
  }
  assert.deepEqual(facts(jpeg(4, 1, true)).notes, ["cmyk"]);
});

test("WebP and BMP are cut when shorter than they say, GIF without its trailer", () => {
  const webp = [...ascii("RIFF"), 20, 0, 0, 0, ...ascii("WEBP"), ...Array(16).fill(1)];
  assert.equal(facts(webp).complete, true);
  assert.equal(facts(webp.slice(0, -1)).complete, false);
  const bmp = [...ascii("BM"), 30, 0, 0, 0, ...Array(24).fill(1)];
  assert.equal(facts(bmp).complete, true);
  assert.equal(facts(bmp.slice(0, -1)).complete, false);
  const gif = [...ascii("GIF89a"), ...Array(20).fill(1), 0x3b];
  assert.equal(facts(gif).complete, true);
  assert.equal(facts(gif.slice(0, -8)).complete, false);
});

test("what is no picture has no facts", () => {
  for (const bytes of [[], ascii("%PDF-1.7 and so on"), ascii("hello, world, this is text"), [0x89, 0x50]])
    assert.equal(facts(bytes), null);
});
