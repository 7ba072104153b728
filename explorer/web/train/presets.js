/** Starting points by name: recipes that work, and lessons that fail, each with a sentence what to look for. */

import { h } from "../parts/dom.js";
import { LESSONS, RECIPES } from "../lib/run_form.js";

/** @param {{ fits: (name: string) => boolean, onchoose: (name: string) => void }} options */
export function createPresets({ fits, onchoose }) {
  /** @type {Map<string, HTMLElement>} */
  const chips = new Map();
  const why = h("p", { class: "preset-why", role: "status" });

  /** @param {string} kind @param {string[]} names */
  const row = (kind, names) =>
    h(
      "div",
      { class: "preset-row", role: "group", dataset: { i18nAria: `train.form.${kind}` } },
      h("span", { class: "setting-name", "aria-hidden": "true", dataset: { i18n: `train.form.${kind}` } }),
      ...names.map((name) => {
        const key = `train.form.preset.${name}`;
        const chip = h("button", {
          type: "button",
          class: "tool preset",
          dataset: { i18n: key, i18nTitle: `${key}.why`, preset: name },
          onclick: () => onchoose(name),
        });
        chips.set(name, chip);
        return chip;
      }),
    );

  const element = h(
    "div",
    { class: "presets" },
    row("recipes", Object.keys(RECIPES).filter(fits)),
    row("lessons", Object.keys(LESSONS).filter(fits)),
    why,
  );

  return {
    element,
    /** @param {string} from @param {boolean} changed whether a setting is another one's own */
    show(from, changed) {
      for (const [name, chip] of chips) chip.setAttribute("aria-pressed", String(name === from && !changed));
      why.dataset.i18n = changed ? "train.form.own" : `train.form.preset.${from}.why`;
    },
  };
}
