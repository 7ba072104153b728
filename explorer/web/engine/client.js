/** The engine as a page asks it: a question becomes a message to the worker, and its answer a promise. */

/** @typedef {{ ask: (name: string, request: unknown) => Promise<unknown> }} Engine */

/** @param {URL} models folder of their files @returns {Engine} */
export function createEngine(models) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  /** @type {Map<number, { answer: (found: unknown) => void, fail: (error: Error) => void }>} */
  const asked = new Map();
  let last = 0;
  worker.postMessage({ models: models.href });
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
