/** The camera as a source of pictures: what it sees, live, until one is taken. Nothing is sent before that. */

import { canvas, h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { createWebcam } from "../parts/webcam.js";
import { sourceOf } from "./input_file.js";

/** @typedef {import("../lib/link.js").PictureSource} PictureSource */

/** @param {{ ontake: (source: PictureSource) => void, onrefuse: (words: string) => void }} options */
export function createCamera({ ontake, onrefuse }) {
  /** What the camera saw last. @type {import("../lib/pictures.js").Picture | null} */
  let last = null;
  const live = canvas(4, 3, { class: "camera-live", role: "img", dataset: { i18nAria: "input.camera.live" } });
  const webcam = createWebcam({
    onpicture: (picture) => {
      last = picture;
      if (live.width !== picture.width) Object.assign(live, { width: picture.width, height: picture.height });
      const context = /** @type {CanvasRenderingContext2D} */ (live.getContext("2d"));
      context.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
      shoot.disabled = false;
    },
    seen: () => !element.hidden,
  });
  const shoot = h("button", {
    type: "button",
    class: "action",
    disabled: true,
    dataset: { i18n: "input.camera.take" },
    onclick: () => {
      if (last) ontake(sourceOf(last, t("input.camera.name"), [{ key: "input.note.camera" }]));
      close();
    },
  });
  const stop = h("button", {
    type: "button",
    class: "tool wide",
    dataset: { i18n: "input.camera.stop" },
    onclick: close,
  });
  const element = h(
    "div",
    { class: "camera", hidden: true, role: "group", dataset: { i18nAria: "input.camera" } },
    live,
    h("div", { class: "input-row" }, shoot, stop),
  );

  function close() {
    webcam.stop();
    last = null;
    element.hidden = shoot.disabled = true;
  }

  return {
    element,
    close,
    async open() {
      element.hidden = false;
      const refused = await webcam.start();
      if (!refused) return;
      close();
      onrefuse(t(refused.key, refused.numbers));
    },
  };
}
