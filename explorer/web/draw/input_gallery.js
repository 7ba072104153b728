/** MNIST's test pictures, or those that a run holds back, page by page: all of a class, or only what the model gets wrong. */

import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { page } from "../parts/page.js";
import { createThumbs } from "./gallery_thumbs.js";

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

/** Which of the pictures are shown, and how many the model was asked about. @param {Pictures} pictures @param {number} first @param {boolean} errors only those that it gets wrong */
function rangeWords({ total, judged, size, perPage }, first, errors) {
  const last = Math.min(total, first + perPage);
  const range = total ? t("gallery.range", { first: first + 1, last, total }) : t("gallery.none");
  if (!errors) return range;
  return `${range} · ${judged < size ? t("gallery.judging", { judged, size }) : t("gallery.judged", { total, size })}`;
}

/** @param {string} words key of the catalogue @param {string} icon @param {() => void} onclick */
const button = (words, icon, onclick) =>
  h("button", { type: "button", class: "tool", dataset: { i18nTitle: words }, onclick }, icon);

/** What is chosen from, above the pictures. @param {HTMLElement} label @param {HTMLElement} wrong @param {HTMLElement[]} rest */
const barOf = (label, wrong, rest) =>
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
    ...rest,
  );

/** @param {HTMLElement} bar @param {HTMLElement[]} rest */
const frameOf = (bar, rest) =>
  h("section", { class: "gallery", hidden: true, dataset: { i18nAria: "gallery.title" } }, bar, ...rest);

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
  const back = button("gallery.previous", "◀", () => turnTo(first - shown.perPage));
  const next = button("gallery.next", "▶", () => turnTo(first + shown.perPage));
  const thumbs = createThumbs();
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const fetchIt = h("button", {
    type: "button",
    class: "action",
    hidden: true,
    dataset: { i18n: "gallery.download" },
    onclick: () => request(true),
  });
  const close = button("gallery.close", "✕", () => open(false));
  const element = frameOf(barOf(label, wrong, [back, next, told, close]), [problem, fetchIt, thumbs.element]);
  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    open(false);
  });
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
    thumbs.clear();
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
      answer.indices.join() === shown.indices.join() &&
      answer.data === shown.data &&
      thumbs.element.childElementCount > 0;
    shown = answer;
    if (!same) thumbs.show(shown, run);
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
    const { total, perPage } = shown;
    told.textContent = rangeWords(shown, first, errors);
    [back.disabled, next.disabled] = [first === 0, first + perPage >= total];
  }

  /** @param {boolean} on @param {string} [of] the run whose pictures are shown; "": MNIST's */
  function open(on, of = run) {
    if (of !== run) {
      thumbs.clear();
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

  page.on(["model"], () => {
    if (wanted && run) open(false);
    turnTo(0);
  });
  page.on(["dark"], () => {
    if (wanted) thumbs.show(shown, run);
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
