/** Where the input comes from: the pad, MNIST's test set, a picture file, or the clipboard; and what was done to it, in words. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { Refused } from "../parts/upload.js";
import { createGallery } from "./input_gallery.js";
import { pictureSource } from "./input_file.js";

/**
 * @param {{ server: import("../lib/contract/draw.js").Server, ongallery: (on: boolean) => void }} options
 *   `ongallery`: the test set's pictures are opened, or left
 */
export function createInput({ server, ongallery }) {
  const gallery = createGallery(server);
  const file = h("input", {
    type: "file",
    accept: "image/*",
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
  const digits = button("digits", () => gallery.open(!gallery.shown));
  const back = button("drawing", () => page.set({ source: null }));
  const told = h("p", { class: "note input-told", role: "status" });
  const problem = h("p", { class: "problem refused", role: "alert", hidden: true });
  const element = h(
    "div",
    { class: "input" },
    h(
      "div",
      { class: "input-row", role: "group", dataset: { i18nAria: "input.title" } },
      digits,
      button("file", () => file.click()),
      button("paste", paste),
      back,
      file,
    ),
  );
  /** What the server found in the picture. @type {any} */
  let stages = null;
  gallery.onopened = (on) => {
    digits.setAttribute("aria-pressed", String(on));
    ongallery(on);
  };

  /** @param {File | null | undefined} chosen */
  async function take(chosen) {
    file.value = "";
    if (!chosen) return;
    refuse("");
    try {
      page.set({ source: await pictureSource(chosen) });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(t(error.message, error.numbers));
    }
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
    back.hidden = source === null;
    told.textContent = told.title = source === null ? "" : "digit" in source ? digitWords() : pictureWords(source);
  }

  const digitWords = () =>
    stages?.source === "digit" ? t("input.told.digit", { index: stages.digit, label: stages.label }) : "";

  /** @param {import("../lib/link.js").PictureSource} source */
  function pictureWords(source) {
    const notes = source.notes.map(({ key, numbers }) => t(key, numbers));
    if (stages?.source === "picture") {
      notes.push(t(stages.dark ? "input.told.dark" : "input.told.light"));
      const [width, height] = stages.size;
      if (width !== height) notes.push(t("input.told.square"));
    }
    return `${notes.join(" · ")}. ${t("input.told.link")}`;
  }

  page.on(["source", "language"], () => {
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
    /** @param {any} found the stages that the server answered */
    show(found) {
      stages = found;
      tell();
    },
  };
}
