/** Training in a thread of its own: what the Train page asks comes in as messages, and a run lets others ask between its batches. */

import { inWords } from "../answering.js";
import { createLibrary, fetched } from "../loading.js";
import { cutOut } from "./pictures.js";
import { readGrey } from "./png.js";
import { answerOf, createRuns } from "./runs.js";
import { keptBy, openShelf } from "./shelf.js";

/** What comes first: the folder of the models, and the runs that were published with them. @typedef {{ models: string, runs: string[] }} Start */

/** @param {string} folder @returns {Promise<import("./pictures.js").Pictures>} the digits that Python drew */
async function drawn(folder) {
  const [sheet, image] = await Promise.all([
    fetched(new URL("../digits.json", folder)).then((response) => response.json()),
    fetched(new URL("../digits.png", folder)).then((response) => response.arrayBuffer()),
  ]);
  return cutOut(sheet, await readGrey(image));
}

/** @param {Start} start */
async function begun({ models, runs }) {
  /** @type {Promise<import("./pictures.js").Pictures> | null} */
  let read = null;
  const published = runs.map((name) =>
    fetched(new URL(`${encodeURIComponent(name)}/run.json`, models)).then((response) => response.json()),
  );
  return createRuns({
    library: createLibrary(models, keptBy(models)),
    shelf: await openShelf(models),
    digits: () => (read ??= drawn(models)),
    published: await Promise.all(published),
  });
}

/** @type {ReturnType<typeof begun>} */
let runs;

addEventListener("message", ({ data }) => {
  if ("models" in data) {
    runs = begun(data);
    runs.catch(() => null); // said to whoever asks
    return;
  }
  const { id, name, request } = /** @type {import("../worker.js").Question} */ (data);
  void inWords(async () => answerOf(await runs, name, request)).then((found) => postMessage({ id, found }));
});
