/** Where the picture comes from: drawn by us, a file, or the webcam. Nothing leaves the machine. */

import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { PICTURES, pictureOf } from "../lib/pictures.js";
import { opened, pictureOf as grabbed, Refused } from "./upload.js";

const WEBCAM_WIDTH = 512;
/** What the browser says when there is no webcam for us, and the words for it. */
const REFUSALS = { NotAllowedError: "denied", NotFoundError: "missing", NotReadableError: "busy", SecurityError: "insecure" };

/** @param {{ onpicture: (picture: import("../lib/pictures.js").Picture) => void }} options */
export function createSource({ onpicture }) {
  let source = "landscape";
  /** @type {import("./upload.js").Upload | null} */
  let upload = null;
  /** @type {import("./upload.js").Note[]} */
  let notes = [];
  /** @type {import("./upload.js").Note | null} */
  let problem = null;
  /** @type {MediaStream | null} */
  let stream = null;
  let frame = 0;

  const choice = h("select", { dataset: { i18nAria: "kernels.source" }, onchange: () => choose(choice.value) },
    ...Object.keys(PICTURES).map((name) => h("option", { value: name, dataset: { i18n: `kernels.picture.${name}` } })));
  const file = h("input", { type: "file", accept: "image/*", class: "source-file", tabindex: -1, "aria-hidden": "true", onchange: () => take(file.files?.[0]) });
  const open = h("button", { type: "button", class: "tool wide", dataset: { i18n: "kernels.upload", i18nTitle: "kernels.upload.why", tool: "upload" }, onclick: () => file.click() });
  const webcam = h("button", { type: "button", class: "tool wide", "aria-pressed": "false", dataset: { i18n: "kernels.webcam", i18nTitle: "kernels.webcam.why", tool: "webcam" }, onclick: () => (stream ? choose("landscape") : watch()) });
  const said = h("p", { class: "note source-notes" });
  const warning = h("p", { class: "problem", role: "alert", hidden: true });
  const element = h("div", { class: "source" }, h("div", { class: "source-row" }, choice, open, file, webcam, said), warning);

  function tell() {
    said.textContent = notes.map(({ key, numbers }) => t(key, numbers)).join(" · ");
    warning.hidden = !problem;
    warning.textContent = problem ? t(problem.key, problem.numbers) : "";
    webcam.setAttribute("aria-pressed", String(stream !== null));
    choice.value = stream ? "" : source;
  }

  /** @param {string} name a built-in picture or "upload" */
  function choose(name) {
    stop();
    [source, problem] = [name, null];
    const uploaded = name === "upload" ? upload : null;
    notes = uploaded?.notes ?? [];
    tell();
    onpicture(uploaded?.picture ?? pictureOf(name));
  }

  /** @param {File | undefined} chosen */
  async function take(chosen) {
    file.value = "";
    if (!chosen) return;
    try {
      upload = await opened(chosen);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem = { key: error.message, numbers: error.numbers };
      tell();
      return;
    }
    if (![...choice.options].some((option) => option.value === "upload")) choice.add(new Option(t("kernels.picture.upload"), "upload"));
    choose("upload");
  }

  async function watch() {
    problem = null;
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } } });
    } catch (error) {
      const reason = REFUSALS[/** @type {keyof typeof REFUSALS} */ (/** @type {DOMException} */ (error).name)] ?? "failed";
      problem = { key: `kernels.refused.webcam.${reason}`, numbers: { message: String(error) } };
      tell();
      return;
    }
    notes = [{ key: "kernels.note.webcam" }];
    tell();
    const video = h("video", { muted: true, playsinline: true });
    video.srcObject = stream;
    await video.play();
    const grab = () => {
      if (!stream) return;
      frame = requestAnimationFrame(grab);
      if (element.offsetParent && video.videoWidth) onpicture(grabbed(video, WEBCAM_WIDTH, Math.round((WEBCAM_WIDTH * video.videoHeight) / video.videoWidth)));
    };
    grab();
  }

  function stop() {
    cancelAnimationFrame(frame);
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
  }

  return {
    element,
    /** Show the first picture. */
    start: () => choose(source),
    relabel() {
      const option = [...choice.options].find(({ value }) => value === "upload");
      if (option) option.textContent = t("kernels.picture.upload");
      tell();
    },
    take,
  };
}
