/** The card of a lesson: what it says, its question, what the page answers, and the ways on. */

import { h } from "../dom.js";
import { fillWords, t } from "../i18n.js";
import { createQuestion } from "./question.js";

/**
 * What a card shows. `told`: what came of the act or the guess; `row`: it is a line on the page itself; `lack`: what it speaks of was not made yet, and the card that makes it.
 * @typedef {{
 *   key: string, title: string, place: string, says: string, row: boolean, ask: import("../../lib/lesson/question.js").Ask | null, guess: number | undefined,
 *   told: { kind: "done" | "right" | "wrong" | "act" | "waits", text: string } | null, lack: { card: number, text: string, begin: string } | null, back: boolean, next: "lesson.next" | "lesson.finish" | null,
 *   doors: { text: string, open: () => void }[], fill: (text: string) => string,
 * }} View
 */

/** @param {{ onnext: () => void, onback: () => void, onleave: () => void, onfind: () => void, onpresent: () => void, onguess: (guess: number) => void, onbegin: (card: number) => void }} options  `onbegin`: what this card speaks of is to be made */
export function createCard({ onnext, onback, onleave, onfind, onpresent, onguess, onbegin }) {
  const heading = h("h2", {
    class: "lesson-title",
    id: "lesson-title",
    tabindex: -1,
    "aria-describedby": "lesson-says",
  });
  const says = h("p", { class: "lesson-says", id: "lesson-says" });
  const told = h("p", { class: "lesson-told", role: "status" });
  const question = createQuestion({ onguess });
  const lack = createLack(onbegin);
  const button = (/** @type {string} */ words, /** @type {() => void} */ onclick, name = "tool") =>
    h("button", { type: "button", class: name, dataset: { i18n: words }, onclick });
  const tool = (/** @type {string} */ sign, /** @type {string} */ words, /** @type {() => void} */ onclick) =>
    h("button", { type: "button", class: "tool small", dataset: { i18nTitle: words }, onclick }, sign);
  const [back, next] = [button("lesson.back", onback), button("lesson.next", onnext)];
  const doors = h("div", { class: "lesson-doors" });
  const present = h("button", {
    type: "button",
    class: "tool lesson-find",
    dataset: { i18n: "lesson.present", i18nTitle: "lesson.present.why" },
    onclick: onpresent,
  });
  const element = h(
    "section",
    {
      class: "lesson-card",
      role: "dialog",
      "aria-labelledby": "lesson-title",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onleave();
      },
    },
    h("header", { class: "lesson-head" }, heading, tool("✕", "lesson.leave", onleave)),
    says,
    lack.element,
    question.element,
    told,
    h(
      "footer",
      { class: "lesson-foot" },
      back,
      h("div", { class: "lesson-tools" }, button("lesson.find", onfind, "tool lesson-find"), present),
      doors,
      next,
    ),
  );
  let [shown, asked] = ["", ""];

  return {
    element,

    /** Put the focus where the card begins, so that it is heard from there, or, after a guess, on the way on. @param {"begin" | "on"} where */
    focus(where) {
      const to = where === "on" && !next.hidden ? next : heading;
      if (document.activeElement === to) to.blur(); // a focus that stays says nothing of another card
      to.focus({ preventScroll: true });
    },

    /** @param {View} view */
    show(view) {
      if (shown !== view.key) {
        shown = view.key;
        asked = "";
        fillWords(element);
        doors.replaceChildren(
          ...view.doors.map(({ text, open }) => h("button", { type: "button", class: "chip", onclick: open }, text)),
        );
      }
      element.classList.toggle("row", view.row);
      says.setAttribute("role", view.row ? "status" : "paragraph");
      heading.textContent = view.place ? `${view.title} · ${view.place}` : view.title;
      const text = view.row && view.place ? `${view.place} ${view.says}` : view.says;
      if (says.textContent !== text) says.textContent = text;
      lack.show(view.lack);
      const question_ = JSON.stringify([view.ask, view.guess]);
      if (asked !== question_) {
        asked = question_;
        question.show(view.ask, view.guess, view.fill);
      }
      told.dataset.kind = view.told?.kind ?? "";
      const answer = view.told?.text ?? "";
      if (told.textContent !== answer) told.textContent = answer;
      back.hidden = !view.back;
      next.hidden = view.next === null;
      if (view.next) next.textContent = t(view.next);
      next.className = ["done", "right", "wrong"].includes(view.told?.kind ?? "") ? "action" : "tool";
    },

    /** @param {boolean} on */
    presents(on) {
      present.setAttribute("aria-pressed", String(on));
    },
  };
}

/** What a card speaks of and nobody has made yet, and the way to make it. @param {(card: number) => void} onbegin */
function createLack(onbegin) {
  const text = h("p", {});
  const begin = h("button", { type: "button", class: "action", onclick: () => onbegin(Number(begin.dataset.card)) });
  const element = h("div", { class: "lesson-lack", role: "status", hidden: true }, text, begin);
  return {
    element,
    /** @param {View["lack"]} lack */
    show(lack) {
      element.hidden = !lack;
      if (!lack || (text.textContent === lack.text && begin.textContent === lack.begin)) return;
      [text.textContent, begin.textContent] = [lack.text, lack.begin];
      begin.dataset.card = String(lack.card);
    },
  };
}
