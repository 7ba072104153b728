/**
 * Modules that were joined into one file (explorer/publish/joined.py): each runs when it is first needed, once, as a native module
 * does. What is not in the file is fetched.
 */

/** @typedef {Record<string, unknown>} Exports */
/** A module: what it needs comes in by these, and what it exports goes out. @typedef {($need: (name: string) => Exports, $here: string, $load: (specifier: string) => Promise<Exports>) => Exports} Body */

/** @param {string} folder address of explorer/web */
export function createRegistry(folder) {
  /** @type {Map<string, Body>} */
  const bodies = new Map();
  /** @type {Map<string, Exports>} */
  const made = new Map();

  /** @param {string} name a file below the folder @returns {Exports} */
  function need(name) {
    const known = made.get(name);
    if (known) return known;
    const body = bodies.get(name);
    if (!body) throw new Error(`${name} is not here`);
    const here = new URL(name, folder).href;
    const found = body(need, here, (specifier) => load(new URL(specifier, here).href));
    made.set(name, found);
    return found;
  }

  /** @param {string} address @returns {Promise<Exports>} */
  async function load(address) {
    const name = address.startsWith(folder) ? address.slice(folder.length) : "";
    return bodies.has(name) ? need(name) : import(address);
  }

  return {
    need,
    /** @param {Record<string, Body>} more modules by name; those that are here already stay */
    define(more) {
      for (const [name, body] of Object.entries(more)) if (!bodies.has(name)) bodies.set(name, body);
    },
  };
}
