/** One stage of the strip: a picture, its name, and its numbers; and how pictures are painted. */

import { h, canvas, say } from "../parts/dom.js";
import { colourTable, tableIndex } from "../lib/colour.js";
import { fromBase64 } from "../lib/codes.js";
import { page } from "../parts/page.js";

/** @typedef {import("../lib/contract/draw.js").Coloured} Coloured */

/** @param {string} name @param {number} side */
export function stage(name, side) {
  const picture = canvas(side, side, {
    class: "stage-picture",
    dataset: { stage: name, i18nAria: `strip.${name}` },
    role: "img",
  });
  const numbers = h("span", { class: "note numbers" });
  const title = h("span", { class: "stage-name", dataset: { i18n: `strip.${name}` } });
  const element = h("li", { class: "stage", dataset: { i18nTitle: `strip.${name}.why` } }, picture, title, numbers);
  return {
    element,
    picture,
    say: (/** @type {string} */ text) => say(numbers, text),
    name: (/** @type {string} */ text) => say(title, text),
  };
}

/** @param {HTMLCanvasElement} picture @param {number} width @param {number} height */
export function resize(picture, width, height) {
  if (picture.width !== width || picture.height !== height) Object.assign(picture, { width, height });
}

/** @param {HTMLCanvasElement} from @param {HTMLCanvasElement} to */
export function copy(from, to) {
  resize(to, from.width, from.height);
  const context = /** @type {CanvasRenderingContext2D} */ (to.getContext("2d"));
  context.clearRect(0, 0, to.width, to.height);
  context.drawImage(from, 0, 0);
}

/** A picture in its own colours. @param {HTMLCanvasElement} picture @param {Coloured} told */
export const paintColours = (picture, { data, ...sizes }) => paintBytes(picture, sizes, fromBase64(data));

/** @param {HTMLCanvasElement} picture @param {Omit<Coloured, "data">} sizes @param {Uint8Array} bytes */
export function paintBytes(picture, { width, height, channels }, bytes) {
  resize(picture, width, height);
  const image = new ImageData(width, height);
  for (let k = 0, at = 0; k < width * height; k++, at += 4) {
    for (let c = 0; c < 3; c++) image.data[at + c] = bytes[channels === 3 ? 3 * k + c : k];
    image.data[at + 3] = 255;
  }
  /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d")).putImageData(image, 0, 0);
}

/** Grey bytes, 255 ink, in the colours of ink and paper. @param {HTMLCanvasElement} picture @param {number} side @param {Uint8Array} codes */
export function paintGrey(picture, side, codes) {
  resize(picture, side, side);
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  const image = context.createImageData(side, side);
  const words = new Uint32Array(image.data.buffer);
  const table = colourTable("grey", page.get("dark"));
  for (let k = 0; k < codes.length; k++) words[k] = table[tableIndex("grey", codes[k] / 255)];
  context.putImageData(image, 0, 0);
}
