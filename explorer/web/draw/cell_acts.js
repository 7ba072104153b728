/** What can be done with an opened number: down to the ink, over to Arithmetic, on to a number that it is made of. */

import { page } from "../parts/page.js";
import { walkTold } from "../lib/case_link.js";
import { walkOf } from "../lib/sent.js";
import { downToInk } from "./descent.js";

/** @typedef {import("../lib/link.js").Place} Place */

/**
 * @param {{ request: import("../lib/contract/draw.js").Request, title: (place: Place) => string, open: (places: Place[]) => void, say: (words: string) => void }} options
 *   `request` asks a function of the server about what is on the pad; `say` tells why something failed, or "" before
 * @returns {import("./cell_sum.js").Acts}
 */
export function createActs({ request, title, open, say }) {
  const path = () => page.get("cells");
  const last = () => /** @type {Place} */ (path().at(-1));

  /** Do what may fail, and say why it did. @param {() => Promise<void>} act */
  async function attempt(act) {
    say("");
    try {
      await act();
    } catch (error) {
      say(/** @type {Error} */ (error).message);
    }
  }

  /** Open the Arithmetic page with the numbers behind the place on screen. */
  async function send() {
    const walk = walkTold(walkOf(await request("arithmetic", last()), `${page.get("model")}: ${title(last())}`));
    page.set({ walk, sent: walk, section: "operators", tab: "arithmetic" });
  }

  /** Open the values that contribute most, one after the other, down to the ink. */
  async function descend() {
    const from = path();
    const found = await downToInk(last(), (place) => request("explain", place));
    if (path() === from && found.length) open([...from, ...found]);
  }

  return {
    descend: () => void attempt(descend),
    send: () => void attempt(send),
    follow: (place) => open([...path(), place]),
  };
}
