/** Teaching a network one's own handwriting: labelled drawings, kept in this browser until a run learns them. */

import { createPad } from "../parts/pad.js";
import { percent } from "../parts/percent.js";
import { h } from "../parts/dom.js";
import { save } from "../parts/save.js";
import { t } from "../parts/i18n.js";
import { beforeAfter } from "../lib/telling.js";

const KEY = "convscope.drawings";
const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);

/** @typedef {{ label: number, strokes: import("../lib/strokes.js").Stroke[] }} Drawing */

/** Labelled drawings in a text, or an Error that says what it holds instead. @param {string} text @returns {Drawing[]} */
export function drawingsOf(text) {
  const found = JSON.parse(text);
  const point = (/** @type {unknown} */ at) =>
    Array.isArray(at) && at.length >= 2 && at.slice(0, 2).every((u) => typeof u === "number" && u >= -0.5 && u <= 1.5);
  const fits = (/** @type {any} */ drawing) =>
    DIGITS.includes(drawing?.label) &&
    Array.isArray(drawing.strokes) &&
    drawing.strokes.length > 0 &&
    drawing.strokes.every(
      (/** @type {any} */ stroke) => Array.isArray(stroke) && stroke.length > 0 && stroke.every(point),
    );
  if (!Array.isArray(found) || !found.every(fits)) throw new Error("no list of labelled drawings");
  return found.map(({ label, strokes }) => ({ label, strokes }));
}

/** @param {{ onteach: () => void, onchange: (count: number) => void }} options */
export function createHandwriting({ onteach, onchange }) {
  /** @type {Drawing[]} */
  let drawings = [];
  try {
    drawings = drawingsOf(localStorage.getItem(KEY) ?? "[]");
  } catch {
    localStorage.removeItem(KEY);
  }
  const pad = createPad({ ink: [], pen: 1, onchange: () => arrange(), onrelease: () => {} });
  const labels = DIGITS.map((digit) => {
    const count = h("span", { class: "label-count" });
    const button = h(
      "button",
      { type: "button", class: "tool label-button", dataset: { label: digit }, onclick: () => add(digit) },
      h("b", {}, String(digit)),
      count,
    );
    return { digit, button, count };
  });
  const status = h("p", { class: "note", role: "status" });
  const teach = h("button", {
    type: "button",
    class: "action",
    dataset: { i18n: "train.hand.teach" },
    onclick: onteach,
  });
  const file = h("input", { type: "file", accept: "application/json", hidden: true, onchange: () => read() });
  let sure = -Infinity;
  const tool = (/** @type {string} */ key, /** @type {() => void} */ run) =>
    h("button", {
      type: "button",
      class: "tool",
      dataset: { tool: key, i18n: `train.hand.${key}`, i18nTitle: `train.hand.${key}.why` },
      onclick: run,
    });
  const drop = tool("delete", () => {
    if (performance.now() - sure > 4000) {
      sure = performance.now();
      say(t("train.hand.sure", { count: drawings.length }));
      return;
    }
    sure = -Infinity;
    keep([]);
    say(t("train.hand.deleted"));
  });
  const undo = tool("undo", () => keep(drawings.slice(0, -1)));
  const saver = tool("save", () =>
    save(new Blob([JSON.stringify(drawings)], { type: "application/json" }), "handwriting.json"),
  );
  const results = h("div", { class: "hand-results" });
  const element = h(
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
      h("div", { class: "draw-pad" }, pad.element),
      h(
        "div",
        { class: "hand-side" },
        h("p", { dataset: { i18n: "train.hand.which" } }),
        h(
          "div",
          { class: "label-buttons", role: "group", dataset: { i18nAria: "train.hand.which" } },
          ...labels.map(({ button }) => button),
        ),
        status,
        h(
          "div",
          { class: "hand-tools" },
          undo,
          saver,
          tool("load", () => file.click()),
          drop,
          file,
        ),
        teach,
        results,
      ),
    ),
  );

  function arrange() {
    const drawn = pad.strokes.length > 0;
    for (const { digit, button, count } of labels) {
      button.disabled = !drawn;
      const kept = drawings.filter(({ label }) => label === digit).length;
      count.textContent = kept ? String(kept) : "";
      button.setAttribute("aria-label", t("train.hand.label", { digit, count: kept }));
    }
    undo.disabled = saver.disabled = drop.disabled = drawings.length === 0;
    teach.disabled = drawings.length < 4;
  }

  const say = (/** @type {string} */ words) => (status.textContent = words);

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

  /** @param {number} label */
  function add(label) {
    keep([...drawings, { label, strokes: pad.strokes }]);
    pad.play([]);
  }

  async function read() {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    try {
      keep([...drawings, ...drawingsOf(await chosen.text())]);
    } catch {
      say(t("train.hand.unread", { file: chosen.name }));
    }
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
      const { kept = [], tested = [] } = telling ?? {};
      const rows = [
        {
          key: "train.hand.own",
          found: beforeAfter(kept.map(({ step, validation }) => ({ step, score: validation }))),
        },
        { key: "train.hand.mnist", found: beforeAfter(tested.filter(({ name }) => name === "forgetting")) },
      ].flatMap(({ key, found }) => (found ? [{ key, ...found }] : []));
      results.replaceChildren(
        ...(rows.length
          ? [
              h(
                "table",
                { class: "before-after" },
                h(
                  "thead",
                  {},
                  h(
                    "tr",
                    {},
                    ...["train.hand.set", "train.hand.before", "train.hand.after"].map((key) =>
                      h("th", { scope: "col" }, t(key)),
                    ),
                  ),
                ),
                h(
                  "tbody",
                  {},
                  ...rows.map(({ key, before, after }) =>
                    h(
                      "tr",
                      {},
                      h("th", { scope: "row" }, t(key, { count: after.score.pictures.toLocaleString("en") })),
                      h("td", {}, percent(before.score.accuracy)),
                      h("td", {}, percent(after.score.accuracy)),
                    ),
                  ),
                ),
              ),
            ]
          : []),
      );
    },
  };
}
