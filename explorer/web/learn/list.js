/** The list of lessons with how far each was gone through, and below it the lessons of one's own. */

import { h } from "../parts/dom.js";
import { fillWords, t, words } from "../parts/i18n.js";
import { lackHere } from "../parts/lesson/here.js";
import { allProgress, keepProgress } from "../parts/lesson/record.js";
import { shippedLessons } from "../parts/lesson/library.js";
import { inLanguage } from "../parts/lesson/question.js";
import { page } from "../parts/page.js";
import { createToast } from "../parts/toast.js";
import { writeLink } from "../lib/link.js";
import { begun, shareOf } from "../lib/lesson/progress.js";
import { createOwn } from "./own.js";
import { createSheet } from "./sheet.js";

/** @typedef {import("../parts/lesson/library.js").Found} Found */
/** @typedef {import("../lib/lesson/check.js").Lesson} Lesson */

/** Ends a lesson's heading in its anchor's name. @param {string} name */
const idOf = (name) => `lessons-${name}`;

/** A button of a lesson. @param {string} key @param {string} title of the lesson @param {() => void} onclick @param {string} [kind] */
const button = (key, title, onclick, kind = "tool") =>
  h("button", { type: "button", class: kind, "aria-label": `${t(key)}: ${title}`, onclick }, t(key));

/** One lesson: what it is about, how far somebody came, and the ways into it. @param {Found & { lesson: Lesson }} found @param {{ onsheet: (found: Found & { lesson: Lesson }) => void, say: (key: string) => void }} options */
export function lessonRow({ name, lesson, ...found }, { onsheet, say }) {
  const progress = allProgress()[name];
  const title = inLanguage(lesson.title);
  const count = lesson.cards.length;
  const begins = progress !== undefined && !progress.done && progress.card > 0;
  const lack = lackHere(lesson);
  const begin = () => open(begins ? progress.card : 0);
  const open = (/** @type {number} */ card) => page.set({ lesson: { name, card } });
  const link = async () => {
    const here = new URL(location.href);
    here.hash = writeLink({ language: page.get("language"), lesson: { name, card: 0 } });
    await navigator.clipboard.writeText(here.href).then(
      () => say("bar.copied"),
      () => say("bar.copy.by.hand"),
    );
  };
  return h(
    "li",
    { class: "lessons-lesson", dataset: { lesson: name, done: String(progress?.done ?? false) } },
    h("h3", { class: "lessons-title", id: idOf(name) }, title),
    h("p", { class: "lessons-about" }, inLanguage(lesson.about)),
    ...(lack ? [h("p", { class: "note" }, t(lack.key, lack.values))] : []),
    h("progress", { class: "lessons-share", max: 1, value: shareOf(progress, count), "aria-labelledby": idOf(name) }),
    h(
      "p",
      { class: "note" },
      t(progress?.done ? "lessons.done" : begins ? "lessons.at" : "lessons.length", {
        count,
        minutes: lesson.minutes,
        card: (progress?.card ?? 0) + 1,
      }),
    ),
    h(
      "div",
      { class: "lessons-ways" },
      ...(lack ? [] : [button(begins ? "lessons.resume" : "lessons.start", title, begin, "action")]),
      ...(progress && !lack
        ? [
            button("lessons.again", title, () => {
              keepProgress(name, begun()); // guesses anew
              open(0);
            }),
          ]
        : []),
      button("lessons.link", title, link),
      button("lessons.sheet", title, () => onsheet({ name, lesson, ...found })),
    ),
  );
}

/** @param {HTMLElement} element */
export async function open(element) {
  const note = createToast();
  const list = h("ol", { class: "lessons-list" });
  const sheet = createSheet({ onclose: () => show() });
  const row = { onsheet: sheet.open, say: note.say };
  const own = createOwn({ row: (found) => lessonRow(found, row) });
  const body = h(
    "div",
    { class: "lessons-body" },
    h("p", { class: "lessons-lead", dataset: { i18n: "lessons.lead" } }),
    list,
    own.element,
  );
  const place = h("div", { class: "lessons", tabindex: -1, dataset: { main: "learn" } }, body, sheet.element);
  const shipped = await shippedLessons();
  element.replaceChildren(h("h2", { class: "spoken", dataset: { i18n: "tab.learn" } }), place, note.element);

  function show() {
    body.hidden = sheet.shown;
    fillWords(element);
    list.replaceChildren(
      ...shipped.flatMap((found) =>
        found.lesson
          ? [lessonRow({ ...found, lesson: found.lesson }, row)]
          : [h("li", { class: "problem", dataset: words("lessons.broken", { file: found.file }) })],
      ),
    );
    void own.show();
    sheet.redraw();
  }
  page.on(["language"], show);
  page.on(["lesson", "tab"], () => {
    if (page.get("tab") === "learn") show();
  });
  show();
}
