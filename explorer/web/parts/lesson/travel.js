/** Bringing the pages into the state that a card begins with, without loading them anew. */

import { stepNamed } from "../../lib/lesson/world.js";
import { shownInput } from "../input_state.js";
import { page } from "../page.js";

/** @typedef {import("../../lib/lesson/waits.js").Known} Known */

/** Learning rate of a step of gradient descent that a card finds done: the one that Draw offers. */
const RATE = 0.01;

/** The strokes of an example digit. @param {string} digit @returns {Promise<import("../../lib/strokes.js").Stroke[]>} */
async function strokesOf(digit) {
  const examples = await (await fetch(new URL("../../examples.json", import.meta.url))).json();
  return examples.find((/** @type {{ label: number }} */ { label }) => String(label) === digit)?.strokes ?? [];
}

/** The number in the middle of a step's output, and that step grown, where it is one of the model. @param {Pick<Known, "opened" | "grown">} made @returns {Known} */
function ofModel({ opened, grown }) {
  const { steps = [] } = page.get("description") ?? {};
  const [open, large] = [opened, grown].map((name) => (name === undefined ? null : stepNamed(steps, name)));
  return {
    ...(large ? { layer: large.index } : {}),
    ...(open
      ? { cells: [{ step: open.index, of: "", cell: [0, ...open.shape.slice(1).map((extent) => extent >> 1)] }] }
      : {}),
  };
}

/** Ends the journey before this one, which may still wait for its model. */
let stay = () => {};

/** @param {Known} known */
export async function travel({ model, example, opened, grown, descents = 0, cells, layer, edits, label, ...state }) {
  stay();
  const ink = example === undefined ? {} : { ink: await strokesOf(example) };
  const same = model === undefined || model === page.get("model");
  page.set({
    ...(same ? {} : { model }),
    ...state,
    ...ink,
    ...(state.walk ? { section: "operators", ...state, sent: structuredClone(state.walk) } : {}),
  });
  const known = Object.entries({ cells, layer, edits, label }).filter(([, value]) => value !== undefined);

  /** What is a model's own, once the model is there. */
  function there() {
    page.set({ ...Object.fromEntries(known), ...ofModel({ opened, grown }) });
    const meant = page.get("label");
    if (!descents || meant === null) return;
    const step = () => ({ kind: /** @type {const} */ ("sgd"), rate: RATE, label: meant, ...shownInput() });
    page.set({ edits: Array.from({ length: descents }, step) });
  }
  if (page.get("description")) return there();
  stay = page.on(["description"], () => {
    if (!page.get("description")) return;
    stay();
    there();
  });
}
