/** What this browser keeps of the runs that it trained: what each told, and its weights at the moments of its time line (IndexedDB). */

import { Refused } from "../place.js";

/** @typedef {import("../../lib/contract/train.js").Event} Event */
/** @typedef {import("../../lib/contract/train.js").Status} Status */
/** A run, as it is kept. @typedef {{ id: string, name: string, config: import("../../lib/contract/train.js").Config, status: Status, events: Event[], steps: number[] }} Kept */
/** @typedef {Awaited<ReturnType<typeof openShelf>>} Shelf */

const GONE = "this browser keeps nothing for this page";

const [RUNS, WEIGHTS] = ["runs", "weights"];

/** What a request finds. @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const found = (request) =>
  new Promise((answer, fail) => {
    request.onsuccess = () => answer(request.result);
    request.onerror = () => fail(request.error ?? new Error(GONE));
  });

/** @param {string} folder the runs of one published folder stand apart from those of another */
export async function openShelf(folder) {
  const opening = indexedDB.open(`convscope ${folder}`);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(RUNS, { keyPath: "id" });
    opening.result.createObjectStore(WEIGHTS);
  };
  const base = await found(opening).catch(() => {
    throw new Refused(GONE, "train.browser.shelf");
  });
  const store = (/** @type {string} */ name, /** @type {IDBTransactionMode} */ mode = "readonly") =>
    base.transaction(name, mode).objectStore(name);

  return {
    /** @returns {Promise<Kept[]>} */
    runs: () => found(store(RUNS).getAll()),
    /** @param {Kept} run */
    keep: (run) => found(store(RUNS, "readwrite").put(run)),
    /** The file of the weights of a moment. @param {string} id @param {number} step @returns {Promise<ArrayBuffer | undefined>} */
    weights: (id, step) => found(store(WEIGHTS).get([id, step])),
    /** @param {string} id @param {number} step @param {ArrayBuffer} file */
    keepWeights: (id, step, file) => found(store(WEIGHTS, "readwrite").put(file, [id, step])),
    /** A run and its weights. @param {string} id */
    async remove(id) {
      await found(store(RUNS, "readwrite").delete(id));
      await found(store(WEIGHTS, "readwrite").delete(IDBKeyRange.bound([id, 0], [id, Infinity])));
    },
  };
}

/** Finds the weights of a run's moment by the run's name. @param {string} folder @returns {import("../loading.js").Kept} */
export function keptBy(folder) {
  const shelf = openShelf(folder).catch(() => null);
  return async (name, step) => {
    const open = await shelf;
    const run = (await open?.runs())?.find((kept) => kept.name === name);
    return (run && (await open?.weights(run.id, step))) ?? null;
  };
}
