/** A lesson as a work sheet for paper: its cards and questions, and the answers on a second page. */

import { rightOf } from "../lib/lesson/question.js";
import { reader } from "../lib/lesson/readings.js";
import { statesOf, whole } from "../lib/lesson/states.js";
import { filled, written } from "../lib/lesson/text.js";
import { walkOf } from "../lib/lesson/world.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { choicesOf, inLanguage } from "../parts/lesson/question.js";
import { UNSEEN } from "../parts/onscreen.js";
import { allProgress } from "../parts/lesson/record.js";
import { figureOf } from "./figure.js";

/** @typedef {import("../lib/lesson/check.js").Lesson} Lesson */
/** @typedef {import("../lib/lesson/check.js").Card} Card */
/** @typedef {import("../lib/lesson/world.js").World} World */
/** A card with the pages before and after its act. @typedef {{ card: Card, before: World, after: World, found: string | undefined }} Worked */

/** What stands for a number that only the running page tells. */
const BLANK = "______";

/** The cards of a lesson with the pages as their acts make them, as far as that follows from the state alone. @param {string} name @param {Lesson} lesson @returns {Worked[]} */
function worked(name, lesson) {
  const { kept = {}, found = {} } = allProgress()[name] ?? {};
  /** @param {import("../lib/lesson/states.js").Known} known @returns {World} */
  const world = (known) => ({
    state: whole(known),
    description: null,
    kept,
    ...UNSEEN,
  });
  return statesOf(lesson).map(({ before, after }, k) => ({
    card: lesson.cards[k],
    before: world(before),
    after: world(after),
    found: found[k],
  }));
}

/** A text on paper: what only the running page tells is left blank. @param {string} text @param {World} world */
const onPaper = (text, world) => filled(text, (name) => reader(world)(name) ?? BLANK, t);

/** @param {Worked} one */
function questionOf({ card: { ask }, before }) {
  if (!ask) return [];
  const choices = choicesOf(ask, (text) => onPaper(text, before));
  return choices.length
    ? [h("ul", { class: "sheet-choices" }, ...choices.map((text) => h("li", {}, `☐ ${text}`)))]
    : [h("p", { class: "sheet-line" }, t("lessons.sheet.answer"))];
}

/** @param {Worked} one @param {boolean} answers */
function figures({ card, before, after }, answers) {
  const walk = walkOf(answers ? after : before);
  const shown = card.at.startsWith("arithmetic") && after.state.section === "operators" && walk;
  const drawn = shown ? figureOf(walk, answers) : null;
  return drawn ? [h("figure", { class: "sheet-figure" }, drawn)] : [];
}

/** @param {Worked} one @param {number} k */
function answerOf({ card: { ask, because }, after, found }, k) {
  if (!ask || !because) return [];
  const right = rightOf(ask, reader(after));
  const choices = choicesOf(ask, (text) => onPaper(text, after));
  const words = right === null ? (found ?? t("lessons.sheet.read")) : choices.length ? choices[right] : written(right);
  return [h("li", { value: k + 1 }, h("strong", {}, words), ` ${onPaper(inLanguage(because), after)}`)];
}

/** What a sheet is on paper, loaded with the first one. */
const forPaper = () =>
  h("link", { rel: "stylesheet", media: "print", href: new URL("print.css", import.meta.url).href });

/** @param {{ onclose: () => void }} options */
export function createSheet({ onclose }) {
  const paper = h("article", { class: "worksheet" });
  const print = h("button", { type: "button", class: "action", onclick: () => window.print() });
  const close = h("button", { type: "button", class: "tool", onclick: leave });
  const element = h(
    "section",
    {
      class: "lesson-sheet",
      hidden: true,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Escape") leave();
      },
    },
    h("div", { class: "sheet-tools" }, print, close),
    paper,
  );
  /** @type {{ name: string, lesson: Lesson } | null} */
  let shown = null;

  function leave() {
    shown = null;
    element.hidden = true;
    onclose();
  }

  function redraw() {
    print.textContent = t("lessons.sheet.print");
    close.textContent = t("lessons.sheet.close");
    if (!shown) return;
    const { name, lesson } = shown;
    const all = worked(name, lesson).filter(({ card }) => !card.doors);
    const drawn = new Set();
    const title = inLanguage(lesson.title);
    paper.replaceChildren(
      h("h2", {}, title),
      h("p", { class: "sheet-name" }, t("lessons.sheet.name")),
      h("p", {}, inLanguage(lesson.about)),
      h(
        "ol",
        { class: "sheet-cards" },
        ...all.map((one) => {
          const key = JSON.stringify(one.before.state.walk);
          const fresh = !drawn.has(key);
          drawn.add(key);
          return h(
            "li",
            {},
            h("p", {}, onPaper(inLanguage(one.card.says), one.before)),
            ...(fresh ? figures(one, false) : []),
            ...questionOf(one),
          );
        }),
      ),
      h(
        "section",
        { class: "sheet-answers" },
        h("h2", {}, t("lessons.sheet.answers", { title })),
        ...[...new Map(all.map((one) => [JSON.stringify(one.after.state.walk), one])).values()].flatMap((one) =>
          figures(one, true),
        ),
        h("ol", {}, ...all.flatMap(answerOf)),
      ),
    );
  }

  return {
    element,
    redraw,
    get shown() {
      return shown !== null;
    },
    /** @param {{ name: string, lesson: Lesson }} found */
    open(found) {
      if (!document.querySelector('link[href$="/print.css"]')) document.head.append(forPaper());
      shown = found;
      element.hidden = false;
      onclose();
      close.focus();
    },
  };
}
