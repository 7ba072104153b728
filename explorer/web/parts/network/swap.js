/** Another activation in the place of a step's own. */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { page } from "../page.js";

/**
 * @param {{ call: number | null }} step  `call`: which activation of the model's run it is, null for other steps
 * @param {string[]} swaps what can stand there
 */
export function createSwap({ call }, swaps) {
  const choice = h(
    "select",
    { class: "swap", dataset: { i18nTitle: "swap.why" }, onchange: swap },
    h("option", { value: "", dataset: { i18n: "swap.own" } }, t("swap.own")),
    ...swaps.map((name) => h("option", { value: name }, name)),
  );
  const element = call === null ? "" : choice;
  choice.title = t("swap.why");
  choice.setAttribute("aria-label", choice.title);

  function swap() {
    if (call !== null)
      page.set({ edits: [...page.get("edits"), { kind: "swap", call, activation: choice.value || null }] });
  }

  /** Show what is in force; true if that is not the model's own. */
  function refresh() {
    if (call === null) return false;
    const last = page.get("edits").findLast((edit) => edit.kind === "swap" && edit.call === call);
    choice.value = (last?.kind === "swap" && last.activation) || "";
    return choice.value !== "";
  }
  refresh();
  return { element, refresh };
}
