/** The strip of a picture: the whole, the part that is cut out, what was changed of it, and what the network sees. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { copy, paintColours, stage } from "./strip_stage.js";

/** @typedef {import("../lib/contract/draw.js").CutStages} CutStages */
/** @typedef {import("../lib/contract/draw.js").Stages} Stages */

/** Numbers of each channel, as they are said. @param {number[]} values */
const each = (values) => values.map((value) => Number(value.toFixed(3))).join(", ");

export function createPictureStrip() {
  const [whole, cut, perturbed, seen] = ["whole", "cut", "perturbed", "seen"].map((name) => stage(name, 28));
  const element = h("ol", { class: "strip" }, whole.element, cut.element, perturbed.element, seen.element);

  /** @param {CutStages} stages */
  function showCut({ box, whole: picture, picture: changed, unperturbed, fits, size }) {
    paintColours(whole.picture, picture);
    if (box) frame(whole.picture, box);
    whole.say(`${size[0]} × ${size[1]}`);
    cut.element.hidden = box === null;
    if (box) paintColours(cut.picture, unperturbed ?? changed);
    cut.say(t("strip.cut.numbers", { height: fits[0], width: fits[1] }));
    perturbed.element.hidden = unperturbed === null;
    paintColours(perturbed.picture, changed);
    perturbed.say(t("strip.perturbed.numbers"));
  }

  return {
    element,
    /** @param {Stages} stages @param {boolean} example whether the model's example is shown */
    show(stages, example) {
      const isCut = stages.kind === "cut" && !example;
      whole.element.hidden = !isCut;
      if (isCut) showCut(stages);
      else cut.element.hidden = perturbed.element.hidden = true;
      seen.element.hidden = stages.seen === null;
      if (stages.seen) paintColours(seen.picture, stages.seen);
      const { mean, std } = stages;
      seen.name(t(example ? "strip.example" : "strip.seen.name"));
      seen.say(
        example
          ? t("strip.example.numbers")
          : mean && std
            ? std.every((one) => one === 1) && mean.every((one) => one === 0)
              ? t("strip.seen.plain")
              : t("strip.normalised.numbers", { mean: each(mean), std: each(std) })
            : t("strip.seen.own"),
      );
    },
    /** What came in and what the network sees, onto two pictures. @param {HTMLCanvasElement} first @param {HTMLCanvasElement} second */
    brief(first, second) {
      copy(whole.element.hidden ? seen.picture : whole.picture, first);
      copy(seen.element.hidden ? whole.picture : seen.picture, second);
    },
  };
}

/** The cut as a frame over the whole. @param {HTMLCanvasElement} picture @param {number[]} box shares */
function frame(picture, box) {
  const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
  if (isWhole(box)) return;
  const [left, top, right, bottom] = box.map((u, k) => u * (k % 2 ? picture.height : picture.width));
  context.strokeStyle = getComputedStyle(picture).getPropertyValue("--cs-mark");
  const pen = Math.max(1, picture.width / 80);
  context.lineWidth = pen;
  context.strokeRect(left + pen / 2, top + pen / 2, right - left - pen, bottom - top - pen);
}

/** Whether nothing is cut away. @param {number[]} box shares */
export const isWhole = ([left, top, right, bottom]) => right - left + bottom - top > 1.999;
