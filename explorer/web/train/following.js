/** The runs that are followed: their list, the one that is watched and those compared with it, read again and again while they train. */

import { ask } from "../lib/live.js";
import { followed, sinceOf, unread } from "../lib/telling.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";

/** How often a run that trains is read, in the second after a command, and the list, ms. */
const READ_MS = 500;
const SOON_MS = 60;
const SOON_FOR_MS = 1500;
const LIST_MS = 2000;
const ALIVE = ["queued", "running", "paused"];

/** @typedef {import("../lib/contract/train.js").Run} Run */

/** Whether a run may still tell something. @param {Run} run */
const isAlive = ({ status }) => ALIVE.includes(status.state);

/** Whether somebody looks at the page. */
const inFront = () => page.get("tab") === "train" && !document.hidden;

/**
 * @param {{
 *   server: import("../lib/contract/train.js").Server, onlist: (runs: Run[]) => void, onrun: (run: Run, told: boolean) => void,
 *   onothers: () => void, onfail: (error: Error) => void,
 * }} options
 *   `onlist` is called when the list may have changed, `onrun` when the watched run was read, with whether it told something
 *   new, `onothers` when the compared ones were
 */
export function createFollowing({ server, onlist, onrun, onothers, onfail }) {
  /** @type {Run[]} */
  let runs = [];
  /** The run that is watched: the list may know of its end before it was read. */
  let watched = unread();
  /** The runs that are compared, by name. @type {Map<string, import("../lib/telling.js").Followed>} */
  const others = new Map();
  /** When the last command was given, ms. */
  let commanded = -Infinity;
  let [due, reading] = [0, false];

  const trains = (/** @type {string} */ name) => runs.some((run) => run.name === name && isAlive(run));

  async function readList() {
    try {
      ({ runs } = await ask(server.list_runs, {}, t("error.unreachable")));
    } catch (error) {
      onfail(/** @type {Error} */ (error));
      return;
    }
    if (!runs.some(({ name }) => name === page.get("run"))) {
      page.set({ run: runs[0]?.name ?? "" });
      watched = unread();
    }
    onlist(runs);
  }

  async function readRun() {
    const name = page.get("run");
    if (!name || reading) return;
    reading = true;
    try {
      const since = sinceOf(watched);
      const answer = await ask(server.read_run, { name, since }, t("error.unreachable"));
      if (name !== page.get("run")) return;
      watched = followed(watched, since, answer, !isAlive(answer.run));
      runs = runs.map((run) => (run.name === name ? answer.run : run));
      onlist(runs);
      onrun(answer.run, since === 0 || answer.events.length > 0);
    } catch (error) {
      onfail(/** @type {Error} */ (error));
    } finally {
      reading = false;
      if (name !== page.get("run")) void readRun();
    }
  }

  async function readOthers() {
    await Promise.all(
      [...others].map(async ([name, other]) => {
        const since = sinceOf(other);
        const answer = await ask(server.read_run, { name, since }, t("error.unreachable")).catch(() => null);
        if (!others.has(name)) return;
        others.set(name, answer ? followed(other, since, answer, !isAlive(answer.run)) : { ...other, over: true });
      }),
    );
    onothers();
  }

  /** Read a run that trains again and again, more often after a command. */
  async function follow() {
    const soon = performance.now() - commanded < SOON_FOR_MS;
    if (inFront() && page.get("run") && (soon || !watched.over || trains(page.get("run")))) await readRun();
    due = window.setTimeout(follow, soon ? SOON_MS : READ_MS);
  }

  return {
    get watched() {
      return watched;
    },

    /** What the compared runs told, by name. */
    get compared() {
      return new Map([...others].map(([name, { telling }]) => [name, telling]));
    },

    readList,
    readRun,

    /** Watch another run, of which nothing is known yet. @param {string} name */
    choose(name) {
      if (name === page.get("run") && watched.since) return;
      page.set({ run: name });
      watched = unread();
      onlist(runs);
      void readRun();
    },

    /** @param {string[]} names */
    compare(names) {
      for (const name of [...others.keys()]) if (!names.includes(name)) others.delete(name);
      for (const name of names) if (!others.has(name)) others.set(name, unread());
      void readOthers();
    },

    /** A command was given: see soon what comes of it. */
    hurry() {
      commanded = performance.now();
      clearTimeout(due);
      due = window.setTimeout(follow, SOON_MS);
    },

    /** Read the list and the run now and from now on. */
    async begin() {
      await readList();
      await readRun();
      void follow();
      setInterval(() => {
        if (!inFront()) return;
        void readList();
        if ([...others].some(([name, other]) => !other.over || trains(name))) void readOthers();
      }, LIST_MS);
    },
  };
}
