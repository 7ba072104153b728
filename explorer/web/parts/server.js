/** What the server says, in the language of the page. */

import { Refusal } from "../lib/live.js";
import { t, words } from "./i18n.js";

/** @typedef {{ error?: string, missing?: string, key?: string, values?: Record<string, string | number> }} Said */

/** Settings of a run whose name in the form is another one. @type {Record<string, string>} */
const IN_FORM = { batch_size: "batch", learning_rate: "rate", weight_decay: "decay", label_smoothing: "smoothing" };

/** The name that the page has for a setting of a run, "training.momentum" for instance; its own where the page has none. @param {string} setting */
function settingName(setting) {
  const name = setting.split(".").at(-1) ?? "";
  const key = `train.form.${IN_FORM[name] ?? name}`;
  const found = t(key);
  return found === key ? setting : found;
}

/** The words of a message that came with its key, in the page's language. @param {string} key @param {Record<string, string | number>} values */
export const inWords = (key, values) =>
  t(key, "setting" in values ? { ...values, setting: settingName(String(values.setting)) } : values);

/**
 * Show what went wrong, or that nothing does. The words follow the page's language, but for names of settings, which `fillWords` does not know.
 * @param {HTMLElement} place @param {Error | null} error
 */
export function complain(place, error) {
  const { key, values } = error instanceof Refusal ? error : {};
  for (const name of ["i18n", "i18nValues"]) delete place.dataset[name];
  if (key && values && !("setting" in values)) Object.assign(place.dataset, words(key, values));
  place.textContent = error?.message ?? "";
  place.hidden = !error;
}

/**
 * The server's functions as a page calls them: a message is in the page's language, and one that came without a key, as rare ones do, is
 * named there as the server's own words.
 * @template {object} T @param {T} server @returns {T}
 */
export function speaking(server) {
  return new Proxy(server, {
    get(functions, name) {
      const found = Reflect.get(functions, name);
      if (typeof found !== "function") return found;
      return async (/** @type {unknown[]} */ ...request) => {
        const answer = /** @type {Said | null | undefined} */ (await found.apply(functions, request));
        const own = answer?.error ?? answer?.missing;
        if (own === undefined) return answer;
        const { key = "told.own", values = { words: own } } = /** @type {Said} */ (answer);
        const said = inWords(key, values);
        return { ...answer, key, values, ...(answer?.error === undefined ? { missing: said } : { error: said }) };
      };
    },
  });
}
