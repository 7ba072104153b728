/** What can be done with a moment of a run: explored, compared, saved. */

import { h } from "../parts/dom.js";
import { createMenu } from "../parts/menu.js";

/** @param {{ onexplore: () => void, oncompare: () => void, onsave: (ending: string) => Promise<void>, onfail: (error: Error) => void }} options */
export function createMomentBar({ onexplore, oncompare, onsave, onfail }) {
  /** @type {HTMLElement} */
  const caption = h("p", { class: "moment-caption", role: "status" });
  const tool = (/** @type {string} */ key, /** @type {() => void} */ onclick) =>
    h("button", { type: "button", class: "tool", dataset: { i18n: key, i18nTitle: `${key}.why` }, onclick });
  const saved = createMenu({
    words: "train.export",
    title: "train.export.why",
    onfail,
    choices: [
      { words: "train.export.safetensors", run: () => onsave(".safetensors") },
      { words: "train.export.onnx", run: () => onsave(".onnx") },
      { words: "train.export.program", run: () => onsave(".pt2") },
    ],
  });
  /** @type {HTMLElement} */
  const element = h(
    "div",
    { class: "moment-bar" },
    h("h3", { dataset: { i18n: "train.moment", i18nTitle: "train.moment.why" } }),
    caption,
    tool("train.explore", onexplore),
    tool("train.compare", oncompare),
    saved.element,
  );
  return { element, say: (/** @type {string} */ words) => (caption.textContent = words) };
}
