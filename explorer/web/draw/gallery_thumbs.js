/** A page of test pictures as buttons: each shows what it is, and where the model errs what it takes it for. */

import { h, canvas } from "../parts/dom.js";
import { fromBase64 } from "../lib/codes.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { isFile } from "../lib/link.js";
import { paintBytes, paintGrey } from "./strip_stage.js";

/** @typedef {import("../lib/contract/draw.js").Pictures} Pictures */

/** The index of the picture that is shown, if it is one of these. @param {import("../lib/link.js").Source} source @param {string} run */
function indexOf(source, run) {
  if (!source || source === "example" || isFile(source)) return null;
  if ("run" in source) return source.run === run ? source.picture : null;
  return run ? null : source.digit;
}

/**
 * A picture to be chosen, with its class and what the model takes it for.
 * @param {Pictures} shown @param {number} k its place @param {Uint8Array} bytes @param {boolean} coloured in its own colours, or as ink
 * @param {(index: number) => void} onchoose
 */
function thumbOf({ indices, labels, guesses, classes, side, channels }, k, bytes, coloured, onchoose) {
  const picture = canvas(side, side, {});
  if (coloured) paintBytes(picture, { width: side, height: side, channels }, bytes);
  else paintGrey(picture, side, bytes);
  const nameOf = (/** @type {number} */ label) => classes[label] ?? String(label);
  const [index, label, guess] = [indices[k], nameOf(labels[k]), guesses?.[k] ?? -1];
  const errs = guess >= 0 && guess !== labels[k];
  const words = errs
    ? t("gallery.picture.wrong", { index, label, guess: nameOf(guess) })
    : t("gallery.picture", { index, label });
  return h(
    "button",
    {
      type: "button",
      class: `thumb${errs ? " errs" : ""}`,
      tabindex: k ? -1 : 0,
      title: words,
      "aria-label": words,
      dataset: { index },
      onclick: () => onchoose(index),
    },
    picture,
    h("span", {}, errs ? `${label} → ${nameOf(guess)}` : label),
  );
}

/** Where the keys lead from one of the pictures as they stand; undefined for other keys. @param {HTMLElement[]} thumbs @param {number} at @param {string} key */
function target(thumbs, at, key) {
  const across = thumbs.findIndex((thumb) => thumb.offsetTop > thumbs[0].offsetTop);
  const row = across < 0 ? thumbs.length : across;
  return {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + row,
    ArrowUp: at - row,
    Home: 0,
    End: thumbs.length - 1,
  }[key];
}

export function createThumbs() {
  /** Whose held-back pictures are shown; "": MNIST's. */
  let run = "";
  const element = h("div", { class: "thumbs", role: "group", dataset: { i18nAria: "gallery.title" }, onkeydown: walk });
  const thumbs = () => /** @type {HTMLElement[]} */ ([...element.children]);

  /** @param {KeyboardEvent} event */
  function walk(event) {
    const all = thumbs();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = target(all, at, event.key);
    if (to === undefined || !all[to]) return;
    all[at].tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
    event.preventDefault();
  }

  /** Show which picture is the input now. */
  function mark() {
    const chosen = indexOf(page.get("source"), run);
    for (const each of thumbs()) each.setAttribute("aria-pressed", String(Number(each.dataset.index) === chosen));
  }
  page.on(["source"], mark);

  return {
    element,

    /** @param {Pictures} pictures @param {string} of the run whose pictures they are; "": MNIST's */
    show(pictures, of) {
      run = of;
      const focused = element.contains(document.activeElement);
      const pixels = fromBase64(pictures.data);
      const size = pictures.side ** 2 * pictures.channels;
      const choose = (/** @type {number} */ picture) =>
        page.set({ source: of ? { run: of, picture } : { digit: picture } });
      element.replaceChildren(
        ...pictures.indices.map((_, k) =>
          thumbOf(pictures, k, pixels.subarray(k * size, (k + 1) * size), of !== "", choose),
        ),
      );
      mark();
      if (focused) thumbs()[0]?.focus();
    },

    clear: () => element.replaceChildren(),
  };
}
