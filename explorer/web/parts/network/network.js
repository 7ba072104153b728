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
/** @typedef {import("./column.js").Column} Column */
/** @typedef {import("../../lib/layout.js").Cell} Cell */
/** @typedef {import("../../lib/link.js").Place} Place */

/** Times are told at most this often, so that they can be read while the pen moves, ms. */
const TIMES_EVERY = 500;

/**
 * @param {{ onwant: () => void, onopen: (place: Place) => void, onfield: (blocks: import("../../lib/field.js").Block[] | null) => void,
 *   onpin?: (place: Place) => void, ongrow?: (step: number) => void, apart?: boolean }} options
 *   `onwant` is called when other maps than before should be asked for, `onopen` when a cell was chosen, `onfield` with
 *   the input cells that the pointed cell is made of, `onpin` when a cell is to be kept in view, `ongrow` when all maps of a step
 *   are wanted. `apart`: the page places the controls and gives the track its height.
 */
export function createNetwork({ onwant, onopen, onfield, onpin, ongrow, apart = false }) {
  const legend = createLegend(() => repaint());
  const backward = createBackward();
  const reading = createReading({ onopen: () => pinned && onopen(pinned) });
  const track = createTrack({
    fills: apart,
    onseen: (column) => column.paint(legend.scope, peak, false),
    onchange: (laid) => {
      if (laid) outlined = "?"; // what was drawn over the maps is gone
      if (laid || pinned) retell();
      wantMore();
    },
    onedge: tellEdge,
  });
  const controls = {
    direction: backward.direction,
    learning: backward.learning,
    legend: legend.element,
    arrangement: track.arrangement,
    reading: reading.element,
  };
  const bar = h("div", { class: "network-bar" }, ...Object.values(controls));
  const element = h(
    "section",
    { class: "network", tabindex: -1, dataset: { i18nAria: "network.title", ...(apart ? { main: "draw" } : {}) } },
    ...(apart ? [] : [bar]),
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
  /** The cell under the pointer. @type {{ column: Column, cell: Cell } | null} */
  let pointed = null;
  /** The cell that is read while none is pointed at. @type {Place | null} */
  let pinned = null;
  /** Which cell is outlined now, in which maps. */
  let outlined = "";
  /** The input cells that it is made of. @type {import("../../lib/field.js").Block[] | null} */
  let inkField = null;
  /** Whether the maps that are shown stay, whatever their strength: somebody looks at them. */
  let held = false;

  /** The maps to ask for, of the columns on screen, or of all where all of them are small. */
  function wanted() {
    return track.shown
      .filter((column) => column.wants(version) && (everything || column.visible))
      .map((column) => column.wanted(held || pinned !== null));
  }

  function wantMore() {
    if (wanted().length) onwant();
  }

  function repaint() {
    for (const column of columns) column.paint(legend.scope, peak, true);
    retell();
  }

  /** The column of a step. @param {number} index */
  const columnOf = (index) => /** @type {Column | undefined} */ (columns[index + 1]);

  /** What is read: the pointed cell, or else the pinned one. */
  function told() {
    if (pointed) return pointed;
    const column = pinned && columnOf(pinned.step);
    const cell = column && pinned && column.cellOf(pinned.cell);
    return column && cell ? { column, cell } : null;
  }

  /** Read the cell again, as the maps are now. */
  function retell() {
    const now = told();
    const found = now && now.column.read(now.cell);
    for (const column of columns) column.mark(null);
    if (pinned) markPinned(pinned);
    if (!now || !found) {
      reading.rest();
      legend.rest();
    } else {
      now.column.mark(now.cell);
      reading.cell(now.column, found, !pointed);
      legend.mark(now.column.scaled(), found, legend.scope === "network" ? peak : now.column.peak);
    }
    const index = now ? now.column.indexOf(now.cell) : (pinned?.cell ?? null);
    outlineFields(index && { step: now ? now.column.step.index : /** @type {Place} */ (pinned).step, cell: index });
  }

  /** @param {Place} place */
  function markPinned({ step, cell }) {
    const column = columnOf(step);
    column?.mark(column.cellOf(cell));
  }

  /** @param {Column} column @param {Cell | null} cell */
  function point(column, cell) {
    if (!cell && pointed && pointed.column !== column) return;
    pointed = cell && { column, cell };
    retell();
  }

  /** A cell was chosen: a first touch keeps it in view, a second opens it. @param {Column} column @param {Cell} cell @param {boolean} byTouch */
  function choose(column, cell, byTouch) {
    const index = column.indexOf(cell);
    if (!index) return;
    const place = { step: column.step.index, of: column.backward ? "output" : "", cell: index };
    const again = pinned !== null && pinned.step === place.step && pinned.cell.join() === place.cell.join();
    if (byTouch) pointed = null;
    if (place.step < 0 && !place.of) onpin?.(place);
    else if (byTouch && onpin && !again) onpin(place);
    else onopen(place);
  }

  /** Say where an edge goes and what travels on it. @param {Column | null} from @param {Column | null} to @param {number} over columns that it passes over */
  function tellEdge(from, to, over) {
    if (from && to) reading.edge(from.step, to.step, over);
    else retell();
  }

  /**
   * Outline, in every other column on screen, what a cell is made of and what it influences.
   * @param {{ step: number, cell: number[] } | null} place
   */
  function outlineFields(place) {
    const known = place && columnOf(place.step)?.step.shape;
    const inside = place && known?.length === place.cell.length && known.every((size, axis) => place.cell[axis] < size);
    const now = inside
      ? [place.step, place.cell, ...columns.map((column) => column.visible && column.standing)].join()
      : "";
    if (now === outlined) return;
    outlined = now;
    const found = inside ? fieldsOf(geometry, (index) => columns[index + 1].step.shape, place.step, place.cell) : null;
    const style = getComputedStyle(element);
    const [made, influenced] = ["--cs-made", "--cs-makes"].map((name) => style.getPropertyValue(name));
    for (const column of columns) {
      const sources = found?.sources.get(column.step.index);
      column.outline(
        column.visible ? (sources ?? found?.influence.get(column.step.index)) : undefined,
        sources ? made : influenced,
      );
    }
    inkField = found?.sources.get(-1) ?? null;
    onfield(inkField);
  }

  /** The columns were laid out anew: what was drawn over them is gone. */
  function arranged() {
    outlined = "?";
    retell();
  }

  page.on(["sort"], () => {
    columns.forEach((column) => column.rewind());
    onwant();
  });

  return {
    element,
    controls,
    repaint,

    /** @param {import("../../lib/contract/network.js").Description} description */
    describe(description) {
      ({ everything, geometry } = description);
      backward.describe(description.classes);
      pointed = null;
      columns = description.steps.map((step) =>
        createColumn(step, {
          onpoint: point,
          swaps: description.swaps,
          onpage: onwant,
          onopen: choose,
          onfold: () => track.toggle(step),
          marked: () => (pinned?.step === step.index ? pinned.cell : null),
          ongrow: () => (ongrow ? ongrow(step.index) : track.grow(track.grown === step.index ? null : step.index)),
        }),
      );
      timed = 0;
      keepPinned();
      track.take(columns, description.modules);
      arranged();
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

    /** Whether a cell is under the pointer. */
    get pointing() {
      return pointed !== null;
    },

    /** Keep showing the same channels, such as while the pen moves. @param {boolean} on */
    hold(on) {
      held = on;
    },

    /** Light the columns up one after the other, as the numbers flow. */
    lightUp: track.lightUp,

    /** Show all maps of one step, or the first ones of all. @param {number | null} step */
    grow(step) {
      track.grow(step);
      const column = step === null ? undefined : columnOf(step);
      if (column) track.reveal(column);
      arranged();
    },

    /** Keep a cell marked, with what it is made of and what it influences; or none. @param {Place | null} place */
    pin(place) {
      pinned = place;
      keepPinned();
      retell();
      wantMore();
    },

    /**
     * @param {import("../../lib/contract/network.js").Seen} observation
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
        if (column.named) column.share(observation.prediction?.probabilities ?? []);
        if (index < 0) column.sayFed(fed);
        else if (tellTimes) column.sayTime(milliseconds[index]);
      }
      retell();
      if (inkField) onfield(inkField); // the ink under the same input cells has moved
    },

    /** The name of a step for people. @param {number} index */
    name(index) {
      const step = columnOf(index)?.step;
      return !step || index < 0 ? t("network.input") : step.path || `${index + 1} ${step.op}`;
    },

    /** Mark one cell, and no other, as where a number comes from. @param {{ step: number, cell: number[] } | null} place */
    light(place) {
      for (const column of columns) column.light(place && place.step === column.step.index ? place.cell : null);
    },

    /** The cell of the largest value that is shown of a step, or else of the last whose maps hold more than one value. @param {number | null} index @returns {Place | null} */
    strongest(index) {
      const column =
        index === null ? track.shown.findLast(({ step }) => (step.map?.size.length ?? 0) > 2) : columnOf(index);
      const cell = column?.strongest();
      const element = column && cell && column.indexOf(cell);
      return column && element ? { step: column.step.index, of: column.backward ? "output" : "", cell: element } : null;
    },

    /** Bring a step's column into view. @param {number} index */
    reveal(index) {
      const column = columnOf(index);
      if (column) track.reveal(column);
    },

    relabel() {
      columns.forEach((column) => column.relabel());
      if (columns.length) track.arrange();
      arranged();
    },
  };

  function keepPinned() {
    for (const column of columns)
      column.keep(pinned && pinned.step === column.step.index ? column.channelOf(pinned.cell) : null);
  }
}
