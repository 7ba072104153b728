/** What was done to a picture before the model saw it, in words. */

import { t } from "../parts/i18n.js";
import { isFile } from "../lib/link.js";
import { isWhole } from "./strip_picture.js";

/** @typedef {import("../lib/contract/draw.js").Stages} Stages */
/** @typedef {import("../lib/contract/network.js").Fed} Fed */
/** @typedef {import("../lib/link.js").Source} Source */

/** @param {Source} source @param {Stages | null} stages what the server found @param {Fed | null} fed how it became the input */
export function inputWords(source, stages, fed) {
  if (fed?.example) return fed.takes === "tensors" ? t("input.told.tensors") : "";
  if (isFile(source)) return pictureWords(source, stages);
  const { label = "", digit = 0, held = 0, run = "" } = stages ?? {};
  if (stages?.source === "digit") return t("input.told.digit", { index: digit, label });
  return stages?.source === "held" ? t("input.told.held", { index: held, run, label }) : "";
}

/** @param {import("../lib/link.js").PictureSource} source @param {Stages | null} stages */
function pictureWords(source, stages) {
  const notes = source.notes.map(({ key, numbers }) => t(key, numbers));
  if (stages?.kind === "cut" && stages.box && !isWhole(stages.box)) notes.push(t("input.told.cut"));
  if (stages?.kind === "ink" && stages.source === "picture") {
    notes.push(t(stages.dark ? "input.told.dark" : "input.told.light"));
    const [width, height] = stages.size ?? [0, 0];
    if (width !== height) notes.push(t("input.told.square"));
  }
  return `${notes.join(" · ")}. ${t("input.told.link")}`;
}
