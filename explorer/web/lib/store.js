import { fields, readLink, writeLink } from "./link.js";

/**
 * The state of one page. Every view imports this module, and a browser loads a module once per page, so all views
 * share one store; whoever opens the same link starts from the same values.
 */

/**
 * @template {Record<string, unknown>} S
 * @param {S} initial
 */
export function createStore(initial) {
  const state = { ...initial };
  /** @type {Map<keyof S, Set<() => void>>} */
  const listeners = new Map();
  return {
    /** @template {keyof S} K @param {K} key @returns {S[K]} */
    get: (key) => state[key],

    /** Change some values, then call each listener of a changed key once. @param {Partial<S>} changes */
    set(changes) {
      const due = new Set();
      for (const [key, value] of Object.entries(changes)) {
        if (Object.is(state[key], value)) continue;
        state[/** @type {keyof S} */ (key)] = value;
        for (const listener of listeners.get(key) ?? []) due.add(listener);
      }
      for (const listener of due) listener();
    },

    /** Call `listener` after any of `keys` changed. @param {(keyof S)[]} keys @param {() => void} listener */
    on(keys, listener) {
      for (const key of keys) {
        if (!listeners.has(key)) listeners.set(key, new Set());
        listeners.get(key)?.add(listener);
      }
      return () => keys.forEach((key) => listeners.get(key)?.delete(listener));
    },
  };
}

const opened = readLink(globalThis.location?.hash ?? "");

/**
 * What the link holds, and what follows from it. The fields of the link say what they are in link.js; among them:
 * @typedef {{
 *   tab: string, model: string, language: string, ink: import("./strokes.js").Stroke[], pen: number, centred: boolean,
 *   label: number | null, edits: any[], cells: import("./link.js").Place[],
 * } & Record<string, any>} Linked
 *   `tab`: the page in front. `model` is "" until the bar chose one. `pen`: its width as a multiple of MNIST's.
 *   `centred`: whether the ink is scaled and centred before the network sees it. `label`: the class taken for true: the maps
 *   then show the gradient of its loss. `edits`: changes of the model, as explorer/edits.py takes them: they travel with
 *   every request. `cells`: the opened cells, from the first to the one on screen.
 */
export const page = createStore({
  .../** @type {Linked} */ (Object.fromEntries(Object.entries(fields).map(([key, { initial }]) => [key, initial]))),
  ...opened.state,
  /** The parts of the opened link that could not be read, or that do not fit what is here. */
  ignored: opened.ignored,
  /** What `describe` said of the model; null while it loads. */
  description: /** @type {any} */ (null),
  /** Why the chosen model cannot be explored; null when it can. */
  modelError: /** @type {string | null} */ (null),
  dark: false,
});

const LINKED = Object.keys(fields);
/** Browsers allow some hundred changes of the address in half a minute; a drawing changes more often. */
const LINK_MS = 400;

/** Say that a part of the opened link does not fit what is here. @param {string} part */
export const ignorePart = (part) => page.set({ ignored: [...page.get("ignored"), part] });

/**
 * What the opened link says of a part, read by who knows it; what cannot be read is named and left out.
 * @template T @param {string} key @param {(told: any) => T} read throws what it cannot read @param {T} otherwise @returns {T}
 */
export function linked(key, read, otherwise) {
  const told = page.get(key);
  if (told === null) return otherwise;
  try {
    return read(told);
  } catch {
    page.set({ [key]: null });
    ignorePart(fields[key].part);
    return otherwise;
  }
}

/** Keep the address in step with the state from now on. */
export function keepLink() {
  let due = 0;
  page.on(LINKED, () => {
    clearTimeout(due);
    due = window.setTimeout(() => {
      const state = Object.fromEntries(LINKED.map((key) => [key, page.get(key)]));
      history.replaceState(history.state, "", writeLink(state));
    }, LINK_MS);
  });
}
