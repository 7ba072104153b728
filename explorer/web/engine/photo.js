/** A grey picture of a digit as ink, and as the 28×28 picture that pen strokes become: the twin of `core/data/photo.py`. */

import { fromBase64 } from "../lib/codes.js";
import { largestOf, smallestOf } from "../lib/numbers.js";
import { boxOf, centreOfMass, massCentred, rounded, SIDE, BOX } from "./ink.js";
import { contrastToPaper, isDark, otsu, sideBySide, written } from "./paper.js";
import { Refused } from "./place.js";
import { averaged, blank, mapPlane } from "./raster.js";

/** @typedef {import("./raster.js").Plane} Plane */
/** A picture told apart into paper and ink: a square of ink, 0 paper; whether it was darker than its paper; the picture's size, pixels. @typedef {{ ink: Plane, dark: boolean, width: number, height: number }} Scan */

/** A picture whose greys lie closer together than this, intensity, is of one colour. */
const PLAIN = 0.04;
/** Sides that a picture may have, pixels. */
const [SHORTEST, LONGEST] = [4, 384];

/** The grey of colours as Pillow makes it, in 1/65536. */
const [RED, GREEN, BLUE, HALF] = [19595, 38470, 7471, 0x8000];

/** A picture that travelled in a request, grey or in colours, as intensities. @param {{ width: number, height: number, data: string }} sent @returns {Plane} */
function greyOfSent({ width, height, data }) {
  if (![width, height].every((side) => Number.isInteger(side) && side >= SHORTEST && side <= LONGEST))
    throw new Refused(`the picture is ${width} × ${height} pixels`, "told.picture.size", {
      width,
      height,
      most: LONGEST,
    });
  const bytes = fromBase64(data);
  const count = width * height;
  if (bytes.length !== count && bytes.length !== 3 * count)
    throw new Error(`the picture has ${bytes.length} bytes, expected ${count}, or 3 a pixel`);
  const grey = blank(height, width);
  for (let k = 0; k < count; k++) {
    const [r, g, b] = bytes.subarray(3 * k, 3 * k + 3);
    grey.data[k] = (bytes.length === count ? bytes[k] : (r * RED + g * GREEN + b * BLUE + HALF) >> 16) / 255;
  }
  return grey;
}

/** The picture that was scanned last: a person who changes something else asks about it again. */
let last = { sent: "", scan: /** @type {Scan | null} */ (null) };

/** The ink of a picture that travelled in a request. @param {Parameters<typeof greyOfSent>[0]} given @returns {Scan} */
export function scanned(given) {
  const sent = `${given.width} ${given.height} ${given.data}`;
  const found = last.sent === sent && last.scan ? last.scan : scan(greyOfSent(given));
  last = { sent, scan: found };
  return found;
}

/** The ink of a grey picture, light or dark on its paper. @param {Plane} grey @returns {Scan} */
function scan(grey) {
  const { height, width } = grey;
  if (largestOf(grey.data) - smallestOf(grey.data) < PLAIN)
    throw new Refused("the picture is of one colour: there is no ink on it to be read", "told.picture.plain");
  const dark = isDark(grey);
  const all = contrastToPaper(dark ? grey : mapPlane(grey, (x) => 1 - x), dark);
  const belongs = written(all, otsu(all.data));
  const threshold = otsu(all.data.filter((_, k) => belongs.data[k]));
  const contrast = mapPlane(all, (x, k) => (belongs.data[k] ? x : 0));
  if (sideBySide(mapPlane(contrast, (x) => Number(x > threshold))))
    throw new Refused("the picture shows several digits: one at a time can be read", "told.picture.several");
  const inked = contrast.data.filter((x) => x > threshold);
  const full = inked.reduce((sum, x) => sum + x, 0) / inked.length;
  const side = Math.max(height, width);
  const ink = blank(side, side);
  const [top, left] = [Math.floor((side - height) / 2), Math.floor((side - width) / 2)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const share = (contrast.data[y * width + x] - threshold / 2) / (full - threshold / 2);
      ink.data[(top + y) * side + left + x] = Math.min(Math.max(share, 0), 1);
    }
  return { ink, dark, width, height };
}

/** A square resized to a side. @param {Plane} square @param {number} side */
const resized = (square, side) => averaged(square, [side, side]).data.map((x) => Math.min(Math.max(x, 0), 1));

/** A square of a picture, 0 where it reaches beyond. @param {Plane} plane @param {number} left @param {number} top @param {number} side */
function framed({ height, width, data }, left, top, side) {
  const square = blank(side, side);
  for (let y = Math.max(0, -top); y < Math.min(side, height - top); y++)
    for (let x = Math.max(0, -left); x < Math.min(side, width - left); x++)
      square.data[y * side + x] = data[(top + y) * width + left + x];
  return square;
}

/** The stages of scanned ink; the unit is the side of its square. @param {Scan} found @param {boolean} centred @returns {import("./ink.js").Stages} */
export function preprocessScan({ ink }, centred) {
  const S = ink.width;
  const box = boxOf(ink.data, S);
  const common = { centred, penWidth: 0, shift: /** @type {import("./ink.js").Point} */ ([0, 0]) };
  if (!centred) {
    const flat = resized(ink, SIDE);
    const mass = centreOfMass(flat, SIDE);
    return { ...common, box, scale: SIDE, scaled: flat, scaledSide: SIDE, mass, picture: flat };
  }
  const [left, top, right, bottom] = box.map((u) => rounded(u * S));
  const extent = Math.max(right - left, bottom - top);
  const x = left - Math.floor((extent - (right - left)) / 2);
  const y = top - Math.floor((extent - (bottom - top)) / 2);
  const square = resized(framed(ink, x, y, extent), BOX);
  const most = largestOf(square);
  const scaled = square.map((each) => each / most);
  return {
    ...common,
    box: [x, y, x + extent, y + extent].map((at) => at / S),
    scale: (BOX * S) / extent,
    scaled,
    scaledSide: BOX,
    ...massCentred(scaled),
  };
}
