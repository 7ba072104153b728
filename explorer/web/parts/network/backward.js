/** Running the network backwards for a class taken for true, stepping downhill, and the list of changes made. */

import { h, hide } from "../dom.js";
import { short } from "../../lib/numbers.js";
import { t, words } from "../i18n.js";
import { page } from "../page.js";
import { shownInput } from "../input_state.js";

/** Learning rate of a step of gradient descent at first. */
const RATE = 0.01;

export function createBackward() {
  const choice = h("select", {
    class: "true-label",
    dataset: { i18nAria: "backward.name", i18nTitle: "backward.why" },
    onchange: () => page.set({ label: choice.value === "" ? null : Number(choice.value) }),
  });
  const loss = h("output", { class: "loss" });
  const rate = h("input", {
    type: "number",
    class: "rate",
    min: 0,
    step: "any",
    value: RATE,
    dataset: { i18nAria: "backward.rate", i18nTitle: "backward.rate" },
  });
  const step = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "backward.step", i18nTitle: "backward.step.why" },
    onclick: descend,
  });
  const descent = h("span", { class: "descent", hidden: true }, step, rate);
  const count = h("span", { class: "changes-count" });
  const changes = h(
    "span",
    { class: "changes", role: "group", hidden: true, dataset: { i18nAria: "changes.title" } },
    count,
    h("button", {
      type: "button",
      class: "link",
      dataset: { i18n: "changes.undo" },
      onclick: () => page.set({ edits: page.get("edits").slice(0, -1) }),
    }),
    h("button", {
      type: "button",
      class: "link",
      dataset: { i18n: "changes.undo.all" },
      onclick: () => page.set({ edits: [] }),
    }),
  );

  function descend() {
    const value = Number(rate.value);
    rate.setCustomValidity(rate.value !== "" && Number.isFinite(value) ? "" : t("backward.rate.wrong"));
    const label = page.get("label");
    if (!rate.reportValidity() || label === null) return;
    page.set({ edits: [...page.get("edits"), { kind: "sgd", rate: value, label, ...shownInput() }] });
  }

  function tellChanges() {
    const made = page.get("edits").length;
    hide(changes, !made);
    count.textContent = made ? t("changes.count", { count: made }) : "";
  }
  page.on(["edits", "language"], tellChanges);
  page.on(["label"], () => {
    choice.value = page.get("label") === null ? "" : String(page.get("label"));
  });
  tellChanges();

  return {
    /** Forward, or backward for a class taken for true. */
    direction: choice,
    /** What follows from it: the loss, a step downhill, and the changes made. */
    learning: h("div", { class: "learning" }, loss, descent, changes),

    /** @param {string[]} classes that can be taken for true; none where the output is no score per class */
    describe(classes) {
      hide(choice, !classes.length);
      choice.replaceChildren(
        h("option", { value: "", dataset: { i18n: "backward.off" } }),
        ...classes.map((name, k) => h("option", { value: k, dataset: words("backward.label", { name }) })),
      );
      const label = page.get("label");
      choice.value = label !== null && label < classes.length ? String(label) : "";
      if (choice.value === "") page.set({ label: null });
      tellChanges();
    },

    /** @param {{ name: string, value: number } | null} told */
    tell(told) {
      hide(descent, !told);
      loss.textContent = loss.title = told ? t("backward.loss", { name: told.name, value: short(told.value) }) : "";
    },
  };
}
