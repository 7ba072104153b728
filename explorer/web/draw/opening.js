/** How a number is opened: its sum first, in a panel that lies over the network, which makes room for it once that is on screen. */

import { afterPaint } from "../parts/dom.js";

/** A sum is waited for no longer before the panel is shown without it, ms. */
const PATIENCE = 80;

/** @param {{ onwait: () => void, onroom: (opened: number) => void }} options  `onwait`: the panel is to be shown although its sum is still to come; `onroom`: the network is to make room, for what was opened when, ms */
export function createOpening({ onwait, onroom }) {
  /** The timer while a sum is waited for, else 0. */
  let due = 0;
  /** Counts what was opened and closed. */
  let turn = 0;
  let opened = 0;

  /** A number was opened, or is none any more: nothing is waited for. */
  function stop() {
    clearTimeout(due);
    due = 0;
    turn++;
  }

  return {
    /** Whether the network is to stay as it is for now. */
    get waits() {
      return due > 0;
    },
    stop,

    begin() {
      stop();
      opened = performance.now();
      due = window.setTimeout(() => {
        due = 0;
        onwait();
        onroom(opened);
      }, PATIENCE);
    },

    /** The sum is there, or none is coming. */
    end() {
      if (!due) return;
      stop();
      const mine = turn;
      afterPaint(() => {
        if (turn === mine) onroom(opened);
      });
    },
  };
}
