/** The preprocessing strip: what happens to the ink before the network sees it, stage by stage, with its numbers. */

import { h, canvas, say } from "../parts/dom.js";
import { fromBase64 } from "../lib/codes.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { inkStroke, PEN } from "../parts/pad.js";
import { themeColours } from "../parts/theme_colours.js";
import { createPictureStrip } from "./strip_picture.js";
import { copy, paintColours, paintGrey, resize, stage } from "./strip_stage.js";

const INK_SIDE = 244;

/** @typedef {import("../lib/contract/draw.js").Grey} Grey */
/** @typedef {import("../lib/contract/draw.js").InkStages} InkStages */
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
  const tellOn = () => (on.checked = page.get("centred"));
  page.on(["centred"], tellOn);
  tellOn();
  const choice = h(
    "label",
    { class: "switch", dataset: { i18nTitle: "strip.switch.why" } },
    on,
    h("span", { dataset: { i18n: "strip.switch" } }),
  );
  const picture = createPictureStrip();
  const element = h("div", { class: "strip-place" }, stages, picture.element, choice);

  const [drawn, seen] = [INK_SIDE, 28].map((side) =>
    canvas(side, side, { class: "brief-picture", "aria-hidden": "true" }),
  );
  drawn.dataset.stage = "drawn";
  const colours = themeColours(drawn, ["color", "--cs-mark"]);
  const captions = [h("figcaption"), h("figcaption")];
  const brief = h("div", { class: "brief" }, ...[drawn, seen].map((one, k) => h("figure", {}, one, captions[k])));

  /** The ink on screen. @type {{ shown: InkStages, strokes: import("../lib/strokes.js").Stroke[], brush: number } | null} */
  let inked = null;

  /** What came in, and what the network sees. @param {NonNullable<typeof inked>} now */
  function showBrief({ shown, strokes, brush }) {
    resize(drawn, INK_SIDE, INK_SIDE);
    if (shown.ink && shown.source !== "strokes") drawPicture(drawn, colours(), shown.ink, shown.box);
    else drawInk(drawn, colours(), shown.box, strokes, brush);
    showSeen(seen, shown);
  }

  /** All stages, where they are in view. */
  function showStages() {
    if (!inked || element.closest("[hidden]")) return;
    const { shown } = inked;
    const { source, unperturbed } = shown;
    const ready = source === "digit" || source === "held";
    on.disabled = ink.element.hidden = ready;
    scaled.element.hidden = !shown.centred;
    perturbed.element.hidden = unperturbed === null;
    copy(drawn, ink.picture);
    paintGrey(scaled.picture, shown.scaled.side, fromBase64(shown.scaled.data));
    const still = unperturbed ?? shown.picture;
    paintGrey(centred.picture, still.side, fromBase64(still.data));
    paintGrey(perturbed.picture, shown.picture.side, fromBase64(shown.picture.data));
    showSeen(normalised.picture, shown);
    if (!shown.empty && shown.centred) markCentre(scaled.picture, colours()[1], shown);
    sayInk(shown, ready);
  }

  /** @param {InkStages} shown @param {boolean} ready whether others prepared it */
  function sayInk(shown, ready) {
    const number = (/** @type {number} */ u) => u.toFixed(2);
    const signed = (/** @type {number} */ u) => (u > 0 ? `+${u}` : u === 0 ? "0" : `−${-u}`);
    const box = shown.box ?? [0, 0, 0, 0];
    const pen = shown.pen ? t("strip.scaled.pen", { pen: shown.pen.toFixed(1) }) : t("strip.scaled.stretched");
    const unless = (/** @type {string} */ words) => (shown.empty ? "" : words);
    ink.name(t(shown.source === "picture" ? "strip.ink.picture" : "strip.ink"));
    ink.say(unless(t("strip.ink.numbers", { width: number(box[2] - box[0]), height: number(box[3] - box[1]) })));
    scaled.say(unless(`${t("strip.scaled.numbers", { scale: shown.scale.toFixed(1) })}, ${pen}`));
    centred.say(
      unless(
        ready
          ? t(shown.source === "held" ? "strip.held.numbers" : "strip.digit.numbers")
          : shown.centred
            ? t("strip.centred.numbers", { right: signed(shown.shift[0]), down: signed(shown.shift[1]) })
            : t("strip.raw.numbers"),
      ),
    );
    centred.name(
      shown.source === "digit"
        ? t("strip.digit", { index: shown.digit ?? 0 })
        : shown.source === "held"
          ? t("strip.held", { index: shown.held ?? 0 })
          : t(shown.centred ? "strip.centred" : "strip.raw"),
    );
    perturbed.say(t("strip.perturbed.numbers"));
    const [mean, std] = [shown.mean, shown.std].map((values) => values?.[0]);
    normalised.say(mean === undefined ? t("strip.seen.own") : t("strip.normalised.numbers", { mean, std: std ?? 1 }));
  }

  return {
    element,
    /** The stages came into view. */
    open: showStages,
    /** What came in and what the network sees, small. */
    brief,
    /** The picture of what came in. */
    drawn,
    /**
     * @param {Stages} shown @param {import("../lib/strokes.js").Stroke[]} strokes @param {number} brush
     * @param {import("../lib/contract/network.js").Fed} fed
     */
    show(shown, strokes, brush, { example, shape }) {
      inked = shown.kind === "ink" && !example ? { shown, strokes, brush } : null;
      stages.hidden = choice.hidden = !inked;
      picture.element.hidden = inked !== null;
      if (inked) {
        showBrief(inked);
        showStages();
      } else {
        picture.show(shown, example);
        picture.brief(drawn, seen);
      }
      brief.hidden = example && shown.seen === null;
      say(captions[0], t(example ? "strip.example" : inked ? "strip.ink" : "strip.whole"));
      say(captions[1], shape.slice(-2).join("×"));
    },
  };
}

/** The ink of a picture, to be laid on the pad; null for strokes. @param {Stages | { kind: "ink", ink?: Grey }} stages */
export function inkOf(stages) {
  if (stages.kind !== "ink" || !stages.ink) return null;
  const { ink } = stages;
  const picture = canvas(ink.side, ink.side);
  paintGrey(picture, ink.side, fromBase64(ink.data));
  return picture;
}

/** A cross where the centre of mass lies; `mass` counts in the 28×28 picture, the scaled one is its middle. @param {HTMLCanvasElement} picture @param {string} mark its colour @param {InkStages} stages */
function markCentre(picture, mark, { mass, scaled, picture: whole }) {
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  context.fillStyle = mark;
  const [x, y] = mass.map((place) => Math.round(place - (whole.side - scaled.side) / 2));
  context.fillRect(x - 1, y, 3, 1);
  context.fillRect(x, y - 1, 1, 3);
}

/** What the network sees. @param {HTMLCanvasElement} picture @param {InkStages} stages */
function showSeen(picture, { seen, picture: fed }) {
  if (seen) paintColours(picture, seen);
  else paintGrey(picture, fed.side, fromBase64(fed.data));
}

/** @param {HTMLCanvasElement} picture @param {string[]} colours of ink and of marks @param {number[] | null} box @param {import("../lib/strokes.js").Stroke[]} strokes @param {number} brush */
function drawInk(picture, [ink, mark], box, strokes, brush) {
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  context.clearRect(0, 0, INK_SIDE, INK_SIDE);
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = ink;
  context.lineWidth = PEN * brush * INK_SIDE;
  for (const stroke of strokes) inkStroke(context, stroke, INK_SIDE);
  if (box) frameBox(context, mark, box);
}

/** The ink of a picture, and its bounding box. @param {HTMLCanvasElement} picture @param {string[]} colours of ink and of marks @param {Grey} ink @param {number[] | null} box */
function drawPicture(picture, [, mark], ink, box) {
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  context.drawImage(/** @type {HTMLCanvasElement} */ (inkOf({ kind: "ink", ink })), 0, 0, INK_SIDE, INK_SIDE);
  if (box) frameBox(context, mark, box);
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number[]} box in pad sides */
function frameBox(context, colour, box) {
  const [left, top, right, bottom] = box.map((u) => u * INK_SIDE);
  context.strokeStyle = colour;
  context.lineWidth = 3;
  context.strokeRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
}
