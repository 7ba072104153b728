/** A card's question: choices or a number to be typed, answered once. */

import { parsed } from "../../lib/editing.js";
import { SIGNS } from "../../lib/lesson/question.js";
import { written } from "../../lib/lesson/text.js";
import { h } from "../dom.js";
import { page } from "../page.js";
import { t } from "../i18n.js";

/** @typedef {import("../../lib/lesson/question.js").Ask} Ask */

/** @param {import("../../lib/lesson/question.js").Said} said */
export const inLanguage = (said) => said[page.get("language") === "zh" ? "zh" : "en"];

/** The words of the choices, none where a number is typed. @param {Ask} ask @param {(text: string) => string} fill */
export function choicesOf(ask, fill) {
  if ("choose" in ask) return ask.choose.map(({ text }) => fill(inLanguage(text)));
  return "sign" in ask ? SIGNS.map((sign) => t(`lesson.sign.${sign}`)) : [];
}

/** A guess or an answer in words. @param {Ask} ask @param {number} value @param {(text: string) => string} fill */
export function guessWords(ask, value, fill) {
  const choices = choicesOf(ask, fill);
  return choices.length ? choices[value] : written(value);
}

/** @param {{ onguess: (guess: number) => void }} options */
export function createQuestion({ onguess }) {
  const body = h("div", { class: "lesson-choices" });
  const check = h("button", { type: "submit", class: "action" });
  const element = h(
    "form",
    {
      class: "lesson-ask",
      hidden: true,
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        guess();
      },
    },
    body,
    check,
  );
  /** @type {HTMLInputElement[]} */
  let fields = [];

  function guess() {
    const typed = fields.length === 1;
    const value = typed ? parsed(fields[0].value) : fields.findIndex(({ checked }) => checked);
    fields[0].setCustomValidity(value === null ? t("lesson.number.wrong") : "");
    if (value === null || (value < 0 && !typed)) fields[0].reportValidity();
    else onguess(value);
  }

  return {
    element,

    /** @param {Ask | null} ask @param {number | undefined} guessed @param {(text: string) => string} fill */
    show(ask, guessed, fill) {
      element.hidden = !ask;
      if (!ask) return;
      const choices = choicesOf(ask, fill);
      const given = guessed !== undefined;
      check.textContent = t("lesson.guess");
      check.hidden = given;
      fields = (choices.length ? choices : [""]).map((_, k) =>
        choices.length
          ? h("input", { type: "radio", name: "lesson-guess", required: true, checked: guessed === k, disabled: given })
          : h("input", {
              type: "text",
              inputmode: "decimal",
              autocomplete: "off",
              class: "lesson-number",
              required: true,
              disabled: given,
              value: given ? String(guessed) : "",
              oninput: () => fields[0].setCustomValidity(""),
            }),
      );
      body.replaceChildren(
        ...fields.map((field, k) =>
          h(
            "label",
            { class: choices.length ? "lesson-choice" : "lesson-typed" },
            ...(choices.length ? [field, h("span", {}, choices[k])] : [h("span", {}, t("lesson.number")), field]),
          ),
        ),
      );
    },
  };
}
