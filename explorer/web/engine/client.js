/** The engine as a page asks it: a question becomes a message to the worker, and its answer a promise. */

/** @typedef {{ ask: (name: string, request: unknown) => Promise<unknown> }} Engine */

/** @param {import("./worker.js").Start} start @returns {Engine} */
export const createEngine = (start) =>
  asking(new Worker(new URL("worker.js", import.meta.url), { type: "module" }), start);

/** The engine that trains. @param {import("./training/worker.js").Start} start @returns {Engine} */
export const createTrainer = (start) =>
  asking(new Worker(new URL("training/worker.js", import.meta.url), { type: "module" }), start);

/** @param {Worker} worker @param {object} start @returns {Engine} */
function asking(worker, start) {
  /** @type {Map<number, { answer: (found: unknown) => void, fail: (error: Error) => void }>} */
  const asked = new Map();
  let last = 0;
  worker.postMessage(start);
  worker.addEventListener("message", ({ data: { id, found } }) => {
    asked.get(id)?.answer(found);
    asked.delete(id);
  });
  worker.addEventListener("error", (event) => {
    for (const { fail } of asked.values()) fail(new Error(event.message));
    asked.clear();
  });
  return {
    ask: (name, request) =>
      new Promise((answer, fail) => {
        asked.set(++last, { answer, fail });
        worker.postMessage({ id: last, name, request });
      }),
  };
}
