/** Values that are listened to: whoever shows one is called when it changes. */

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

    /** Call the listeners of a key though its value is the same: what it stands for has come. @param {keyof S} key */
    say: (key) => listeners.get(key)?.forEach((listener) => listener()),

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
