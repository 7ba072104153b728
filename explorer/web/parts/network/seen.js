/** What an answer says of the columns: their maps, what was changed, and how long each step took. */

import { largestOf } from "../../lib/numbers.js";

/** @typedef {import("./column.js").Column} Column */
/** @typedef {import("../../lib/contract/network.js").Seen} Seen */

/** Times are told at most this often, so that they can be read while the pen moves, ms. */
const TIMES_EVERY = 500;

export function createSeen() {
  /** The largest |value| of all columns on a signed scale, and when times were told. */
  const state = { peak: 0, timed: 0 };

  return {
    /** The largest |value| of the network. */
    get peak() {
      return state.peak;
    },

    /** Another network: its times are told at once. */
    forget() {
      state.timed = 0;
    },

    /** @param {Column[]} columns @param {Seen} seen @param {number} asked the version that it answers @param {"map" | "layer" | "network"} scope of the colours */
    show(columns, { loss, fed, milliseconds, peaks, maps, changed, prediction }, asked, scope) {
      const byStep = new Map(maps.map((each) => [each.step, each]));
      const signed = columns.filter(({ step }) => loss || step.scale === "diverging");
      const highest = largestOf(
        signed.map(({ step }) => peaks[step.index]),
        0,
      );
      const rescaled = scope === "network" && highest !== state.peak;
      state.peak = highest;
      const now = performance.now();
      const tellTimes = now - state.timed >= TIMES_EVERY;
      if (tellTimes) state.timed = now;
      for (const column of columns) {
        const { index } = column.step;
        const own = byStep.get(index);
        if (own && own.first === column.first) {
          column.take(own, peaks[index], loss !== null);
          column.version = asked;
        }
        column.paint(scope, state.peak, rescaled);
        column.markChanges(changed);
        if (column.named) column.share(prediction?.probabilities ?? []);
        if (index < 0) column.told.fed(fed);
        else if (tellTimes) column.told.time(milliseconds[index]);
      }
    },
  };
}
