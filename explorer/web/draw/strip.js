/** The preprocessing strip: what happens to the ink before the network sees it, stage by stage, with its numbers. */

import { h, canvas } from "../parts/dom.js";
import { colourTable, tableIndex } from "../lib/colour.js";
import { fromBase64 } from "../lib/codes.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { inkStroke, PEN } from "../parts/pad.js";

const INK_SIDE = 244;

/** @typedef {import("../lib/contract/draw.js").Grey} Grey */
/** @typedef {import("../lib/contract/draw.js").Stages} Stages */

export function createStrip() {
  const ink = stage("ink", INK_SIDE);
  const scaled = stage("scaled", 20);
  const centred = stage("centred", 28);
  const perturbed = stage("perturbed", 28);
  const normalised = stage("normalised", 28);
  const stages = h(
    "ol",
    { class: "strip" },
    ink.element,
    scaled.element,
    centred.element,
    perturbed.element,
    normalised.element,
  );
  const on = h("input", { type: "checkbox", onchange: () => page.set({ centred: on.checked }) });
  on.checked = page.get("centred");
  const element = h(
    "div",
    { class: "strip-place" },
    stages,
    h(
      "label",
      { class: "switch", dataset: { i18nTitle: "strip.switch.why" } },
      on,
      h("span", { dataset: { i18n: "strip.switch" } }),
    ),
  );

  const [drawn, seen] = [INK_SIDE, 28].map((side) =>
    canvas(side, side, { class: "brief-picture", "aria-hidden": "true" }),
  );
  drawn.dataset.stage = "drawn";
  const brief = h(
    "div",
    { class: "brief" },
    ...[
      { picture: drawn, words: "strip.ink" },
      { picture: seen, words: "strip.seen" },
    ].map(({ picture, words }) => h("figure", {}, picture, h("figcaption", { dataset: { i18n: words } }))),
  );

  return {
    element,
    /** The ink and what the network sees, small. */
    brief,
    /** @param {Stages} stages @param {import("../lib/strokes.js").Stroke[]} strokes @param {number} brush */
    show(stages, strokes, brush) {
      const { source, unperturbed } = stages;
      on.disabled = ink.element.hidden = source === "digit";
      scaled.element.hidden = !stages.centred;
      perturbed.element.hidden = unperturbed === null;
      if (stages.ink && source === "picture") drawPicture(ink.picture, stages.ink, stages.box);
      else drawInk(ink.picture, stages.box, strokes, brush);
      paintGrey(scaled.picture, stages.scaled.side, fromBase64(stages.scaled.data));
      const still = unperturbed ?? stages.picture;
      paintGrey(centred.picture, still.side, fromBase64(still.data));
      paintGrey(perturbed.picture, stages.picture.side, fromBase64(stages.picture.data));
      paintNormalised(normalised.picture, stages);
      copy(ink.picture, drawn);
      copy(normalised.picture, seen);
      if (!stages.empty && stages.centred) markCentre(scaled.picture, stages);
      const number = (/** @type {number} */ u) => u.toFixed(2);
      const signed = (/** @type {number} */ u) => (u > 0 ? `+${u}` : u === 0 ? "0" : `−${-u}`);
      const box = stages.box ?? [0, 0, 0, 0];
      const pen = stages.pen ? t("strip.scaled.pen", { pen: stages.pen.toFixed(1) }) : t("strip.scaled.stretched");
      ink.name(t(source === "picture" ? "strip.ink.picture" : "strip.ink"));
      ink.say(
        stages.empty ? "" : t("strip.ink.numbers", { width: number(box[2] - box[0]), height: number(box[3] - box[1]) }),
      );
      scaled.say(stages.empty ? "" : `${t("strip.scaled.numbers", { scale: stages.scale.toFixed(1) })}, ${pen}`);
      centred.say(
        stages.empty
          ? ""
          : source === "digit"
            ? t("strip.digit.numbers")
            : stages.centred
              ? t("strip.centred.numbers", { right: signed(stages.shift[0]), down: signed(stages.shift[1]) })
              : t("strip.raw.numbers"),
      );
      centred.name(
        source === "digit"
          ? t("strip.digit", { index: stages.digit ?? 0 })
          : t(stages.centred ? "strip.centred" : "strip.raw"),
      );
      perturbed.say(t("strip.perturbed.numbers"));
      normalised.say(t("strip.normalised.numbers", { mean: stages.mean, std: stages.std }));
    },
  };
}

/** @param {string} name @param {number} side */
function stage(name, side) {
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
    say: (/** @type {string} */ text) => {
      numbers.textContent = text;
    },
    name: (/** @type {string} */ text) => {
      title.textContent = text;
    },
  };
}

/** @param {HTMLCanvasElement} from @param {HTMLCanvasElement} to */
function copy(from, to) {
  if (to.width !== from.width) to.width = to.height = from.width;
  const context = /** @type {CanvasRenderingContext2D} */ (to.getContext("2d"));
  context.clearRect(0, 0, to.width, to.height);
  context.drawImage(from, 0, 0);
}

/** The ink of a picture, to be laid on the pad; null for strokes. @param {{ ink?: Grey }} stages */
export function inkOf({ ink }) {
  if (!ink) return null;
  const picture = canvas(ink.side, ink.side);
  paintGrey(picture, ink.side, fromBase64(ink.data));
  return picture;
}

/** Grey bytes, 255 ink, in the colours of ink and paper. @param {HTMLCanvasElement} picture @param {number} side @param {Uint8Array} codes */
export function paintGrey(picture, side, codes) {
  paint(picture, side, codes, (code) => code / 255);
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
  context.lineWidth = PEN * brush * INK_SIDE;
  for (const stroke of strokes) inkStroke(context, stroke, INK_SIDE);
  if (box) frameBox(context, style, box);
}

/** The ink of a picture, and its bounding box. @param {HTMLCanvasElement} picture @param {Grey} ink @param {number[] | null} box */
function drawPicture(picture, ink, box) {
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  context.drawImage(/** @type {HTMLCanvasElement} */ (inkOf({ ink })), 0, 0, INK_SIDE, INK_SIDE);
  if (box) frameBox(context, getComputedStyle(picture), box);
}

/** @param {CanvasRenderingContext2D} context @param {CSSStyleDeclaration} style @param {number[]} box in pad sides */
function frameBox(context, style, box) {
  const [left, top, right, bottom] = box.map((u) => u * INK_SIDE);
  context.strokeStyle = style.getPropertyValue("--cs-mark");
  context.lineWidth = 3;
  context.strokeRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
}
