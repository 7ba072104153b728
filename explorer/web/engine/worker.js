/** The engine in a thread of its own: requests come in as messages, answers go out, in the order in which they were asked. */

import { answer } from "./answering.js";
import { compute } from "./conv.js";
import { readSafetensors } from "./safetensors.js";
import { loadLoops } from "./wasm.js";

/** @typedef {import("./network.js").Network} Network */
/** What comes first: the folder of the models. @typedef {{ models: string }} Start */
/** @typedef {{ id: number, name: string, request: unknown }} Question */

/** @param {string | URL} address */
async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${String(address)} is not there (${response.status})`);
  return response;
}

const loops = fetched(new URL("conv.wasm", import.meta.url))
  .then((response) => response.arrayBuffer())
  .then(loadLoops)
  .then(compute);

let folder = "";
/** @type {Map<string, Promise<Network>>} */
const networks = new Map();

/** @param {string} name @returns {Promise<Network>} */
async function load(name) {
  const file = name.split("/").map(encodeURIComponent).join("/");
  const [model, weights] = await Promise.all([
    fetched(new URL(`${file}.json`, folder)).then((response) => response.json()),
    fetched(new URL(`${file}.safetensors`, folder)).then((response) => response.arrayBuffer()),
    loops,
  ]);
  return { ...model, weights: readSafetensors(weights) };
}

/** @param {string} name */
function library(name) {
  const known = networks.get(name) ?? load(name);
  networks.set(name, known);
  known.catch(() => networks.delete(name)); // it is asked for anew when the network is back
  return known;
}

addEventListener("message", ({ data }) => {
  if ("models" in data) {
    folder = /** @type {Start} */ (data).models;
    return;
  }
  const { id, name, request } = /** @type {Question} */ (data);
  void answer(library, name, request).then((found) => postMessage({ id, found }));
});
