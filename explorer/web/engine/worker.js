/** The engine in a thread of its own: requests come in as messages, answers go out, in the order in which they were asked. */

import { answer } from "./answering.js";
import { createLibrary } from "./loading.js";
import { keptBy } from "./training/shelf.js";

/** What comes first: the folder of the models; `trains`: whether this browser keeps runs of them. @typedef {{ models: string, trains?: boolean }} Start */
/** @typedef {{ id: number, name: string, request: unknown }} Question */

/** @type {import("./shown.js").Library} */
let library;

addEventListener("message", ({ data }) => {
  if ("models" in data) {
    const { models, trains } = /** @type {Start} */ (data);
    library = createLibrary(models, trains ? keptBy(models) : undefined);
    return;
  }
  const { id, name, request } = /** @type {Question} */ (data);
  void answer(library, name, request).then((found) => postMessage({ id, found }));
});
