import { fields, LINKED, readLink, writeLink } from "../lib/link.js";
import { createStore } from "../lib/store.js";
import { afterPaint } from "./dom.js";

/**
 * The state of one page. Every view imports this module, and a browser loads a module once per page, so all views
 * share one store; whoever opens the same link starts from the same values.
 */

const opened = readLink(globalThis.location?.hash ?? "");

/** @typedef {import("../lib/link.js").Linked} Linked */

/** What the opened link said, by its keys in the store: the address changes afterwards. */
export const openedWith = Object.keys(opened.state);

/** What the link holds (see link.js), and what follows from it. */
export const page = createStore({
  .../** @type {Linked} */ (Object.fromEntries(LINKED.map((key) => [key, fields[key].initial]))),
  ...opened.state,
  /** The parts of the opened link that could not be read, or that do not fit what is here. */
  ignored: opened.ignored,
  /** What `describe` said of the model; null while it loads. */
  description:
    /** @type {(import("../lib/contract/models.js").Facts & import("../lib/contract/network.js").Description) | null} */ (
      null
    ),
  /** Why the chosen model cannot be explored; null when it can. */
  modelError: /** @type {string | null} */ (null),
  dark: false,
  /** Whether this browser computes what is drawn, and not the server. */
  local: false,
  /** A walk that another page sends to the Arithmetic page. */
  sent: /** @type {unknown} */ (null),
});

/** Browsers allow some hundred changes of the address in half a minute; a drawing changes more often. */
const LINK_MS = 400;

/** Whether the page was opened without a link to anything on it. */
export const opensFresh = !(globalThis.location?.hash ?? "").replace(/^#/, "");

/** Say that a part of the opened link does not fit what is here. @param {string} part */
export const ignorePart = (part) => page.set({ ignored: [...page.get("ignored"), part] });

/**
 * What the opened link says of a part, read by who knows it; what cannot be read is named and left out.
 * @template T @param {keyof Linked} key @param {(told: any) => T} read throws what it cannot read @param {T} otherwise @returns {T}
 */
export function linked(key, read, otherwise) {
  const told = page.get(key);
  if (told === null) return otherwise;
  try {
    return read(told);
  } catch {
    page.set({ [key]: null });
    ignorePart(fields[key].part);
    return otherwise;
  }
}

/**
 * A value of the page's state that one view shows and changes, and that others may put there: a lesson, for instance.
 * @template {keyof Linked} K @param {K} key @param {() => void} arrive called when somebody else changed it @returns {(value: Linked[K]) => void} tells what the view shows
 */
export function shared(key, arrive) {
  let own = JSON.stringify(page.get(key));
  page.on([key], () => {
    const now = JSON.stringify(page.get(key));
    if (now === own) return;
    own = now;
    arrive();
  });
  return (value) => {
    own = JSON.stringify(value);
    page.set({ [key]: value });
  };
}

/** Where a person is: the way there can be gone back. */
const PLACE = /** @type {const} */ (["tab", "layer", "cells"]);

/** Marks the addresses that this load of the page wrote: others name a state that only a page opened by them has. */
const OWN = performance.timeOrigin;

/**
 * Keep the address in step with the state from now on; "back" goes to the page, layer or number before. An address that
 * was written by hand, or before the page was loaded, is opened as any link is.
 */
export function keepLink() {
  let due = 0;
  let travels = false;
  /** The links of places that were entered and are not painted yet: to note one takes a browser some milliseconds. @type {string[]} */
  const entered = [];
  const noteEntered = () => {
    for (const link of entered.splice(0)) history.pushState(OWN, "", link);
  };
  history.replaceState(OWN, "");
  const linkNow = () => writeLink(Object.fromEntries(LINKED.map((key) => [key, page.get(key)])));
  page.on([...PLACE], () => {
    if (travels) return;
    entered.push(linkNow());
    afterPaint(noteEntered);
  });
  page.on(LINKED, () => {
    clearTimeout(due);
    due = window.setTimeout(() => {
      noteEntered();
      history.replaceState(OWN, "", linkNow());
    }, LINK_MS);
  });
  addEventListener("popstate", (event) => {
    if (event.state !== OWN) {
      location.reload();
      return;
    }
    const { tab = "draw", layer = null, cells = [] } = readLink(location.hash).state;
    travels = true;
    page.set({ tab, layer, cells });
    travels = false;
  });
}
