/** The networks of a folder: the compiled loops once, and each network's plan and weights when it is first asked for. */

import { compute } from "./conv.js";
import { Refused } from "./place.js";
import { readSafetensors } from "./safetensors.js";
import { loadLoops } from "./wasm.js";

/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./network.js").Model} Model */
/** Finds the weights of a run's moment, where this browser keeps them. @typedef {(run: string, step: number) => Promise<ArrayBuffer | null>} Kept */

/** What the network of a run after a step is called: RUN/MODEL@STEP. */
const MOMENT = /^(.+)\/([^/@]+)@(\d+)$/;

/** A run's network has no threshold of its own: `UNSURE_BELOW` of core/training/checkpoints.py. */
const UNSURE_BELOW = 0.5;

/** @param {string | URL} address */
export async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${String(address)} is not there (${response.status})`);
  return response;
}

const loops = () =>
  fetched(new URL("conv.wasm", import.meta.url))
    .then((response) => response.arrayBuffer())
    .then(loadLoops)
    .then(compute);

/** @param {string} folder @param {Kept} [kept] where runs are trained here, or were published @returns {import("./shown.js").Library} */
export function createLibrary(folder, kept) {
  const ready = loops();
  /** @type {Map<string, Promise<Network>>} */
  const networks = new Map();
  const address = (/** @type {string} */ name, /** @type {string} */ ending) =>
    new URL(`${name.split("/").map(encodeURIComponent).join("/")}.${ending}`, folder);
  /** @param {string} name @returns {Promise<Model>} */
  const plan = (name) => fetched(address(name, "json")).then((response) => response.json());
  const weights = (/** @type {string} */ name) =>
    fetched(address(name, "safetensors")).then((response) => response.arrayBuffer());

  /** @param {string} name @returns {Promise<Network>} */
  async function load(name) {
    const [, run, model, step] = (kept && MOMENT.exec(name)) ?? [];
    const own = kept && run ? await kept(run, Number(step)) : null;
    if (own) return momentOf(await known(model), name, run, own);
    if (run) {
      const [its, file] = await Promise.all([plan(`${run}/${model}`), weights(name), ready]).catch(() => {
        throw new Refused(`there is no run ${run}`, "told.run.gone", { name: run });
      });
      return momentOf({ ...its, weights: {} }, name, run, file);
    }
    const [shown, file] = await Promise.all([plan(name), weights(name), ready]);
    return { ...shown, weights: readSafetensors(file) };
  }

  /** @param {string} name */
  function known(name) {
    const found = networks.get(name) ?? load(name);
    networks.set(name, found);
    found.catch(() => networks.delete(name)); // it is asked for anew when the network is back
    return found;
  }
  return known;
}

/** A network with the weights of a moment. @param {Network} network @param {string} name @param {string} run @param {ArrayBuffer} file @returns {Network} */
const momentOf = (network, name, run, file) => ({
  ...network,
  facts: { ...network.facts, name, run, trained: true, figures: {} },
  card: { ...network.card, trained: true, shipped: false, unsureBelow: UNSURE_BELOW },
  weights: { ...network.weights, ...readSafetensors(file) },
});
