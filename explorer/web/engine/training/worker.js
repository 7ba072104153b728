/** Training in a thread of its own: what the Train page asks comes in as messages, and a run lets others ask between its batches. */

import { inWords } from "../answering.js";
import { createLibrary, fetched } from "../loading.js";
import { createGallery } from "./gallery.js";
import { mnistOf } from "./parts.js";
import { answerOf, createRuns } from "./runs.js";
import { readSheet } from "./sheet.js";
import { keptBy, openShelf } from "./shelf.js";

/** What comes first: the folder of the models, the runs that were published with them, and how many pictures of MNIST. @typedef {{ models: string, runs: string[], examples: number }} Start */

/** What is read when it is first wanted. @template T @param {() => Promise<T>} read @returns {() => Promise<T>} */
function once(read) {
  /** @type {Promise<T> | null} */
  let found = null;
  return () => {
    found ??= read();
    found.catch(() => (found = null)); // it is asked for anew when the network is back
    return found;
  };
}

/** @param {Start} start */
function begun({ models, runs: names, examples }) {
  const library = createLibrary(models, keptBy(models));
  const reader = {
    digits: once(() => readSheet(models, "digits")),
    examples: examples ? once(() => readSheet(models, "mnist")) : null,
  };
  const published = names.map((name) =>
    fetched(new URL(`${encodeURIComponent(name)}/run.json`, models)).then((response) => response.json()),
  );
  const runs = (async () =>
    createRuns({ library, shelf: await openShelf(models), ...reader, published: await Promise.all(published) }))();
  runs.catch(() => null); // said to whoever asks
  const held = async (/** @type {string} */ run) => (await runs).held_back(run);
  return { runs, gallery: createGallery({ library, examples: () => mnistOf(reader), held }) };
}

/** @type {ReturnType<typeof begun>} */
let place;

addEventListener("message", ({ data }) => {
  if ("models" in data) {
    place = begun(data);
    return;
  }
  const { id, name, request } = /** @type {import("../worker.js").Question} */ (data);
  const { gallery, runs } = place;
  void inWords(async () => answerOf(name in gallery ? gallery : await runs, name, request)).then((found) =>
    postMessage({ id, found }),
  );
});
