/** Words on the page: one catalogue per language, switched at run time. */

import { page } from "./page.js";

/** @type {Map<string, Record<string, string>>} */
const catalogues = new Map();

/** Load a language's catalogue and make it current. @param {string} language */
export async function speak(language) {
  if (!catalogues.has(language)) {
    const answer = await fetch(new URL(`../i18n/${language}.json`, import.meta.url));
    catalogues.set(language, await answer.json());
  }
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  if (page.get("language") === language)
    page.say("language"); // a link named it: its words have come
  else page.set({ language });
}

/**
 * The words of `key`, `{name}` replaced by `values.name`. A missing key is shown as itself, so that it is noticed.
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = catalogues.get(page.get("language"))?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * The dataset of an element whose text is `key` with `values` in every language: `fillWords` fills it.
 * @param {string} key @param {Record<string, string | number>} values
 */
export const words = (key, values) => ({ i18n: key, i18nValues: JSON.stringify(values) });

/** Whether a control shows no words of its own: a person who hears the page is then told its tool tip. @param {HTMLElement} element */
const wordless = (element) =>
  element.matches("select, input") ||
  (element.matches("button") &&
    !/\p{L}/u.test(element.textContent) &&
    !element.querySelector("span:not([aria-hidden])"));

/**
 * Fill every element that names its words: data-i18n (text, with data-i18n-values in its places), data-i18n-title (tool
 * tip, and label of a control without words), data-i18n-aria (label).
 * @param {HTMLElement} root
 */
export function fillWords(root) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n]"))) {
    const { i18n, i18nValues } = /** @type {{ i18n: string, i18nValues?: string }} */ (element.dataset);
    element.textContent = t(i18n, i18nValues && JSON.parse(i18nValues));
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n-title]"))) {
    element.title = t(/** @type {string} */ (element.dataset.i18nTitle));
    if (!element.dataset.i18n && !element.dataset.i18nAria && wordless(element))
      element.setAttribute("aria-label", element.title);
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n-aria]"))) {
    element.setAttribute("aria-label", t(/** @type {string} */ (element.dataset.i18nAria)));
  }
}
