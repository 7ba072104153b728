/** What the page asks the server about the drawing: never more than the newest question of a kind, each as soon as the one before is answered. */

import { ask, newestOnly, remembering } from "../lib/live.js";
import { afterPaint } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { shownInput } from "../parts/input_state.js";
import { page } from "../parts/page.js";
import { samePlace } from "../parts/network/rest.js";

/** @typedef {import("../lib/contract/draw.js").Server} Server */
/** @typedef {import("../lib/contract/draw.js").Observed} Observed */
/** @typedef {import("../lib/contract/draw.js").ObserveRequest} ObserveRequest */
/** @typedef {import("../lib/link.js").Place} Place */
/** What was asked for when: `version` of the maps, `asked` in ms. @typedef {ObserveRequest & { version: number, asked: number }} Sent */

/** What the server needs to know of the drawing. @returns {import("../lib/contract/draw.js").Drawing} */
export const drawing = () => ({
  model: page.get("model"),
  ...shownInput(),
  label: page.get("label"),
  edits: page.get("edits"),
});

/** The place that the network shows the sources of: the opened one, or else the pinned one. */
const followed = () => page.get("cells").at(-1) ?? page.get("pin");

/** A User Timing measure from each start to the next painted frame; it is seen by whoever observes, and not kept. @param {string} name @param {number[]} starts */
export function publish(name, starts) {
  afterPaint(() => {
    for (const start of starts) performance.measure(name, { start });
    performance.clearMeasures(name);
  });
}

/**
 * @param {Server} server
 * @param {{ onobserved: (answer: Observed, sent: Sent) => void, onexplained: (sum: import("../lib/contract/draw.js").Explained) => void,
 *   onsources: (levels: import("../lib/contract/draw.js").SourceLevel[]) => void, onrested: (levels: import("../lib/contract/draw.js").SourceLevel[]) => void, busy: () => boolean,
 *   onlayer: (step: number, layer: import("../lib/contract/draw.js").Layer, of: string) => void, onunexplained: (error: Error) => void, onfail: (error: Error) => void }} options
 *   each called with what is still wanted when it is answered; `onrested` with the sources of the cell that is rested on; `onunexplained`
 *   when no sum is coming; `busy`: whether a stroke is being drawn, which is alone in what it asks
 */
export function createAsking(
  server,
  { onobserved, onexplained, onunexplained, onsources, onrested, busy, onlayer, onfail },
) {
  /** When each change happened that is not on screen yet. @type {number[]} */
  let unpainted = [];
  /** When somebody opened the cell whose sum is not on screen yet; 0: nobody waits. */
  let opened = 0;
  /** The cell that is rested on. @type {Place | null} */
  let rested = null;
  const unreachable = () => t("error.unreachable");
  const sums = remembering(
    (/** @type {Place} */ place) => ask(server.explain, { ...drawing(), ...place }, unreachable()),
    samePlace,
  );
  const contributions = remembering(
    (/** @type {Place} */ place) => ask(server.sources, { ...drawing(), ...place }, unreachable()),
    samePlace,
  );

  const observe = newestOnly(
    ({ asked, version, ...input }) => ask(server.observe, input, unreachable()),
    (answer, /** @type {Sent} */ sent) => {
      if (sent.model !== page.get("model")) return;
      onobserved(answer, sent);
      const done = unpainted.filter((at) => at <= sent.asked);
      unpainted = unpainted.filter((at) => at > sent.asked);
      publish("stroke", done);
    },
    onfail,
  );
  const explain = newestOnly(
    sums.ask,
    (sum, place) => {
      if (page.get("cells").at(-1) !== place) return; // another one is asked for, or none any more
      if (opened) publish("cell", [opened]);
      opened = 0;
      onexplained(sum);
    },
    (error, place) => {
      if (page.get("cells").at(-1) !== place) return;
      opened = 0;
      onunexplained(error);
    },
  );
  const sources = newestOnly(
    contributions.ask,
    ({ levels }, place) => {
      if (followed() === place) onsources(levels);
    },
    (error, place) => {
      if (page.get("cells").at(-1) !== place) onfail(error); // or else its panel says why
    },
  );
  const ahead = newestOnly(
    async (/** @type {Place} */ place) => {
      await sums.ask(place); // first, as it may be opened at any moment
      return rested === place ? contributions.ask(place) : { levels: [] };
    },
    ({ levels }, place) => {
      if (rested === place) onrested(levels);
    },
    () => {}, // whoever opens the cell asks again, and is told
  );
  const layer = newestOnly(
    (/** @type {Parameters<Server["layer"]>[0]} */ input) => ask(server.layer, input, unreachable()),
    (answer, { step, of }) => onlayer(step, answer, of),
    onfail,
  );

  const asking = {
    /** What was drawn, or what is asked of it, changed. @param {Sent} sent @param {boolean} changed false if only other maps are wanted */
    observe(sent, changed) {
      if (changed) {
        unpainted.push(sent.asked);
        sums.forget();
        contributions.forget();
      }
      observe(sent);
    },

    /** The sum behind the opened cell. */
    explain() {
      const last = page.get("cells").at(-1);
      if (last) explain(last);
    },

    /** The sum behind a cell that was opened just now; how long that takes is published as a User Timing measure named "cell". */
    open() {
      opened = performance.now();
      asking.explain();
    },

    /** A cell is rested on, or left: what opening it would ask for is asked ahead. @param {Place | null} place */
    rest(place) {
      rested = place;
      asking.ahead();
    },

    /** Ask about the cell that is rested on, unless a stroke is being drawn. */
    ahead() {
      if (rested && !busy()) ahead(rested);
    },

    /** What contributes to the cell in view, and what stands out in the layer that is shown whole. */
    around() {
      const place = followed();
      if (place) sources(place);
      const step = page.get("layer");
      if (step !== null) layer({ ...drawing(), step, of: page.get("label") === null ? "" : "output", cell: [] });
    },

    /** Ask a function of the server about what is on the pad. @type {import("../lib/contract/draw.js").Request} */
    request(name, more) {
      const asked = /** @type {import("../lib/live.js").Asked<unknown, never>} */ (server[name]);
      return ask(asked, { ...drawing(), ...more }, unreachable());
    },
  };
  return asking;
}
