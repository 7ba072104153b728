/**
 * The server's functions, those about a drawing answered by the engine in this browser while `page.local` says so: strokes then cost
 * the server nothing. What the engine does not know, or refuses, the server answers.
 */

import { createEngine } from "../engine/client.js";
import { page } from "./page.js";

/** What a stroke asks for. An opened cell is the server's: its numbers are PyTorch's own. */
const OWN = ["observe", "sources", "layer", "number_ink", "why", "compare"];

/** @typedef {(request: { model?: string }) => Promise<unknown>} Asked */

/** @template {object} T @param {T} server @returns {T} */
export function locally(server) {
  /** @type {import("../engine/client.js").Engine | null} */
  let engine = null;
  /** Whether the engine computes a network, by name. @type {Map<string, Promise<boolean>>} */
  const known = new Map();

  /** @param {string} name @param {unknown} request */
  async function ask(name, request) {
    engine ??= createEngine({ models: new URL("engine/", document.baseURI.split("#")[0]).href });
    const found = await engine.ask(name, request).catch(() => null);
    return found && !("error" in /** @type {object} */ (found)) ? found : null;
  }

  /** @param {string} model */
  function knows(model) {
    const told = known.get(model) ?? ask("describe", { model }).then(Boolean);
    known.set(model, told);
    return told;
  }

  return new Proxy(server, {
    get(functions, name) {
      const remote = /** @type {Asked} */ (Reflect.get(functions, name));
      if (!OWN.includes(String(name))) return remote;
      return async (/** @type {{ model?: string }} */ request) => {
        if (!page.get("local") || (request.model && !(await knows(request.model)))) return remote(request);
        return (await ask(String(name), request)) ?? remote(request);
      };
    },
  });
}
