/** Bringing the pages into the state that a card begins with, without loading them anew. */

import { page } from "../page.js";

/** @typedef {import("../../lib/lesson/states.js").Known} Known */

/** The strokes of an example digit. @param {string} digit @returns {Promise<import("../../lib/strokes.js").Stroke[]>} */
async function strokesOf(digit) {
  const examples = await (await fetch(new URL("../../examples.json", import.meta.url))).json();
  return examples.find((/** @type {{ label: number }} */ { label }) => String(label) === digit)?.strokes ?? [];
}

/** @param {Known} known */
export async function travel({ model, example, ...state }) {
  const ink = example === undefined ? {} : { ink: await strokesOf(example) };
  const there = () =>
    page.set({
      ...state,
      ...ink,
      ...(state.walk ? { section: "operators", ...state, sent: structuredClone(state.walk) } : {}),
    });
  if (model === undefined || model === page.get("model")) return there();
  page.set({ model, ...(state.tab ? { tab: state.tab } : {}) });
  const stop = page.on(["description"], () => {
    if (!page.get("description")) return;
    stop();
    there(); // a cell of another model is opened when the model is there
  });
}
