/** The runs that this browser keeps, and the names of those that were published. */

import { Refused } from "../place.js";

/** @typedef {import("./shelf.js").Kept} Kept */
/** @typedef {import("../../lib/contract/train.js").Run} Run */
/** A run of this browser. `wake`: called when what is wanted of it has changed. @typedef {{ kept: Kept, wish: import("./run.js").Wish, wake: () => void }} Own */
/** @typedef {ReturnType<typeof createRegister>} Register */

const ALIVE = ["queued", "running", "paused"];
const LONGEST_NAME = 60;

/** Whether a run trains, or will. @param {Own} own */
export const isAlive = ({ kept: { status } }) => ALIVE.includes(status.state);

/** @param {Kept[]} kept what the last visit left @param {string[]} published names */
export function createRegister(kept, published) {
  /** By name. @type {Map<string, Own>} */
  const runs = new Map();
  /** Names that ever were: a network's name stays that network's. @type {Set<string>} */
  const used = new Set(published);

  /** @param {Kept} its @returns {Own} */
  function add(its) {
    const own = {
      kept: its,
      wish: /** @type {Own["wish"]} */ ({ state: "run", steps: 0, rate: null }),
      wake: () => {},
    };
    runs.set(its.name, own);
    used.add(its.name);
    return own;
  }

  for (const own of kept.map(add)) if (isAlive(own)) own.kept.status.state = "stopped"; // its tab was closed

  /** A name that no run had: the wanted one, or with the next number. @param {string} wanted */
  function unused(wanted) {
    const name = wanted.trim().slice(0, LONGEST_NAME).replaceAll("/", "-") || "run";
    for (let number = 0; ; number++) {
      const found = number ? `${name}-${number}` : name;
      if (!used.has(found)) return found;
    }
  }

  /** @param {string} name @returns {Own} */
  function find(name) {
    const own = runs.get(name);
    if (own) return own;
    throw new Refused(`there is no run ${name}`, "told.run.gone", { name });
  }

  /** A run that trains no more. @param {string} name @returns {Own} */
  function ended(name) {
    const own = find(name);
    if (isAlive(own)) throw new Refused(`${name} has not ended: stop it first`, "told.run.busy", { name });
    return own;
  }

  /** A run as the page lists it. @param {Own} own @returns {Run} */
  function told({ kept: { name, status, steps, config } }) {
    const states = [...runs.values()].map(({ kept: each }) => each);
    const ahead = states.filter(
      (each) => each.status.state === "queued" && each.status.created < status.created,
    ).length;
    const busy = states.some((each) => ["running", "paused"].includes(each.status.state));
    const waiting = status.state === "queued" && (busy || ahead > 0) ? ahead + 1 : 0;
    return {
      name,
      model: config.model,
      source: String(config.data.source),
      status,
      waiting,
      resumable: false,
      steps,
      owner: "",
      yours: true,
    };
  }

  return {
    add,
    unused,
    find,
    ended,
    told,
    has: (/** @type {string} */ name) => runs.has(name),
    /** The youngest first. @returns {Run[]} */
    list: () => [...runs.values()].map(told).sort((one, other) => other.status.created - one.status.created),
    /** @param {string} name @param {string} to @returns {Own} */
    rename(name, to) {
      const own = ended(name);
      if (used.has(to)) throw new Refused(`there is a run ${to}`, "told.run.taken", { name: to });
      runs.delete(name);
      own.kept.name = unused(to);
      return add(own.kept);
    },
    /** @param {string} name @returns {Own} */
    remove(name) {
      const own = ended(name);
      runs.delete(name);
      return own;
    },
  };
}
