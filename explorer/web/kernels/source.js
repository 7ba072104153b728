/** Where the picture comes from: drawn by us or on the pad, a file, the webcam, or a feature map of the explored model. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { mapFrom } from "../lib/maps.js";
import { newestOnly } from "../lib/live.js";
import { PICTURES, pictureOf } from "../lib/pictures.js";
import { page, shared } from "../parts/page.js";
import { drawnPicture } from "./drawing.js";
import { createMapChoice } from "./maps.js";
import { opened, Refused } from "../parts/upload.js";
import { createWebcam } from "../parts/webcam.js";

/** @typedef {import("../lib/pictures.js").Picture} Picture */
/** @typedef {import("../lib/maps.js").FeatureMap} FeatureMap */

/**
 * @param {{ onpicture: (picture: Picture | FeatureMap) => void, askMap: (place: import("./maps.js").MapPlace) => Promise<import("../lib/contract/kernels.js").MapAnswer> }} options
 * `askMap` gets a feature map's exact values from the server
 */
export function createSource({ onpicture, askMap }) {
  /** A built-in picture, "drawing", "map", "upload" or "webcam". */
  let source = "landscape";
  /** @type {import("../parts/upload.js").Upload | null} */
  let upload = null;
  /** @type {import("../parts/upload.js").Note[]} */
  let notes = [];
  /** @type {import("../parts/upload.js").Note | { words: string } | null} */
  let problem = null;

  const webcam = createWebcam({ onpicture, seen: () => element.offsetParent !== null });
  const maps = createMapChoice({ onchoose: () => refresh() });
  const choice = h(
    "select",
    { dataset: { control: "source", i18nAria: "kernels.source" }, onchange: () => choose(choice.value) },
    ...[...Object.keys(PICTURES), "drawing", "map"].map((name) =>
      h("option", { value: name, dataset: { i18n: `kernels.picture.${name}` } }),
    ),
    h("option", { value: "upload", hidden: true, dataset: { i18n: "kernels.picture.upload" } }),
    h("option", { value: "webcam", hidden: true, dataset: { i18n: "kernels.picture.webcam" } }),
  );
  const file = h("input", {
    type: "file",
    accept: "image/*",
    class: "source-file",
    tabindex: -1,
    "aria-hidden": "true",
    onchange: () => take(file.files?.[0]),
  });
  const open = h("button", {
    type: "button",
    class: "tool wide",
    dataset: { i18n: "kernels.upload", i18nTitle: "kernels.upload.why", tool: "upload" },
    onclick: () => file.click(),
  });
  const camera = h("button", {
    type: "button",
    class: "tool wide",
    "aria-pressed": "false",
    dataset: { i18n: "kernels.webcam", i18nTitle: "kernels.webcam.why", tool: "webcam" },
    onclick: () => (webcam.on ? choose("landscape") : watch()),
  });
  const said = h("p", { class: "note source-notes" });
  const warning = h("p", { class: "problem", role: "alert", hidden: true });
  const element = h(
    "div",
    { class: "source" },
    h("div", { class: "source-row" }, choice, maps.element, open, file, camera),
    said,
    warning,
  );

  const fetchMap = newestOnly(
    askMap,
    (answer, place) => {
      if (source !== "map" || place !== wanted) return;
      notes = [{ key: "kernels.note.map", numbers: { name: answer.name, height: answer.height, width: answer.width } }];
      problem = null;
      tell();
      onpicture(mapFrom(answer));
    },
    (error) => {
      if (source === "map") complain({ words: error.message });
    },
  );
  /** The map asked for last. @type {import("./maps.js").MapPlace | null} */
  let wanted = null;

  function tell() {
    said.textContent = notes.map(({ key, numbers }) => t(key, numbers)).join(" · ");
    warning.hidden = !problem;
    warning.textContent = !problem ? "" : "words" in problem ? problem.words : t(problem.key, problem.numbers);
    camera.setAttribute("aria-pressed", String(webcam.on));
    maps.element.hidden = source !== "map";
    choice.value = source;
    keep(source === "map" ? `map.${maps.place.step}.${maps.place.channel}` : source);
  }

  /** @param {import("../parts/upload.js").Note | { words: string }} why */
  function complain(why) {
    problem = why;
    tell();
  }

  /** Show the chosen source as it is now: the pad, the model or the file may have changed. */
  function refresh() {
    if (source === "map") {
      tell();
      wanted = { ...maps.place };
      if (page.get("description")) fetchMap(wanted);
    } else if (source === "drawing") {
      const ink = page.get("ink");
      notes = ink.length ? [] : [{ key: "kernels.note.blank" }];
      tell();
      onpicture(drawnPicture(ink, page.get("pen")));
    } else {
      notes = source === "upload" ? (upload?.notes ?? []) : [];
      tell();
      onpicture(source === "upload" && upload ? upload.picture : pictureOf(source));
    }
  }

  /** @param {string} name */
  function choose(name) {
    webcam.stop();
    [source, problem] = [name, null];
    if (name === "map") maps.begin(null);
    refresh();
  }

  /** @param {File | undefined} chosen */
  async function take(chosen) {
    file.value = "";
    if (!chosen) return;
    try {
      upload = await opened(chosen);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      complain({ key: error.message, numbers: error.numbers });
      return;
    }
    choice.querySelector("[value=upload]").hidden = false;
    choose("upload");
  }

  async function watch() {
    problem = await webcam.start();
    if (problem) {
      tell();
      return;
    }
    source = "webcam";
    notes = [{ key: "kernels.note.webcam" }];
    tell();
  }

  /** Show what a link says, as far as it can travel. @param {string} linked */
  function start(linked) {
    const [name, step, channel] = linked.split(".");
    if (name === "map") {
      source = "map";
      maps.begin({ step: Number(step), channel: Number(channel) });
      refresh();
      return;
    }
    const personal = ["upload", "webcam"].includes(name);
    choose(personal ? "landscape" : name);
    if (personal) complain({ key: `kernels.refused.travel.${name}` });
  }

  const keep = shared("kernelPicture", () => start(page.get("kernelPicture")));
  page.on(["description"], () => maps.show());
  for (const [name, keys] of /** @type {[string, any[]][]} */ ([
    ["drawing", ["ink", "pen"]],
    ["map", ["description", "ink", "pen", "centred", "edits", "source", "perturbation"]],
  ])) {
    page.on(keys, () => {
      if (source === name && element.offsetParent) refresh();
    });
  }
  page.on(["tab"], () => {
    if (["drawing", "map"].includes(source)) setTimeout(() => element.offsetParent && refresh());
  });

  return {
    element,
    take,
    tell,
    /** Show the first picture. */
    start,
  };
}
