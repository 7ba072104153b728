/** The teacher's desk: lead everybody to this page, open and close training, see who is here and follow them. */

import { readLink } from "../../lib/link.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";

/** @typedef {import("../../lib/contract/classroom.js").Told} Told */

/** @param {{ onlook: (link: string) => void, ontraining: (allowed: boolean) => void, onfollow: (link: string) => void }} options */
export function createDesk({ onlook, ontraining, onfollow }) {
  const training = h("input", { type: "checkbox", onchange: () => ontraining(training.checked) });
  const people = h("ul", { class: "class-people", dataset: { i18nAria: "class.people" } });
  const nobody = h("p", { class: "note", dataset: { i18n: "class.nobody" } });
  const element = h(
    "div",
    { class: "class-desk", hidden: true },
    h("button", {
      type: "button",
      class: "action",
      dataset: { i18n: "class.look", i18nTitle: "class.look.why" },
      onclick: () => onlook(location.hash),
    }),
    h("label", { class: "class-training" }, training, h("span", { dataset: { i18n: "class.training" } })),
    h("h2", { dataset: { i18n: "class.people" } }),
    nobody,
    people,
  );

  return {
    element,
    /** @param {Told} told */
    show(told) {
      element.hidden = !told.teacher;
      training.checked = told.training;
      nobody.hidden = told.people.length > 0;
      const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.person;
      people.replaceChildren(
        ...told.people.map(({ name, link }) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                class: "tool",
                dataset: { person: name },
                disabled: !link,
                onclick: () => onfollow(link),
              },
              name || t("class.guest"),
            ),
            link && h("span", { class: "note" }, t(`tab.${readLink(link).state.tab ?? "draw"}`)),
          ),
        ),
      );
      const again = /** @type {HTMLElement[]} */ ([...people.querySelectorAll("button")]);
      again.find((button) => button.dataset.person === focused)?.focus();
    },
  };
}
