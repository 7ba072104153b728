/** Whether everything is here that a lesson leads to: pages of files alone have no server, and not every model. */

import { needsOf } from "../../lib/lesson/needs.js";

/** Models by the names under which the bar offers them. */
function offered() {
  const choice = /** @type {HTMLSelectElement | null} */ (document.querySelector("#model-choice"));
  return [...(choice?.options ?? [])].map(({ value }) => value);
}

/** Whether a page is among those shown. @param {string} name */
export const hasPage = (name) => document.querySelector(`#pages [role="tab"][data-tab-id="${name}"]`) !== null;

/** Why a lesson cannot be gone through here: a key of the page's words, and what stands in them; null where it can. @param {import("../../lib/lesson/check.js").Lesson} lesson @returns {{ key: string, values: Record<string, string> } | null} */
export function lackHere(lesson) {
  const { tabs, models, served } = needsOf(lesson);
  const here = offered();
  const gone = [...models].filter((name) => !here.includes(name));
  if (served && !("gradio_config" in window)) return { key: `lessons.elsewhere.${served}`, values: {} };
  if (![...tabs].every(hasPage)) return { key: "lessons.elsewhere.page", values: {} };
  return gone.length ? { key: "lessons.elsewhere.model", values: { models: gone.join(", ") } } : null;
}
