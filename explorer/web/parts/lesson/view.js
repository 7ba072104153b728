/** What a card shows of a lesson at a moment: its text with the page's numbers, and what the page says of a guess. */

import { lackOf } from "../../lib/lesson/needs.js";
import { isRight, rightOf } from "../../lib/lesson/question.js";
import { filled } from "../../lib/lesson/text.js";
import { page } from "../page.js";
import { t } from "../i18n.js";
import { hasPage } from "./here.js";
import { guessWords, inLanguage } from "./question.js";
import { keepProgress, progressOf } from "./record.js";

/** @typedef {import("../../lib/lesson/question.js").Read} Read */
/** @typedef {import("./card.js").View} View */
/**
 * A lesson that is gone through; `before`: the pages when its card came up; `met`: its act was done; `verdict`: what was told of the guess; `said`: the card's text before its act, in a language.
 * @typedef {{ name: string, lesson: import("../../lib/lesson/check.js").Lesson, at: number, before: import("../../lib/lesson/world.js").World, met: boolean, verdict: View["told"], said: { language: string, text: string } | null }} Run
 */

/** What the page says of a guess, once it says anything; the answer is kept for the work sheet. @param {Run} run @param {number | undefined} guess @param {Read} read @returns {View["told"]} */
export function judged({ name, lesson, at }, guess, read) {
  const { ask, because } = lesson.cards[at];
  const right = ask ? rightOf(ask, read) : null;
  if (!ask || !because || guess === undefined || right === null) return null;
  const words = (/** @type {number} */ value) => guessWords(ask, value, (text) => filled(text, read, t));
  const progress = progressOf(name);
  keepProgress(name, { ...progress, found: { ...progress.found, [at]: words(right) } });
  const good = isRight(ask, guess, right);
  const answer = t(good ? "lesson.right" : "lesson.wrong", { guess: words(guess), found: words(right) });
  return { kind: good ? "right" : "wrong", text: `${answer} ${filled(inLanguage(because), read, t)}` };
}

/** @param {Run} run @param {number | undefined} guess @param {Read} read @returns {View["told"]} */
function toldOf({ lesson, at, met, verdict }, guess, read) {
  const { ask, then, wait } = lesson.cards[at];
  if (verdict) return verdict;
  if (!ask) return met ? { kind: "done", text: t("lesson.done") } : null;
  if (guess === undefined) return null;
  if (wait && !met && then) return { kind: "act", text: filled(inLanguage(then), read, t) };
  return { kind: "waits", text: t("lesson.waits") };
}

/** What a card speaks of and nobody has made yet, with the card that makes it. @param {Run} run @param {Read} read @param {import("../../lib/lesson/world.js").World} world @returns {View["lack"]} */
function lackToTell({ lesson, at }, read, world) {
  const card = lackOf(lesson, at, read, world);
  return card === null ? null : { card, text: t("lesson.lack", { card: card + 1 }), begin: t("lesson.lack.begin") };
}

/** The text of a card; that of a question keeps the numbers that it had before the act. @param {Run} run @param {Read} read */
function saysOf(run, read) {
  const { says, ask } = run.lesson.cards[run.at];
  const language = page.get("language");
  if (ask && run.met && run.said?.language === language) return run.said.text;
  run.said = { language, text: filled(inLanguage(says), read, t) };
  return run.said.text;
}

/**
 * @param {Run} run @param {number | undefined} guess @param {Read} read @param {import("../../lib/lesson/world.js").World} world @param {boolean} row whether the card is a line on the page
 * @param {(open: import("../../lib/lesson/check.js").Open) => void} onopen called with what a door opens @returns {View}
 */
export function viewOf(run, guess, read, world, row, onopen) {
  const { name, lesson, at } = run;
  const { ask = null, doors: all = [] } = lesson.cards[at];
  const doors = all.filter(({ open }) => hasPage(String(open.page ?? "draw")));
  const count = lesson.cards.filter((card) => !card.doors).length;
  const last = at === lesson.cards.length - 1;
  return {
    key: `${name} ${at} ${page.get("language")}`,
    title: inLanguage(lesson.title),
    place: doors.length ? "" : `${at + 1}/${count}`,
    says: saysOf(run, read),
    row,
    ask,
    guess,
    told: toldOf(run, guess, read),
    lack: lackToTell(run, read, world),
    back: at > 0 && !lesson.flows,
    next: doors.length ? null : last ? "lesson.finish" : "lesson.next",
    doors: doors.map((door) => ({ text: inLanguage(door.says), open: () => onopen(door.open) })),
    fill: (text) => filled(text, read, t),
  };
}
