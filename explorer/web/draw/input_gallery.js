/** MNIST's test pictures, or those that a run holds back, page by page: all of a class, or only what the model gets wrong. */

import { h, canvas } from "../parts/dom.js";
import { fromBase64 } from "../lib/codes.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { page } from "../parts/page.js";
import { isFile } from "../lib/link.js";
import { paintBytes, paintGrey } from "./strip_stage.js";

/** How often the server is asked how far it is while it judges the model, ms. */
const WAIT_MS = 700;

/** @typedef {import("../lib/contract/draw.js").Pictures} Pictures */

/** @typedef {import("../lib/contract/draw.js").BrowseRequest} Wanted */

/** Before the first page has come. @type {Pictures} */
const NONE = {
  total: 0,
  first: 0,
  perPage: 1,
  size: 0,
  judged: 0,
  indices: [],
  labels: [],
  guesses: null,
  classes: [],
  side: 28,
  channels: 1,
  data: "",
};

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

/** @param {Pick<import("../lib/contract/draw.js").Server, "browse">} server */
export function createGallery(server) {
  let [first, wanted, timer] = [0, false, 0];
  /** Whose held-back pictures are shown; "": MNIST's. */
  let run = "";
  /** The classes that can be chosen. @type {string[]} */
  let classes = [];
  const label = h(
    "select",
    { dataset: { i18nAria: "gallery.class", i18nTitle: "gallery.class" }, onchange: () => turnTo(0) },
    h("option", { value: "", dataset: { i18n: "gallery.every" } }),
  );
  const wrong = h("input", { type: "checkbox", onchange: () => turnTo(0) });
  const told = h("span", { class: "note gallery-told", role: "status" });
  const button = (/** @type {string} */ words, /** @type {string} */ icon, /** @type {() => void} */ act) =>
    h("button", { type: "button", class: "tool", dataset: { i18nTitle: words }, onclick: act }, icon);
  const [back, next] = [
    button("gallery.previous", "◀", () => turnTo(first - shown.perPage)),
    button("gallery.next", "▶", () => turnTo(first + shown.perPage)),
  ];
  const list = h("div", { class: "thumbs", role: "group", dataset: { i18nAria: "gallery.title" }, onkeydown: walk });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const fetchIt = h("button", {
    type: "button",
    class: "action",
    hidden: true,
    dataset: { i18n: "gallery.download" },
    onclick: () => request(true),
  });
  const element = h(
    "section",
    { class: "gallery", hidden: true, dataset: { i18nAria: "gallery.title" } },
    h(
      "div",
      { class: "gallery-bar" },
      label,
      h(
        "label",
        { class: "switch", dataset: { i18nTitle: "gallery.wrong.why" } },
        wrong,
        h("span", { dataset: { i18n: "gallery.wrong" } }),
      ),
      back,
      next,
      told,
      button("gallery.close", "✕", () => open(false)),
    ),
    problem,
    fetchIt,
    list,
  );
  let shown = NONE;

  const post = newestOnly(
    (/** @type {Wanted} */ input) => ask(server.browse, input, t("error.unreachable")),
    receive,
    (error) => refuse(error.message, false),
  );

  function request(download = false) {
    clearTimeout(timer);
    if (!wanted || !page.get("model")) return;
    if (download) told.textContent = t("gallery.downloading");
    post({
      model: page.get("model"),
      run,
      label: label.value === "" ? null : Number(label.value),
      wrong: wrong.checked,
      first,
      download,
    });
  }

  /** @param {number} place */
  function turnTo(place) {
    first = Math.max(0, place);
    request();
  }

  /** @param {string} words @param {boolean} fetchable */
  function refuse(words, fetchable) {
    problem.textContent = words;
    [problem.hidden, fetchIt.hidden] = [false, !fetchable];
    told.textContent = "";
    list.replaceChildren();
  }

  /** @param {Pictures | { missing: string }} answer @param {Wanted} input */
  function receive(answer, input) {
    if (input.run !== run) return;
    if ("missing" in answer) {
      refuse(answer.missing, run === "");
      return;
    }
    offer(answer.classes);
    problem.hidden = fetchIt.hidden = true;
    const same =
      answer.indices.join() === shown.indices.join() && answer.data === shown.data && list.childElementCount > 0;
    shown = answer;
    if (!same) draw();
    tell(input.wrong);
    if (input.wrong && answer.judged < answer.size) timer = window.setTimeout(request, WAIT_MS);
  }

  /** @param {string[]} names the classes that can be chosen */
  function offer(names) {
    if (names.join() === classes.join()) return;
    classes = names;
    label.replaceChildren(label.options[0], ...names.map((name, k) => h("option", { value: k }, name)));
  }

  /** @param {boolean} errors */
  function tell(errors) {
    const { total, judged, size, perPage } = shown;
    const range = total
      ? t("gallery.range", { first: first + 1, last: Math.min(total, first + perPage), total })
      : t("gallery.none");
    const far =
      errors && judged < size
        ? t("gallery.judging", { judged, size })
        : errors
          ? t("gallery.judged", { total, size })
          : "";
    told.textContent = far ? `${range} · ${far}` : range;
    [back.disabled, next.disabled] = [first === 0, first + perPage >= total];
  }

  function draw() {
    const focused = list.contains(document.activeElement);
    const { side, channels } = shown;
    const pixels = fromBase64(shown.data);
    const size = side ** 2 * channels;
    list.replaceChildren(
      ...shown.indices.map((_, k) =>
        thumbOf(shown, k, pixels.subarray(k * size, (k + 1) * size), run !== "", (picture) =>
          page.set({ source: run ? { run, picture } : { digit: picture } }),
        ),
      ),
    );
    mark();
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector("button"))?.focus();
  }

  function mark() {
    const chosen = indexOf(page.get("source"), run);
    for (const thumb of list.querySelectorAll("button"))
      thumb.setAttribute("aria-pressed", String(Number(thumb.dataset.index) === chosen));
  }

  /** Arrow keys move among the pictures as they stand. @param {KeyboardEvent} event */
  function walk(event) {
    const thumbs = /** @type {HTMLElement[]} */ ([...list.children]);
    const at = thumbs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const across = thumbs.findIndex((thumb) => thumb.offsetTop > thumbs[0].offsetTop);
    const row = across < 0 ? thumbs.length : across;
    const to = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + row,
      ArrowUp: at - row,
      Home: 0,
      End: thumbs.length - 1,
    }[event.key];
    if (to === undefined || !thumbs[to]) return;
    thumbs[at].tabIndex = -1;
    thumbs[to].tabIndex = 0;
    thumbs[to].focus();
    event.preventDefault();
  }

  /** @param {boolean} on @param {string} [of] the run whose pictures are shown; "": MNIST's */
  function open(on, of = run) {
    if (of !== run) {
      list.replaceChildren();
      label.value = "";
      first = 0;
    }
    run = of;
    wanted = on;
    element.hidden = !on;
    onopened(on);
    request();
  }
  /** @type {(on: boolean) => void} */
  let onopened = () => {};

  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    open(false);
  });
  page.on(["source"], mark);
  page.on(["model"], () => {
    if (wanted && run) open(false);
    turnTo(0);
  });
  page.on(["dark"], () => {
    if (wanted) draw();
  });
  page.on(["language"], () => {
    fillWords(element);
    if (wanted) request();
  });
  return {
    element,
    open,
    get shown() {
      return wanted;
    },
    set onopened(/** @type {(on: boolean) => void} */ listener) {
      onopened = listener;
    },
  };
}
