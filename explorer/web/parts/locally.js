/**
 * The server's functions, those about a drawing answered by the engine in this browser while `page.local` says so: strokes then cost
 * the server nothing. What the engine does not know, or refuses, the server answers. While a stroke is under way the engine draws it
 * in any case, at twice the rate; where the pen rests, the numbers are those of PyTorch again.
 */

import { createEngine } from "../engine/client.js";
import { page } from "./page.js";

/** What a stroke asks for. An opened cell is the server's: its numbers are PyTorch's own. */
const OWN = ["observe", "sources", "layer", "number_ink", "why", "compare"];

/** @typedef {(request: { model?: string }) => Promise<unknown>} Asked */

/** @template {object} T @param {T} server @param {() => boolean} moving whether a stroke is under way @returns {T} */
export function locally(server, moving) {
  /** @type {import("../engine/client.js").Engine | null} */
  let engine = null;
  /** Whether the engine computes a network, by name; a promise until its weights have come. @type {Map<string, boolean | Promise<boolean>>} */
  const known = new Map();

  /** What the engine answers; null where it refuses, or cannot be started here. @param {string} name @param {unknown} request */
  async function ask(name, request) {
    try {
      engine ??= createEngine({ models: new URL("engine/", document.baseURI.split("#")[0]).href });
      const found = await engine.ask(name, request);
      return found && !("error" in /** @type {object} */ (found)) ? found : null;
    } catch {
      return null;
    }
  }

  /** @param {string} model */
  function knows(model) {
    const told = known.get(model);
    if (told !== undefined) return told;
    const asked = ask("describe", { model }).then(Boolean);
    known.set(model, asked);
    void asked.then((knows) => known.set(model, knows));
    return asked;
  }

  /** Whether the engine answers. @param {string} name @param {string | undefined} model */
  function isOwn(name, model) {
    if (page.get("local")) return !model || knows(model);
    // a movement does not wait for the weights: the next one may find them
    return name === "observe" && model !== undefined && moving() && knows(model) === true;
  }

  return new Proxy(server, {
    get(functions, name) {
      const remote = /** @type {Asked} */ (Reflect.get(functions, name));
      if (!OWN.includes(String(name))) return remote;
      return async (/** @type {{ model?: string }} */ request) =>
        ((await isOwn(String(name), request.model)) && (await ask(String(name), request))) || remote(request);
    },
  });
}
