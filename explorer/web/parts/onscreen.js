/** What pages say while they work, beside the state that the link holds: for lessons, which look at it. */

import { createStore } from "../lib/store.js";

/** What pages say before they say anything. @type {import("../lib/lesson/world.js").Seen} */
export const UNSEEN = {
  acts: {},
  observed: null,
  opened: null,
  magnified: null,
  measured: null,
  telling: null,
  labels: [],
  moment: null,
};

export const onscreen = createStore(UNSEEN);

/** Somebody did something that the state of the page does not tell. @param {string} act */
export function did(act) {
  const acts = onscreen.get("acts");
  onscreen.set({ acts: { ...acts, [act]: (acts[act] ?? 0) + 1 } });
}
