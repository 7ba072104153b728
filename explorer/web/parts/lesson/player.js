/** Goes through a lesson, card after card: waits for the act, keeps the guess, and lets the page answer. */

import { thingOf } from "../../lib/lesson/names.js";
import { guessed, moved } from "../../lib/lesson/progress.js";
import { reader } from "../../lib/lesson/readings.js";
import { stateOf, statesOf } from "../../lib/lesson/states.js";
import { TARGETS } from "../../lib/lesson/targets.js";
import { WAITS } from "../../lib/lesson/waits.js";
import { h } from "../dom.js";
import { ignorePart, openedWith, page } from "../page.js";
import { createCard } from "./card.js";
import { lackHere } from "./here.js";
import { lessonNamed } from "./library.js";
import { keepProgress, progressOf } from "./record.js";
import { createStanding } from "./standing.js";
import { travel } from "./travel.js";
import { judged, viewOf } from "./view.js";
import { watchWorld, worldNow } from "./world.js";

/** @typedef {import("../../lib/lesson/check.js").Lesson} Lesson */
/** @typedef {import("../../lib/lesson/check.js").Card} Card */
/** @typedef {import("./view.js").Run} Run */

/** A page that is opened may take so long until something can be started on it, and between two looks whether it can, ms. */
const [START_MS, LOOK_MS] = [15_000, 100];

/** The place on a page for a lesson that flows in a line. */
const ROW = ".lesson-row";

/** Whether a link opened a lesson together with a state of the pages: then they are as it says. */
const told = openedWith.includes("lesson") && openedWith.some((key) => !["lesson", "language"].includes(key));

export function createPlayer() {
  /** @type {Run | null} */
  let run = null;
  /** What had the focus before the lesson. @type {HTMLElement | null} */
  let from = null;
  /** @type {(() => void) | null} */
  let stop = null;
  let first = true;

  const card = createCard({
    onnext: () => step(1),
    onback: () => step(-1),
    onleave: () => page.set({ lesson: null }),
    onfind: () => toPage(),
    onpresent: () => card.presents(present()),
    onguess: guess,
    onbegin: begin,
  });
  const standing = createStanding(card.element);
  const layer = h("div", { class: "webview lesson-layer" }, standing.ring);

  /** What a reading says now. @param {string} name */
  const read = (name) => reader(worldNow(run ? progressOf(run.name).kept : {}))(name);

  async function follow() {
    const wanted = page.get("lesson");
    if (!wanted) return close();
    if (run?.name === wanted.name) {
      if (run.at !== wanted.card) await go(run.lesson, wanted);
      return;
    }
    const lesson = await lessonNamed(wanted.name);
    if (page.get("lesson") !== wanted) return;
    if (!lesson || lackHere(lesson)) return refuse(wanted.name, lesson);
    from = /** @type {HTMLElement | null} */ (document.activeElement);
    await go(lesson, wanted);
  }

  /** @param {Lesson} lesson @param {{ name: string, card: number }} wanted */
  async function go(lesson, wanted) {
    const { name, card: asked } = wanted;
    const at = Math.min(asked, lesson.cards.length - 1);
    const jumps = !run || at !== run.at + 1;
    const begins = jumps ? statesOf(lesson)[at].before : stateOf(lesson.cards[at].open ?? {});
    if (!(first && told)) await travel(begins);
    if (page.get("lesson") !== wanted) return;
    first = false;
    keepProgress(name, moved(progressOf(name), at));
    run = { name, lesson, at, before: worldNow({}), met: false, verdict: null, said: null };
    if (!stop) {
      (document.querySelector(".gradio-container .contain") ?? document.body).append(layer);
      stop = watchWorld(look);
    }
    stand(lesson.cards[at], lesson.flows ?? false);
    look();
    if (!lesson.flows) card.focus("begin");
  }

  /** @param {Card} given @param {boolean} flows */
  function stand(given, flows) {
    const row = flows ? document.querySelector(ROW) : null;
    const place = row ?? layer;
    if (card.element.parentElement !== place) place.append(card.element);
    const target = thingOf(TARGETS, given.at);
    standing.beside(target ? [target.thing.find(...target.args), target.thing.folded ?? []].flat() : [], Boolean(row));
  }

  /** See what came of what somebody did. */
  function look() {
    if (!run) return;
    const { lesson, at } = run;
    const given = lesson.cards[at];
    const wait = given.wait === undefined ? null : thingOf(WAITS, given.wait);
    const progress = progressOf(run.name);
    if (wait && !run.met) run.met = wait.thing.met(worldNow(progress.kept), run.before, ...wait.args);
    if (!run.met) keepNumbers(run.name, given, read);
    if (run.met && lesson.flows) return step(1);
    const guess = progress.guesses[at];
    run.verdict ??= given.ask && (run.met || !wait) ? judged(run, guess, read) : null;
    const world = worldNow(progress.kept);
    card.show(viewOf(run, guess, read, world, card.element.parentElement !== layer, leaveBy));
  }

  /** @param {number} guess */
  function guess(guess) {
    if (!run) return;
    keepProgress(run.name, guessed(progressOf(run.name), run.at, guess));
    look();
    card.focus("on");
  }

  /** Go to the card that makes a run or a measurement, and start it there. @param {number} at */
  function begin(at) {
    if (!run) return;
    const wanted = { name: run.name, card: at };
    page.set({ lesson: wanted });
    void press(() => (run?.at === at ? standing.control() : null), wanted);
  }

  /** Through one of the last card's doors. @param {import("../../lib/lesson/check.js").Open} open */
  function leaveBy(open) {
    end();
    void travel(stateOf(open));
  }

  /** @param {number} by */
  function step(by) {
    if (!run) return;
    const { name, lesson, at } = run;
    const next = at + by;
    if (lesson.cards[next]) page.set({ lesson: { name, card: next } });
    else if (by > 0) {
      end();
      toLessons();
    }
  }

  /** The lesson was gone through. */
  function end() {
    if (run) keepProgress(run.name, { ...progressOf(run.name), card: 0, done: true });
    page.set({ lesson: null });
  }

  function close() {
    if (!run) return;
    const held = card.element.contains(document.activeElement);
    run = null;
    stop?.();
    stop = null;
    standing.rest();
    card.element.remove();
    layer.remove();
    card.presents(present(false));
    if (held && from?.isConnected) from.focus({ preventScroll: true });
  }

  /** From the card to what it speaks of. */
  const toPage = () => standing.control()?.focus();

  listen({
    running: () => run !== null,
    step,
    turn: () => (card.element.contains(document.activeElement) ? toPage() : card.focus("begin")),
  });
  page.on(["language"], look);

  return { follow };
}

/** Keep the numbers that later cards, or this one's question, compare with: as they are before the card's act. @param {string} name @param {Card} card @param {import("../../lib/lesson/question.js").Read} read */
function keepNumbers(name, { keep }, read) {
  const found = Object.entries(keep ?? {}).flatMap(([key, reading]) => {
    const value = read(reading);
    return value === null ? [] : [[key, value]];
  });
  const progress = progressOf(name);
  const kept = { ...progress.kept, ...Object.fromEntries(found) };
  if (JSON.stringify(kept) !== JSON.stringify(progress.kept)) keepProgress(name, { ...progress, kept });
}

/** Leave a lesson that is not there, and name it, or for which something is not here: the list says what. @param {string} name @param {Lesson | null} lesson */
function refuse(name, lesson) {
  if (!lesson) ignorePart(`lesson=${name}`);
  page.set({ lesson: null, ...(lesson ? { tab: "learn" } : {}) });
}

/** To the list of lessons. */
function toLessons() {
  page.set({ tab: "learn" });
  /** @type {HTMLElement | null} */ (document.querySelector('#pages [role="tab"][data-tab-id="learn"]'))?.focus();
}

/** Press a control as soon as it is there, unless another card is gone to. @param {() => HTMLElement | null} control @param {{ name: string, card: number }} wanted */
async function press(control, wanted) {
  for (const until = performance.now() + START_MS; performance.now() < until && page.get("lesson") === wanted;) {
    const found = control();
    if (found) return found.click();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Larger words for a whole room, or as before. @param {boolean} [on] @returns {boolean} whether they are large now */
const present = (on) => document.documentElement.classList.toggle("enlarged", on);

/** Keys of the whole window while a lesson runs: F6 between the card and the page; while it is presented, those of a clicker. @param {{ running: () => boolean, step: (by: number) => void, turn: () => void }} options */
function listen({ running, step, turn }) {
  addEventListener("keydown", (event) => {
    if (!running()) return;
    const clicker = document.documentElement.classList.contains("enlarged");
    const by = clicker ? { PageDown: 1, PageUp: -1 }[event.key] : undefined;
    if (event.key === "F6") turn();
    else if (by) step(by);
    else return;
    event.preventDefault();
  });
}
