/** One column of the network view: a step's name, the maps of its channels, and beside them what is told of it. */

import { h, hide, say } from "../dom.js";
import { filling, GAP, gridOf, lineOf, rectangleOf, stripOf, tensorIndex } from "../../lib/layout.js";
import { t } from "../i18n.js";
import { listenTo } from "./column_events.js";
import { createMaps } from "./column_maps.js";
import { createTold } from "./column_told.js";
import { kindOf, shortName } from "./kinds.js";
import { createPicture } from "./picture.js";

/** @typedef {import("../../lib/contract/network.js").Step} Step */
/** @typedef {import("../../lib/contract/network.js").Maps} Maps */
/** @typedef {import("../../lib/contract/network.js").MapLayout} MapLayout */
/** @typedef {import("../../lib/layout.js").Cell} Cell */
/** @typedef {import("../../lib/link.js").Place} Place */
/** @typedef {import("../../lib/levels.js").Stand} Stand */

/** The largest side of a value in a column of scores, px. */
const SCORE = 18;

/**
 * @param {Step} step
 * @param {{ onpoint: (column: Column, cell: Cell | null) => void, swaps: string[], onpage: () => void, onopen: (column: Column, cell: Cell, byTouch: boolean) => void,
 *   onplace: (place: Place) => void, onsee: (place: Place) => void, onfold: () => void, ongrow: () => void, marked: () => number[] | null }} options
 *   `onpoint` with the cell that is pointed at, or none any more; `onopen` with the one that was chosen; `onplace` with any
 *   place that is to be opened, `onsee` with a value that is to be kept in view; `marked` tells the
 *   tensor's element that is kept in view, if it is one of this step
 */
export function createColumn(step, { onpoint, swaps, onpage, onopen, onplace, onsee, onfold, ongrow, marked }) {
  const { map } = step;
  const onPage = (/** @type {number} */ first) => (map ? Math.min(map.perPage, map.channels - first) : 0);
  const picture = map && createPicture(map, onPage(0));
  const maps = map && picture && createMaps(step, map, picture);
  /** @type {Stand} */
  let stand = { look: "brief", side: 0, most: 0, width: 0, height: 0, turned: false, zoom: 1 };
  const pages = map ? Math.ceil(map.channels / map.perPage) : 0;
  const told = createTold(step, { swaps, pages, onfold, onflip, onplace, onchannel });
  const { element, head, open, more } = frameOf(step, [told.element, picture?.element], ongrow);

  /** Maps that the column has room for now. */
  const room = () => (stand.look === "whole" ? onPage(column.first) : Math.min(stand.most, map?.channels ?? 0));
  const here = () => (stand.look === "stub" ? null : maps);

  /** @param {number} by pages */
  function onflip(by) {
    if (!map) return;
    column.first = map.perPage * Math.min(pages - 1, Math.max(0, column.first / map.perPage + by));
    column.version = 0;
    maps?.drop();
    tellCounts();
    onpage();
  }

  /** Keep a channel in view, of a vector a value. @param {number} channel */
  function onchannel(channel) {
    if (!map) return;
    const page = Math.floor(channel / map.perPage) - column.first / map.perPage;
    if (map.size.length > 1 && page) onflip(page);
    onsee({ step: step.index, of: "", cell: tensorIndex(map, step.shape.length, firstOf(map, channel)) });
  }

  /** Which maps are shown, and how many a brief column leaves out. */
  function tellCounts() {
    if (map) told.range(column.first, onPage(column.first), map.channels);
    const left = map ? map.channels - room() : 0;
    hide(more, stand.look !== "brief" || left <= 0);
    say(more, `+${left}`);
    more.title = t("network.more", { count: left });
  }

  const column = {
    step,
    element,
    told,
    visible: false,
    first: 0,
    /** Which drawing the maps are of. */
    version: 0,

    /** The largest |value| of the whole step. */
    get peak() {
      return maps?.peak ?? 0;
    },
    /** Whether the maps are gradients. */
    get backward() {
      return maps?.backward ?? false;
    },
    /** What the column needs beside its frame and padding, px. */
    get content() {
      return picture ? picture.width : 0;
    },
    /** Whether the values are the scores of named classes, for which there has to be room. */
    get named() {
      return map !== null && map.columns === 1 && map.labels.length > 0;
    },
    /** What outlines over the maps depend on: how large they are and whose. */
    get standing() {
      return `${stand.look} ${picture?.grid.zoom} ${maps?.channels(room())}`;
    },

    /** @param {Stand} next */
    stand(next) {
      stand = next;
      element.dataset.look = next.look;
      element.classList.toggle("folded", next.look === "stub");
      told.fold(next.look === "stub");
      if (map && picture && next.look !== "stub") lay(picture, map, room(), next);
      maps?.spoil();
      tellCounts();
    },

    /** The step with the colour scale its maps have now. @returns {Step} */
    scaled: () => maps?.scaled() ?? step,

    /** Whether maps should be asked for. @param {number} version the drawing's */
    wants(version) {
      const asked = here();
      if (!asked) return false;
      return column.version !== version || asked.count < room() || (stand.look === "brief" && asked.lacks(room()));
    },

    /** What to ask for: the step, the first place in order, how many maps, and the channels among them. @param {boolean} hold the channels that are shown */
    wanted: (hold) =>
      stand.look === "whole"
        ? [step.index, column.first]
        : [step.index, 0, room(), ...(maps?.held(room(), hold) ?? [])],

    /** Keep channels among the maps, the most important first. @param {number[]} channels */
    keep: (channels) => maps?.keep(channels),

    /** @param {Maps} answer @param {number} largest |value| of the whole step @param {boolean} backward the maps are gradients */
    take: (answer, largest, backward) => maps?.take(answer, largest, backward),

    /** Paint what changed, or everything; a column off screen waits until it is seen. @param {"map" | "layer" | "network"} scope @param {number} networkPeak @param {boolean} all */
    paint(scope, networkPeak, all) {
      if (all) maps?.spoil();
      if (column.visible) here()?.paint(scope === "map" ? null : scope === "layer" ? column.peak : networkPeak);
    },

    /** @param {Cell} cell */
    read: (cell) => maps?.read(cell) ?? null,

    /** The cell of the largest |value| among those shown. */
    strongest: () => maps?.strongest() ?? null,

    /** Mark the cell that is read. @param {Cell | null} cell */
    mark: (cell) => picture?.mark(here() ? cell : null),

    /** Where a tensor's element is among the maps shown, null where it is not. @param {number[]} index */
    cellOf: (index) => here()?.cellOf(index) ?? null,

    /** The tensor's element of a cell. @param {Cell} cell */
    indexOf: (cell) => maps?.indexOf(cell) ?? null,

    /** The channel of a tensor's element. @param {number[]} index */
    channelOf: (index) => maps?.channelOf(index) ?? null,

    /** @param {number[] | null} index */
    light: (index) => picture?.light(index && column.cellOf(index)),

    /**
     * Outline cells: what the cell that is read is made of, or what it makes.
     * @param {import("../../lib/field.js").Block[]} blocks @param {"made" | "makes"} relation
     */
    outline: (blocks, relation) => maps?.outline(here() ? blocks : [], relation),

    /**
     * Where a tensor's element stands on the track, px: its cell, or all of its map; what is left out stands at the foot, a folded
     * column's at its head.
     * @param {number[]} index @param {boolean} alone the cell and not its map
     */
    anchor(index, alone) {
      const cell = column.cellOf(index);
      if (cell && picture)
        return placed(picture.element, alone ? rectangleOf(picture.grid, cell) : picture.mapAt(cell.channel));
      return placed(stand.look === "brief" && !more.hidden ? more : head, null);
    },

    /** Show the probability of each class, where the step's values are the classes' scores. @param {number[]} probabilities */
    share: (probabilities) => picture?.share(probabilities),

    /** Say which of the step's parameters somebody changed. @param {import("../../lib/contract/network.js").Changed} changed by name */
    markChanges(changed) {
      element.classList.toggle("changed", told.changes(changed));
    },

    /** Show the channels from the first again. */
    rewind() {
      column.first = 0;
      column.version = 0;
      tellCounts();
    },

    relabel() {
      told.relabel();
      const name = step.path || (step.index < 0 ? t("network.input") : step.op);
      picture?.surface.setAttribute("aria-label", t("network.picture", { name, shape: step.shape.join("×") }));
      Object.assign(open, { textContent: shortNameOf(step), title: t("network.grow", { name, op: step.op }) });
      open.setAttribute("aria-label", `${open.textContent}: ${open.title}`);
      tellCounts();
    },
  };

  if (picture)
    listenTo(picture, {
      onpoint: (cell) => onpoint(column, cell),
      onopen: (cell, byTouch) => onopen(column, cell, byTouch),
      marked: () => column.cellOf(marked() ?? []),
    });
  column.relabel();
  return column;
}
/** @typedef {ReturnType<typeof createColumn>} Column */

/** What a cell of a column stands for: the step's value, or its gradient. @param {Column} column @param {Cell} cell @returns {Place | null} */
export function placeOf(column, cell) {
  const index = column.indexOf(cell);
  return index && { step: column.step.index, of: column.backward ? "output" : "", cell: index };
}

/** A column around what is told of a step and its maps: its name, which grows it, above; how many maps are left out below. @param {Step} step @param {[HTMLElement, HTMLElement | undefined]} parts  the second: its maps @param {() => void} ongrow */
function frameOf(step, [told, maps], ongrow) {
  const open = h("button", { type: "button", class: "step-open", onclick: ongrow });
  const shape = h("span", { class: "step-shape" }, step.shape.slice(1).join("×") || String(step.shape[0] ?? ""));
  const more = h("button", { type: "button", class: "step-more", hidden: true, onclick: ongrow });
  const head = h("header", { class: "step-head" }, open, shape);
  const body = maps ?? h("p", { class: "note plain-box" }, step.message);
  const dataset = { step: step.index, op: step.op, kind: kindOf(step), look: "brief" };
  const element = h("section", { class: step.explained ? "step" : "step unknown", dataset }, head, told, body, more);
  return { element, head, open, more };
}

/** @param {Step} step */
const shortNameOf = ({ index, path, op }) =>
  index < 0 ? path || t("network.input") : op === "input" ? path || op : shortName(op);

/**
 * Where something stands on the track, px; null where it does not. @param {HTMLElement} element @param {import("../../lib/curves.js").Box | null} inside of it
 * @returns {import("../../lib/curves.js").Box | null}
 */
function placed(element, inside) {
  if (!element.offsetParent) return null;
  const { offsetLeft: x, offsetTop: y, offsetWidth: width, offsetHeight: height } = element;
  return inside ? { ...inside, x: x + inside.x, y: y + inside.y } : { x, y, width, height };
}

/** The first cell of a channel, of a vector a value's. @param {MapLayout} map @param {number} channel @returns {Cell} */
const firstOf = ({ size, columns }, channel) =>
  size.length > 1
    ? { channel, row: 0, column: 0 }
    : { channel: 0, row: Math.floor(channel / columns), column: channel % columns };

/**
 * Lay a column's maps out: as many as there is room for, or the first ones in a line.
 * @param {ReturnType<typeof createPicture>} picture @param {MapLayout} map @param {number} shown maps
 * @param {Stand} stand
 */
function lay(picture, map, shown, { look, side, most, width, height, turned, zoom }) {
  if (look === "whole") {
    const vector = map.channels === 1 && map.columns > 1 && map.size.length === 1;
    const laid = vector ? stripOf(map, width, height) : map;
    picture.lay(laid, height ? filling(laid, shown, width, height) : gridOf(laid, shown));
    picture.resize(zoom);
    return;
  }
  const [across, long] = [side * zoom, most * (side + GAP) * zoom];
  if (map.size.length > 1) picture.lay(map, lineOf(map, shown, across, turned, GAP * zoom));
  else if (map.columns === 1) picture.lay(map, lineOf(map, 1, Math.min(SCORE * zoom * map.rows, long), false));
  else {
    const laid = turned ? stripOf(map, long, across) : stripOf(map, across, long);
    picture.lay(laid, lineOf(laid, 1, laid.zoom * Math.max(laid.rows, laid.columns), false));
  }
}
