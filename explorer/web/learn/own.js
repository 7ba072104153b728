/** Lessons of one's own: of the folder that the server was started with, and files dropped here; what is wrong with a file, by line. */

import { LARGEST } from "../lib/lesson/check.js";
import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { dropped, keepDropped, ownLessons, shippedNames, nameOf } from "../parts/lesson/library.js";

/** @typedef {import("../parts/lesson/library.js").Found} Found */

/** @param {{ row: (found: Found & { lesson: import("../lib/lesson/check.js").Lesson }) => HTMLElement }} options */
export function createOwn({ row }) {
  const input = h("input", {
    type: "file",
    class: "lessons-file",
    id: "lessons-file",
    accept: ".json,application/json",
    multiple: true,
    onchange: () => void take([...(input.files ?? [])]),
  });
  const refused = h("p", { class: "problem", role: "alert", hidden: true });
  const list = h("ol", { class: "lessons-list", "aria-live": "polite" });
  const element = h(
    "section",
    {
      class: "lessons-own",
      dataset: { i18nAria: "lessons.own" },
      ondragover: (/** @type {DragEvent} */ event) => event.preventDefault(),
      ondrop: (/** @type {DragEvent} */ event) => {
        event.preventDefault();
        void take([...(event.dataTransfer?.files ?? [])]);
      },
    },
    h("h3", { class: "lessons-title", dataset: { i18n: "lessons.own" } }),
    h("p", { dataset: { i18n: "lessons.own.how" } }),
    h(
      "p",
      {},
      h("label", { class: "lessons-take", for: "lessons-file", dataset: { i18n: "lessons.own.file" } }),
      " ",
      input,
    ),
    refused,
    list,
  );

  /** @param {File[]} files */
  async function take(files) {
    refused.hidden = true;
    const taken = await shippedNames();
    for (const file of files) {
      if (taken.includes(nameOf(file.name))) refuse("lessons.own.taken", file.name);
      else if (file.size > LARGEST) refuse("lessons.own.large", file.name, { most: LARGEST / 1000 });
      else keepDropped(file.name, await file.text());
    }
    input.value = "";
    await show();
  }

  /** @param {string} key @param {string} file @param {Record<string, number>} [values] */
  function refuse(key, file, values = {}) {
    refused.textContent = t(key, { file, ...values });
    refused.hidden = false;
  }

  /** A file with what is wrong in it. @param {Found} found */
  const broken = ({ file, problems }) =>
    h(
      "li",
      { class: "lessons-lesson broken", dataset: { file } },
      h("h3", { class: "lessons-title" }, file),
      h("p", { class: "note" }, t("lessons.broken", { file })),
      h(
        "ol",
        { class: "lessons-problems" },
        ...problems.map(({ line, key, values }) =>
          h("li", {}, t("lessons.line", { file, line, what: t(key, values) })),
        ),
      ),
    );

  /** @param {Found} found */
  function withTools(found) {
    const item = found.lesson ? row({ ...found, lesson: found.lesson }) : broken(found);
    if (found.from === "dropped")
      item.append(
        h(
          "button",
          {
            type: "button",
            class: "link",
            onclick: () => {
              keepDropped(found.file, null);
              void show();
            },
          },
          t("lessons.own.forget", { file: found.file }),
        ),
      );
    return item;
  }

  async function show() {
    const found = await ownLessons();
    list.replaceChildren(...found.map(withTools));
    list.hidden = !found.length && !Object.keys(dropped()).length;
  }

  return { element, show };
}
