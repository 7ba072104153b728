/** Where the input comes from: the pad, a picture file, the clipboard, the camera, test pictures, the model's example; and what was done to it. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { Refused } from "../parts/upload.js";
import { createCamera } from "./input_camera.js";
import { createGallery } from "./input_gallery.js";
import { pictureSource } from "./input_file.js";
import { inputWords } from "./input_words.js";

/** @typedef {import("../lib/contract/draw.js").Stages} Stages */
/** @typedef {import("../lib/contract/network.js").Fed} Fed */

/**
 * @param {{ server: import("../lib/contract/draw.js").Server, ongallery: (on: boolean) => void }} options
 *   `ongallery`: pictures to choose from are opened, or left
 */
export function createInput({ server, ongallery }) {
  const gallery = createGallery(server);
  const file = h("input", {
    type: "file",
    accept: "image/*,.jfif,.avif",
    class: "source-file",
    tabindex: -1,
    "aria-hidden": "true",
    onchange: () => take(file.files?.[0]),
  });
  const button = (/** @type {string} */ name, /** @type {() => void} */ act) =>
    h("button", {
      type: "button",
      class: "tool wide",
      dataset: { input: name, i18n: `input.${name}`, i18nTitle: `input.${name}.why` },
      onclick: act,
    });
  const digits = button("digits", () => gallery.open(!gallery.shown, ""));
  const held = button("held", () => gallery.open(!gallery.shown, page.get("description")?.run ?? ""));
  const camera = createCamera({ ontake: (source) => page.set({ source }), onrefuse: refuse });
  const example = button("example", () => page.set({ source: "example" }));
  const back = button("drawing", () => page.set({ source: null }));
  const told = h("p", { class: "note input-told", role: "status" });
  const problem = h("p", { class: "problem refused", role: "alert", hidden: true });
  const element = h(
    "div",
    { class: "input" },
    h(
      "div",
      { class: "input-row", role: "group", dataset: { i18nAria: "input.title" } },
      held,
      button("file", () => file.click()),
      button("camera", openCamera),
      button("paste", paste),
      digits,
      example,
      back,
      file,
    ),
    camera.element,
  );
  /** What the server found in the picture. @type {Stages | null} */
  let stages = null;
  /** How it became the model's input. @type {Fed | null} */
  let fed = null;
  gallery.onopened = (on) => {
    for (const opener of [digits, held]) opener.setAttribute("aria-pressed", String(on));
    ongallery(on);
  };

  /** @param {File | null | undefined} chosen */
  async function take(chosen) {
    file.value = "";
    if (!chosen) return;
    refuse("");
    try {
      page.set({ source: await pictureSource(chosen, page.get("description")?.takes !== "pictures") });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(t(error.message, error.numbers));
    }
  }

  function openCamera() {
    refuse("");
    void camera.open();
  }

  /** @param {string} words */
  function refuse(words) {
    problem.textContent = words;
    problem.hidden = words === "";
  }

  /** Browsers hand over the clipboard only to pages they trust, and after asking. */
  async function paste() {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((kind) => kind.startsWith("image/"));
        if (type) {
          await take(new File([await item.getType(type)], t("input.clipboard"), { type }));
          return;
        }
      }
      refuse(t("input.refused.clipboard"));
    } catch {
      refuse(t("input.paste.keys"));
    }
  }

  addEventListener("paste", (event) => {
    const typing =
      event.target instanceof HTMLElement && event.target.matches("input, textarea, [contenteditable=true]");
    const picture = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (typing || !picture || page.get("tab") !== "draw") return;
    event.preventDefault();
    void take(picture);
  });

  function tell() {
    const source = page.get("source");
    const { takes = "ink", run = "" } = page.get("description") ?? {};
    back.hidden = source === null || !page.get("ink").length;
    example.hidden = takes === "tensors" || !fed || fed.example || !fed.kept;
    held.hidden = run === "";
    digits.hidden = takes !== "ink";
    told.textContent = told.title = inputWords(source, stages, fed);
  }

  page.on(["source", "language", "description"], () => {
    if (page.get("source") === null) refuse("");
    tell();
  });
  tell();
  return {
    element,
    /** What was done to the input, in words. */
    told,
    /** Why a picture was not taken. */
    problem,
    gallery: gallery.element,
    take,
    /** @param {Stages} found what the server answered @param {Fed} made how it became the model's input */
    show(found, made) {
      [stages, fed] = [found, made];
      tell();
    },
  };
}
