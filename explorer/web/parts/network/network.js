/**
 * The network view: one column per step of the trace, in execution order, each with the maps of its channels. It draws what
 * the server described and names no layer, channel count or picture size of its own.
 */

import { h } from "../dom.js";
import { fieldsOf } from "../../lib/field.js";
import { t } from "../i18n.js";
import { page } from "../page.js";
import { createBackward } from "./backward.js";
import { createColumn } from "./column.js";
import { createLegend } from "./legend.js";
import { createReading } from "./reading.js";
import { createTrack } from "./track.js";
import { largestOf } from "../../lib/numbers.js";

/** @typedef {import("./column.js").Step} Step */
/** @typedef {import("./column.js").Maps} Maps */
/** @typedef {ReturnType<typeof createColumn>} Column */

/** Times are told at most this often, so that they can be read while the pen moves, ms. */
const TIMES_EVERY = 500;

/**
 * @param {{ onwant: () => void, onopen: (place: import("../../lib/link.js").Place) => void,
 *   onfield: (blocks: import("../../lib/field.js").Block[] | null) => void }} options
 *   `onwant` is called when other maps than before should be asked for, `onopen` when a cell was chosen, `onfield` with
 *   the input cells that the pointed cell is made of
 */
export function createNetwork({ onwant, onopen, onfield }) {
  const legend = createLegend(() => repaint());
  const backward = createBackward();
  const reading = createReading();
  const track = createTrack({
    onseen: (column) => column.paint(legend.scope, peak, false),
    onchange: wantMore,
    onedge: tellEdge,
  });
  const element = h(
    "section",
    { class: "network", dataset: { i18nAria: "network.title" } },
    h("div", { class: "network-bar" }, backward.element, legend.element, track.arrangement, reading.element),
    track.element,
  );
  /** @type {Column[]} */
  let columns = [];
  let everything = true;
  /** @type {Record<string, import("../../lib/field.js").Relation>[]} */
  let geometry = [];
  let peak = 0;
  let version = 1;
  let timed = 0;

  /** The maps to ask for: [step, first channel] of the columns on screen, or of all where all of them are small. */
  function wanted() {
    return track.shown
      .filter((column) => column.wants(version) && (everything || column.visible))
      .map((column) => [column.step.index, column.first]);
  }

  function wantMore() {
    if (wanted().length) onwant();
  }

  function repaint() {
    for (const column of columns) column.paint(legend.scope, peak, true);
    rest();
    columns.forEach((column) => column.retell());
  }

  /** Nothing is pointed at. */
  function rest() {
    reading.rest();
    legend.rest();
  }

  /** @param {Column} column @param {ReturnType<Column["read"]>} found */
  function tell(column, found) {
    if (!found) {
      rest();
      outlineFields(null);
      return;
    }
    reading.cell(column, found);
    legend.mark(column.scaled(), found, legend.scope === "network" ? peak : column.peak);
  }

  /** Say where an edge goes and what travels on it. @param {Column | null} from @param {Column | null} to @param {number} over columns that it passes over */
  function tellEdge(from, to, over) {
    if (from && to) reading.edge(from.step, to.step, over);
    else rest();
  }

  /**
   * Outline, in every other column on screen, what a cell is made of and what it influences.
   * @param {{ step: number, cell: number[] } | null} place
   */
  function outlineFields(place) {
    const found = place && fieldsOf(geometry, (index) => columns[index + 1].step.shape, place.step, place.cell);
    const style = getComputedStyle(element);
    const [made, influenced] = ["--cs-accent", "--cs-mark"].map((name) => style.getPropertyValue(name));
    for (const column of columns) {
      const sources = found?.sources.get(column.step.index);
      column.outline(
        column.visible ? (sources ?? found?.influence.get(column.step.index)) : undefined,
        sources ? made : influenced,
      );
    }
    onfield(found?.sources.get(-1) ?? null);
  }

  page.on(["sort"], () => {
    columns.forEach((column) => column.rewind());
    onwant();
  });

  return {
    element,
    repaint,

    /** @param {{ steps: Step[], everything: boolean, classes: string[], modules: Record<string, string>, swaps: string[], geometry: Record<string, import("../../lib/field.js").Relation>[] }} description */
    describe(description) {
      ({ everything, geometry } = description);
      backward.describe(description.classes);
      columns = description.steps.map((step) =>
        createColumn(step, {
          tell,
          swaps: description.swaps,
          onpage: onwant,
          onopen,
          onpoint: outlineFields,
          onfold: () => track.toggle(step),
        }),
      );
      timed = 0;
      track.take(columns, description.modules);
      rest();
    },

    /** What the maps were asked for: `expire` starts another drawing, of which there are none yet. */
    get version() {
      return version;
    },
    expire() {
      version++;
    },
    get wanted() {
      return wanted();
    },
    /** Whether every column on the track is in view and has the drawing's maps. */
    get complete() {
      return track.shown.every((column) => column.visible && !column.wants(version));
    },

    /**
     * @param {{ maps: Maps[], peaks: Record<string, number>, loss: { name: string, value: number } | null, milliseconds: number[],
     *   fed: import("./facts.js").Fed, changed: Record<string, { count: number, of: number, largest: number }> }} observation
     * @param {number} asked the `version` that it answers
     */
    show(observation, asked) {
      const { loss, fed, milliseconds, peaks } = observation;
      backward.tell(loss);
      const byStep = new Map(observation.maps.map((maps) => [maps.step, maps]));
      const highest = largestOf(
        columns.filter(({ step }) => loss || step.scale === "diverging").map(({ step }) => peaks[step.index]),
        0,
      );
      const rescaled = legend.scope === "network" && highest !== peak;
      peak = highest;
      const now = performance.now();
      const tellTimes = now - timed >= TIMES_EVERY;
      if (tellTimes) timed = now;
      for (const column of columns) {
        const { index } = column.step;
        const maps = byStep.get(index);
        if (maps && maps.first === column.first) {
          column.take(maps, peaks[index], loss !== null);
          column.version = asked;
        }
        column.paint(legend.scope, peak, rescaled);
        column.markChanges(observation.changed);
        if (index < 0) column.sayFed(fed);
        else if (tellTimes) column.sayTime(milliseconds[index]);
      }
      columns.forEach((column) => column.retell());
    },

    /** The name of a step for people. @param {number} index */
    name(index) {
      const step = columns[index + 1]?.step;
      return !step || index < 0 ? t("network.input") : step.path || `${index + 1} ${step.op}`;
    },

    /** Mark one cell, and no other, as where a number comes from. @param {{ step: number, cell: number[] } | null} place */
    light(place) {
      for (const column of columns) column.light(place && place.step === column.step.index ? place.cell : null);
    },

    /** Bring a step's column to where the panel of an opened cell does not lie over it. @param {number} index */
    reveal(index) {
      if (columns[index + 1]) track.reveal(columns[index + 1]);
    },

    relabel() {
      columns.forEach((column) => column.relabel());
      if (columns.length) track.arrange();
      rest();
    },
  };
}
