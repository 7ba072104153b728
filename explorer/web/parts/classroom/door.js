/** Where a person comes in: by a name, or as the teacher by a password. */

import { h } from "../dom.js";

/** @param {{ onjoin: (name: string) => void, onenter: (password: string) => void }} options */
export function createDoor({ onjoin, onenter }) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const name = h("input", { type: "text", maxlength: 40, required: true, autocomplete: "nickname" });
  const password = h("input", { type: "password", required: true, autocomplete: "current-password" });
  const element = h(
    "div",
    { class: "class-door" },
    form("class.name", name, "class.join", () => onjoin(name.value)),
    h(
      "details",
      {},
      h("summary", { dataset: { i18n: "class.teacher.am" } }),
      form("class.password", password, "class.enter", () => {
        onenter(password.value);
        password.value = "";
      }),
    ),
    problem,
  );

  return {
    element,
    /** Say why nobody came in; "" takes it back. @param {string} message */
    fail(message) {
      problem.textContent = message;
      problem.hidden = !message;
    },
  };
}

/** @param {string} label its words' key @param {HTMLInputElement} input @param {string} button @param {() => void} onsend */
function form(label, input, button, onsend) {
  return h(
    "form",
    {
      class: "class-form",
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        onsend();
      },
    },
    h("label", {}, h("span", { dataset: { i18n: label } }), input),
    h("button", { type: "submit", class: "action", dataset: { i18n: button } }),
  );
}
