/** Teaching a network one's own handwriting: labelled drawings, kept in this browser until a run learns them. */

import { createPad } from "../parts/pad.js";
import { h } from "../parts/dom.js";
import { onscreen } from "../parts/onscreen.js";
import { page } from "../parts/page.js";
import { save } from "../parts/save.js";
import { t } from "../parts/i18n.js";
import { DIGITS, drawingsOf } from "../lib/drawings.js";
import { beforeAfterTable } from "./before_after.js";

const KEY = "convscope.drawings";

/** A run learns from so many drawings at least. */
const FEWEST = 4;

/** In so many ms a second press deletes. */
const SURE_MS = 4000;

/** @typedef {import("../lib/drawings.js").Drawing} Drawing */

/** The drawings that this browser keeps. @returns {Drawing[]} */
function kept() {
  try {
    return drawingsOf(localStorage.getItem(KEY) ?? "[]");
  } catch {
    localStorage.removeItem(KEY);
    return [];
  }
}

/** A button for each digit, with the count of its drawings. @param {(digit: number) => void} onlabel */
function createLabels(onlabel) {
  const labels = DIGITS.map((digit) => {
    /** @type {HTMLElement} */
    const count = h("span", { class: "label-count" });
    /** @type {HTMLButtonElement} */
    const button = h(
      "button",
      { type: "button", class: "tool label-button", dataset: { label: digit }, onclick: () => onlabel(digit) },
      h("b", {}, String(digit)),
      count,
    );
    return { digit, button, count };
  });
  /** @type {HTMLElement} */
  const element = h(
    "div",
    { class: "label-buttons", role: "group", dataset: { i18nAria: "train.hand.which" } },
    ...labels.map(({ button }) => button),
  );
  /** @param {Drawing[]} drawings @param {boolean} drawn whether there is one to be labelled */
  function show(drawings, drawn) {
    for (const { digit, button, count } of labels) {
      button.disabled = !drawn;
      const own = drawings.filter(({ label }) => label === digit).length;
      count.textContent = own ? String(own) : "";
      button.setAttribute("aria-label", t("train.hand.label", { digit, count: own }));
    }
  }
  return { element, show };
}

/** @param {string} key @param {() => void} onclick @returns {HTMLButtonElement} */
const tool = (key, onclick) =>
  h("button", {
    type: "button",
    class: "tool",
    dataset: { tool: key, i18n: `train.hand.${key}`, i18nTitle: `train.hand.${key}.why` },
    onclick,
  });

/** The card, folded until it is wanted. @param {HTMLElement} pad @param {HTMLElement[]} side what stands beside it @returns {HTMLElement} */
const cardOf = (pad, side) =>
  h(
    "details",
    { class: "handwriting card", dataset: { i18nAria: "train.hand" } },
    h(
      "summary",
      {},
      h("h2", { dataset: { i18n: "train.hand" } }),
      h("span", { class: "note", dataset: { i18n: "train.hand.why" } }),
    ),
    h(
      "div",
      { class: "hand" },
      h("div", { class: "draw-pad" }, pad),
      h("div", { class: "hand-side" }, h("p", { dataset: { i18n: "train.hand.which" } }), ...side),
    ),
  );

/** @param {{ onteach: () => void, onchange: (count: number) => void }} options */
export function createHandwriting({ onteach, onchange }) {
  let drawings = kept();
  let sure = -Infinity;
  const pad = createPad({ ink: [], pen: 1, onchange: () => arrange(), onrelease: () => {} });
  const labels = createLabels((label) => {
    const { strokes } = pad;
    keep([...drawings, { label, strokes }]);
    page.set({ source: null, ink: strokes }); // the time line of a run shows what its network makes of it
    pad.play([]);
  });
  /** @type {HTMLElement} */
  const status = h("p", { class: "note", role: "status" });
  /** @type {HTMLButtonElement} */
  const teach = h("button", {
    type: "button",
    class: "action",
    dataset: { i18n: "train.hand.teach" },
    onclick: onteach,
  });
  /** @type {HTMLInputElement} */
  const file = h("input", { type: "file", accept: "application/json", hidden: true, onchange: () => read() });
  const undo = tool("undo", () => keep(drawings.slice(0, -1)));
  const saver = tool("save", () =>
    save(new Blob([JSON.stringify(drawings)], { type: "application/json" }), "handwriting.json"),
  );
  const load = tool("load", () => file.click());
  const drop = tool("delete", remove);
  /** @type {HTMLElement} */
  const tools = h("div", { class: "hand-tools" }, undo, saver, load, drop, file);
  /** @type {HTMLElement} */
  const results = h("div", { class: "hand-results" });
  const element = cardOf(pad.element, [labels.element, status, tools, teach, results]);

  const say = (/** @type {string} */ words) => (status.textContent = words);

  function arrange() {
    labels.show(drawings, pad.strokes.length > 0);
    undo.disabled = saver.disabled = drop.disabled = drawings.length === 0;
    teach.disabled = drawings.length < FEWEST;
    onscreen.set({ labels: drawings.map(({ label }) => label) });
  }

  /** @param {Drawing[]} next */
  function keep(next) {
    drawings = next;
    try {
      localStorage.setItem(KEY, JSON.stringify(drawings));
      say(t("train.hand.count", { count: drawings.length }));
    } catch {
      say(t("train.hand.full", { count: drawings.length }));
    }
    arrange();
    onchange(drawings.length);
  }

  function remove() {
    if (performance.now() - sure > SURE_MS) {
      sure = performance.now();
      say(t("train.hand.sure", { count: drawings.length }));
      return;
    }
    sure = -Infinity;
    keep([]);
    say(t("train.hand.deleted"));
  }

  async function read() {
    const chosen = file.files?.[0];
    if (!chosen) return;
    try {
      keep([...drawings, ...drawingsOf(await chosen.text())]);
    } catch {
      say(t("train.hand.unread", { file: chosen.name }));
    }
    file.value = "";
  }

  return {
    element,
    get drawings() {
      return drawings;
    },
    redraw() {
      pad.redraw();
      say(t("train.hand.count", { count: drawings.length }));
      arrange();
    },
    /** What a run that learned drawings reaches before and after. @param {import("../lib/telling.js").Telling | null} telling of such a run */
    tell(telling) {
      results.replaceChildren(...(telling ? beforeAfterTable(telling) : []));
    },
  };
}
