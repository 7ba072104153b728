/** What contributes to the cell in view: curves from those maps, which are kept among the maps shown. */

import { createCurves } from "./curves.js";
import { samePlace } from "./rest.js";

/** @typedef {import("./column.js").Column} Column */
/** @typedef {import("../../lib/contract/draw.js").SourceLevel} SourceLevel */
/** @typedef {import("../../lib/link.js").Place} Place */

/**
 * @param {{ columns: () => Column[], shown: () => Column[], turned: () => boolean, pinned: () => Place | null, name: (step: number) => string }} network
 *   `shown`: the columns on the track; `turned`: whether it runs downwards
 */
export function createSources({ columns, shown, turned, pinned, name }) {
  const curves = createCurves();
  /** Of the cell in view. @type {SourceLevel[]} */
  let kept = [];
  /** Of the one that is rested on. @type {SourceLevel[]} */
  let passing = [];

  /** @param {SourceLevel[]} inView @param {SourceLevel[]} rested */
  function show(inView, rested) {
    [kept, passing] = [inView, rested];
    curves.take(passing.length ? passing : kept, passing.length > 0);
  }

  /** The frame that the curves are drawn with, once the columns are laid out for it; 0 while nothing is to be drawn. */
  let due = 0;

  function draw() {
    due ||= requestAnimationFrame(drawNow);
  }

  function drawNow() {
    due = 0;
    const onTrack = (/** @type {number} */ step) => shown().find((column) => column.step.index === step);
    curves.draw((step, cell, alone) => onTrack(step)?.anchor(cell, alone) ?? null, turned());
    curves.tell(name);
  }

  return {
    element: curves.element,
    told: curves.told,
    draw,

    /** Draw again, if there is anything to be drawn. */
    refresh() {
      if (curves.levels.length) draw();
    },

    /** @param {SourceLevel[]} levels */
    take: (levels) => show(levels, passing),

    /** Draw those of the cell that is rested on instead of those of the one in view; or no longer. @param {Place | null} place @param {SourceLevel[]} [levels] */
    preview(place, levels = []) {
      const pin = pinned();
      if (!place || (pin && samePlace(pin, place))) levels = [];
      if (!levels.length && !passing.length) return;
      show(kept, levels);
      draw();
    },

    /** Keep the pinned cell's map in view, and those that contribute most to it. */
    keep() {
      const pin = pinned();
      for (const column of columns()) {
        const { index } = column.step;
        const parts = kept.flatMap(({ most }) => most.filter(({ step }) => step === index));
        const cells = [...(pin?.step === index ? [pin.cell] : []), ...parts.map(({ cell }) => cell)];
        const channels = cells.map(column.channelOf).filter((channel) => channel !== null);
        column.keep([...new Set(channels)]);
      }
    },
  };
}
