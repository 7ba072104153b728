/** The preprocessing strip: what happens to the ink before the network sees it, stage by stage, with its numbers. */

import { h, canvas } from "../lib/dom.js";
import { colourTable, tableIndex } from "../lib/colour.js";
import { fromBase64 } from "../lib/codes.js";
import { t } from "../lib/i18n.js";
import { page } from "../lib/store.js";
import { inkStroke } from "./pad.js";

const INK_SIDE = 244;

/** @typedef {{ empty: boolean, centred: boolean, box: number[] | null, scale: number, shift: number[], mass: number[], pen: number, scaled: { side: number, data: string }, picture: { side: number, data: string }, mean: number, std: number }} Stages */

export function createStrip() {
  const ink = stage("ink", INK_SIDE);
  const scaled = stage("scaled", 20);
  const centred = stage("centred", 28);
  const normalised = stage("normalised", 28);
  const stages = h("ol", { class: "strip" }, ink.element, scaled.element, centred.element, normalised.element);
  const on = h("input", { type: "checkbox", onchange: () => page.set({ centred: on.checked }) });
  on.checked = page.get("centred");
  const element = h("div", {}, stages, h("label", { class: "switch", dataset: { i18nTitle: "strip.switch.why" } }, on,
    h("span", { dataset: { i18n: "strip.switch" } })));

  return {
    element,
    /** @param {Stages} stages @param {import("../lib/strokes.js").Stroke[]} strokes @param {number} brush */
    show(stages, strokes, brush) {
      scaled.element.hidden = !stages.centred;
      drawInk(ink.picture, stages.box, strokes, brush);
      paintGrey(scaled.picture, stages.scaled);
      paintGrey(centred.picture, stages.picture);
      paintNormalised(normalised.picture, stages);
      if (!stages.empty && stages.centred) markCentre(scaled.picture, stages);
      const number = (/** @type {number} */ u) => u.toFixed(2);
      const signed = (/** @type {number} */ u) => (u > 0 ? `+${u}` : u === 0 ? "0" : `−${-u}`);
      const box = stages.box ?? [0, 0, 0, 0];
      ink.say(stages.empty ? "" : t("strip.ink.numbers", { width: number(box[2] - box[0]), height: number(box[3] - box[1]) }));
      scaled.say(stages.empty ? "" : t("strip.scaled.numbers", { scale: stages.scale.toFixed(1), pen: stages.pen.toFixed(1) }));
      centred.say(stages.empty ? "" : stages.centred ? t("strip.centred.numbers", { right: signed(stages.shift[0]), down: signed(stages.shift[1]) }) : t("strip.raw.numbers"));
      centred.name(t(stages.centred ? "strip.centred" : "strip.raw"));
      normalised.say(t("strip.normalised.numbers", { mean: stages.mean, std: stages.std }));
    },
  };
}

/** @param {string} name @param {number} side */
function stage(name, side) {
  const picture = canvas(side, side, { class: "stage-picture", dataset: { stage: name, i18nAria: `strip.${name}` }, role: "img" });
  const numbers = h("span", { class: "note numbers" });
  const title = h("span", { class: "stage-name", dataset: { i18n: `strip.${name}` } });
  const element = h("li", { class: "stage", dataset: { i18nTitle: `strip.${name}.why` } }, picture, title, numbers);
  return {
    element, picture,
    say: (/** @type {string} */ text) => { numbers.textContent = text; },
    name: (/** @type {string} */ text) => { title.textContent = text; },
  };
}

/** @param {HTMLCanvasElement} picture @param {{ side: number, data: string }} grey */
function paintGrey(picture, { side, data }) {
  paint(picture, side, fromBase64(data), (code) => code / 255);
}

/** The same pixels after (x − mean) / std, on a grey scale from the lowest to the highest value they can take. @param {HTMLCanvasElement} picture @param {Stages} stages */
function paintNormalised(picture, stages) {
  const [low, high] = [-stages.mean / stages.std, (1 - stages.mean) / stages.std];
  paint(picture, stages.picture.side, fromBase64(stages.picture.data), (code) => {
    const value = (code / 255 - stages.mean) / stages.std;
    return (value - low) / (high - low);
  });
}

/** @param {HTMLCanvasElement} picture @param {number} side @param {Uint8Array} codes @param {(code: number) => number} position */
function paint(picture, side, codes, position) {
  if (picture.width !== side) picture.width = picture.height = side;
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  const image = context.createImageData(side, side);
  const words = new Uint32Array(image.data.buffer);
  const table = colourTable("grey", page.get("dark"));
  for (let k = 0; k < codes.length; k++) words[k] = table[tableIndex("grey", position(codes[k]))];
  context.putImageData(image, 0, 0);
}

/** A cross where the centre of mass lies; `mass` counts in the 28×28 picture, the scaled one is its middle. @param {HTMLCanvasElement} picture @param {Stages} stages */
function markCentre(picture, { mass, scaled, picture: whole }) {
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  context.fillStyle = getComputedStyle(picture).getPropertyValue("--cs-mark");
  const [x, y] = mass.map((place) => Math.round(place - (whole.side - scaled.side) / 2));
  context.fillRect(x - 1, y, 3, 1);
  context.fillRect(x, y - 1, 1, 3);
}

/** @param {HTMLCanvasElement} picture @param {number[] | null} box @param {import("../lib/strokes.js").Stroke[]} strokes @param {number} brush */
function drawInk(picture, box, strokes, brush) {
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  const style = getComputedStyle(picture);
  context.clearRect(0, 0, INK_SIDE, INK_SIDE);
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = style.color;
  context.lineWidth = 0.05 * brush * INK_SIDE;
  for (const stroke of strokes) inkStroke(context, stroke, INK_SIDE);
  if (!box) return;
  const [left, top, right, bottom] = box.map((u) => u * INK_SIDE);
  context.strokeStyle = style.getPropertyValue("--cs-mark");
  context.lineWidth = 3;
  context.strokeRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
}
