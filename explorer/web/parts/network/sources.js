/** What contributes to the cell in view: curves from those maps, which are kept among the maps shown. */

import { createCurves } from "./curves.js";

/** @typedef {import("./column.js").Column} Column */
/** @typedef {import("../../lib/contract/draw.js").SourceLevel} SourceLevel */

/**
 * @param {{ columns: () => Column[], shown: () => Column[], turned: () => boolean, pinned: () => import("../../lib/link.js").Place | null, name: (step: number) => string }} network
 *   `shown`: the columns on the track; `turned`: whether it runs downwards
 */
export function createSources({ columns, shown, turned, pinned, name }) {
  const curves = createCurves();

  function draw() {
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
    take: curves.take,

    /** Keep the pinned cell's map in view, and those that contribute most to it. */
    keep() {
      const pin = pinned();
      for (const column of columns()) {
        const { index } = column.step;
        const parts = curves.levels.flatMap(({ most }) => most.filter(({ step }) => step === index));
        const cells = [...(pin?.step === index ? [pin.cell] : []), ...parts.map(({ cell }) => cell)];
        const channels = cells.map(column.channelOf).filter((channel) => channel !== null);
        column.keep([...new Set(channels)]);
      }
    },
  };
}
