/** What the page asks the server about the drawing: never more than the newest question of a kind, each as soon as the one before is answered. */

import { ask, newestOnly } from "../lib/live.js";
import { afterPaint } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { shownInput } from "../parts/input_state.js";
import { page } from "../parts/page.js";

/** @typedef {import("../lib/contract/draw.js").Server} Server */
/** @typedef {import("../lib/contract/draw.js").Observed} Observed */
/** @typedef {import("../lib/contract/draw.js").ObserveRequest} ObserveRequest */
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
 *   onsources: (levels: import("../lib/contract/draw.js").SourceLevel[]) => void,
 *   onlayer: (step: number, layer: import("../lib/contract/draw.js").Layer, of: string) => void, onunexplained: () => void, onfail: (error: Error) => void }} options
 *   each called with what is still wanted when it is answered; `onunexplained` when no sum is coming
 */
export function createAsking(server, { onobserved, onexplained, onunexplained, onsources, onlayer, onfail }) {
  /** When each change happened that is not on screen yet. @type {number[]} */
  let unpainted = [];
  /** When somebody opened the cell whose sum is not on screen yet; 0: nobody waits. */
  let opened = 0;
  const unreachable = () => t("error.unreachable");

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
    (/** @type {Parameters<Server["explain"]>[0]} */ input) => ask(server.explain, input, unreachable()),
    (sum, { cell }) => {
      const last = page.get("cells").at(-1);
      if (last?.cell !== cell) return; // another one is asked for, or none any more
      if (opened) publish("cell", [opened]);
      opened = 0;
      onexplained(sum);
    },
    (error) => {
      opened = 0;
      onfail(error);
      onunexplained();
    },
  );
  const sources = newestOnly(
    (/** @type {Parameters<Server["sources"]>[0]} */ input) => ask(server.sources, input, unreachable()),
    ({ levels }, { cell }) => {
      if (followed()?.cell === cell) onsources(levels);
    },
    onfail,
  );
  const layer = newestOnly(
    (/** @type {Parameters<Server["layer"]>[0]} */ input) => ask(server.layer, input, unreachable()),
    (answer, { step, of }) => onlayer(step, answer, of),
    onfail,
  );

  const asking = {
    /** What was drawn, or what is asked of it, changed. @param {Sent} sent @param {boolean} changed false if only other maps are wanted */
    observe(sent, changed) {
      if (changed) unpainted.push(sent.asked);
      observe(sent);
    },

    /** The sum behind the opened cell. */
    explain() {
      const last = page.get("cells").at(-1);
      if (last) explain({ ...drawing(), ...last });
    },

    /** The sum behind a cell that was opened just now; how long that takes is published as a User Timing measure named "cell". */
    open() {
      opened = performance.now();
      asking.explain();
    },

    /** What contributes to the cell in view, and what stands out in the layer that is shown whole. */
    around() {
      const place = followed();
      if (place) sources({ ...drawing(), ...place });
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
