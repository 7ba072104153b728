/**
 * The network view: one column per step of the trace, in execution order, each with the maps of its channels. It draws what
 * the server described and names no layer, channel count or picture size of its own.
 */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { page } from "../page.js";
import { createBackward } from "./backward.js";
import { createColumn, placeOf } from "./column.js";
import { createFocus } from "./focus.js";
import { createLegend } from "./legend.js";
import { createReading } from "./reading.js";
import { createRest, samePlace } from "./rest.js";
import { createSeen } from "./seen.js";
import { createSources } from "./sources.js";
import { createTrack } from "./track.js";

/** @typedef {import("./column.js").Column} Column */
/** @typedef {import("../../lib/layout.js").Cell} Cell */
/** @typedef {import("../../lib/link.js").Place} Place */
/** @typedef {import("../../lib/contract/draw.js").SourceLevel} SourceLevel */
/** @typedef {import("../../lib/contract/network.js").Description} Description */
/** @typedef {import("../../lib/contract/network.js").Seen} Seen */
/**
 * `onwant` is called when other maps than before should be asked for, `onopen` when a cell was chosen, `onfield` with
 * the input cells that the pointed cell is made of, `onpin` when a cell is to be kept in view, `ongrow` when all maps of a step
 * are wanted; `onrest` with the cell that the pointer or the keyboard rests on, and with null when it is left. `apart`: the page places the controls and gives the track its height.
 * @typedef {{ onwant: () => void, onopen: (place: Place) => void, onfield: (blocks: import("../../lib/field.js").Block[] | null) => void,
 *   onpin?: (place: Place) => void, onrest?: (place: Place | null) => void, ongrow?: (step: number) => void, apart?: boolean }} Options
 */

/** Whether a place can be opened: the input's values are nobody's sum. @param {Place} place */
const isMade = ({ step, of }) => step >= 0 || of !== "";

/** @param {Options} options */
export function createNetwork(options) {
  const { onwant, onopen, apart = false } = options;
  const state = { everything: true, version: 1, held: false };
  /** @type {Column[]} */
  let columns = [];
  const legend = createLegend(() => repaint());
  const backward = createBackward();
  const reading = createReading({ onopen: openPinned });
  const seen = createSeen();
  const sources = createSources({
    columns: () => columns,
    shown: () => track.shown,
    turned: () => track.turned,
    pinned: () => focus.pinned,
    name,
  });
  const track = createTrack({
    fills: apart,
    over: sources.element,
    onseen: (column) => column.paint(legend.scope, seen.peak, false),
    onchange: (laid) => {
      if (laid) focus.spoil();
      if (laid) rest.move(null); // another cell is under the pointer, if any
      if (laid || focus.pinned) focus.retell();
      if (laid) sources.draw();
      wantMore();
    },
    onedge: (from, to, over) => (from && to ? reading.edge(from.step, to.step, over) : focus.retell()),
  });
  const controls = {
    direction: backward.direction,
    learning: backward.learning,
    legend: legend.element,
    arrangement: track.arrangement,
    reading: reading.element,
  };
  const element = h(
    "section",
    { class: "network", tabindex: -1, dataset: { i18nAria: "network.title", ...(apart ? { main: "draw" } : {}) } },
    ...(apart ? [] : [h("div", { class: "network-bar" }, ...Object.values(controls))]),
    track.element,
  );
  const focus = createFocus({
    columns: () => columns,
    reading,
    legend,
    peak: () => seen.peak,
    onfield: options.onfield,
  });

  /** The column of a step. @param {number} index */
  const columnOf = (index) => /** @type {Column | undefined} */ (columns[index + 1]);

  const rest = createRest((place) => {
    if (!place) sources.preview(null);
    options.onrest?.(place);
  });

  /** What is pointed at by now is rested on, if nothing moves. */
  function settle() {
    const { pointed } = focus;
    const place = pointed && placeOf(pointed.column, pointed.cell);
    rest.move(place && isMade(place) ? place : null);
  }

  /** The name of a step for people. @param {number} index */
  function name(index) {
    const step = columnOf(index)?.step;
    return index < 0 ? t("network.input") : step?.path || `${index + 1} ${step?.op ?? ""}`.trim();
  }

  /** The maps to ask for, of the columns on screen, or of all where all of them are small. */
  function wanted() {
    return track.shown
      .filter((column) => column.wants(state.version) && (state.everything || column.visible))
      .map((column) => column.wanted(state.held || focus.pinned !== null));
  }

  function wantMore() {
    if (wanted().length) onwant();
  }

  function repaint() {
    for (const column of columns) column.paint(legend.scope, seen.peak, true);
    focus.retell();
    sources.draw();
  }

  /** A cell was chosen: a first touch keeps it in view, a second opens it. @param {Column} column @param {Cell} cell @param {boolean} byTouch */
  function choose(column, cell, byTouch) {
    const place = placeOf(column, cell);
    if (!place) return;
    const { pinned } = focus;
    const again = pinned !== null && samePlace({ ...pinned, of: place.of }, place);
    if (byTouch) focus.lift();
    if (!isMade(place)) options.onpin?.(place);
    else if (byTouch && options.onpin && !again) options.onpin(place);
    else onopen(place);
  }

  /** Open what is kept in view, as it is read: its value, or its gradient. */
  function openPinned() {
    const { pinned } = focus;
    if (pinned) onopen({ ...pinned, of: columnOf(pinned.step)?.backward ? "output" : "" });
  }

  /** The columns were laid out anew: what was drawn over them is gone. */
  function arranged() {
    focus.spoil();
    focus.retell();
    sources.draw();
  }

  /** @param {Column} column */
  const grow = ({ step: { index } }) =>
    options.ongrow ? options.ongrow(index) : track.grow(track.grown === index ? null : index);

  page.on(["sort"], () => {
    columns.forEach((column) => column.rewind());
    onwant();
  });

  return {
    element,
    controls: { ...controls, curves: sources.told },
    name,
    repaint,

    /** @param {Description} description */
    describe({ steps, swaps, everything, geometry, classes, modules }) {
      state.everything = everything;
      backward.describe(classes);
      focus.describe(geometry);
      sources.take([]);
      rest.move(null);
      columns = steps.map((step) =>
        createColumn(step, {
          onpoint: (column, cell) => {
            focus.point(column, cell);
            settle();
          },
          swaps,
          onpage: onwant,
          onopen: choose,
          onplace: onopen,
          onsee: (place) => options.onpin?.(place),
          onfold: () => track.toggle(step),
          marked: () => (focus.pinned?.step === step.index ? focus.pinned.cell : null),
          ongrow: () => grow(/** @type {Column} */ (columnOf(step.index))),
        }),
      );
      seen.forget();
      sources.keep();
      track.take(columns, modules);
      arranged();
    },

    /** What the maps were asked for: `expire` starts another drawing, of which there are none yet. */
    get version() {
      return state.version;
    },
    expire() {
      state.version++;
      sources.preview(null);
    },
    get wanted() {
      return wanted();
    },
    /** Whether every column on the track is in view and has the drawing's maps. */
    get complete() {
      return track.shown.every((column) => column.visible && !column.wants(state.version));
    },
    /** The cell under the pointer. */
    get pointed() {
      return focus.pointed;
    },

    /** Keep showing the same channels, such as while the pen moves. @param {boolean} on */
    hold(on) {
      state.held = on;
    },

    /** Light the columns up one after the other, as the numbers flow. */
    lightUp: track.lightUp,

    /** The page gave the network another height: the columns stand in it now, and not once more with the next frame. */
    fit: track.fit,

    /** Show all maps of one step, or the first ones of all. @param {number | null} step */
    grow(step) {
      track.grow(step);
      const column = step === null ? undefined : columnOf(step);
      if (column) track.reveal(column);
    },

    /** Keep a cell marked, with what it is made of and what it influences; or none. @param {Place | null} place */
    pin(place) {
      focus.pin(place);
      sources.preview(null);
      sources.keep();
      wantMore();
    },

    /** Draw curves to a cell from the maps that contribute most to it, or none. @param {SourceLevel[]} levels */
    contribute(levels) {
      sources.take(levels);
      if (!state.held) sources.keep();
      sources.draw();
      wantMore();
    },

    /** Draw the curves to the cell that is rested on, lighter, instead of those to the one in view. @param {SourceLevel[]} levels */
    preview: (levels) => sources.preview(rest.place, levels),

    /** @param {Seen} answer @param {number} asked the `version` that it answers */
    show(answer, asked) {
      backward.tell(answer.loss);
      seen.show(columns, answer, asked, legend.scope);
      focus.refresh();
      sources.refresh(); // other maps may be shown
      if (rest.place) settle();
    },

    /** Tell what stands out in a layer. @param {number} step @param {import("../../lib/contract/draw.js").Layer} layer @param {string} of "" for values, "output" for gradients */
    tellLayer: (step, layer, of) => columnOf(step)?.told.layer(layer, of),

    /** Mark one cell, and no other, as where a number comes from. @param {{ step: number, cell: number[] } | null} place */
    light(place) {
      for (const column of columns) column.light(place && place.step === column.step.index ? place.cell : null);
    },

    /** The cell of the largest value that is shown of a step, or else of the last whose maps hold more than one value. @param {number | null} index @returns {Place | null} */
    strongest(index) {
      const column =
        index === null ? track.shown.findLast(({ step }) => (step.map?.size.length ?? 0) > 2) : columnOf(index);
      const cell = column?.strongest();
      return column && cell ? placeOf(column, cell) : null;
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
}
