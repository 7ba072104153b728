/** The maps of one column: which of them are here, as they crossed the wire, painted and read. */

import { floatsFromBase64, fromBase64, readout, valueOf, ZERO } from "../../lib/codes.js";
import { mapCell, tensorIndex } from "../../lib/layout.js";
import { kept as keptAmong } from "../../lib/levels.js";
import { t } from "../i18n.js";
import { isFlat, lookupsOf } from "./shades.js";

/** @typedef {import("../../lib/contract/network.js").Step} Step */
/** @typedef {import("../../lib/contract/network.js").MapLayout} MapLayout */
/** @typedef {import("../../lib/contract/network.js").Maps} Maps */
/** @typedef {import("../../lib/layout.js").Cell} Cell */
/** @typedef {ReturnType<typeof import("./picture.js").createPicture>} Picture */
/** The channel of each map here, with what it was sorted by. @typedef {{ channels: ArrayLike<number>, strengths?: (number | string)[] }} Shown */

/** @param {Step} step @param {MapLayout} map @param {Picture} picture */
export function createMaps(step, map, picture) {
  /** The scale of each map here, and the codes of all of them. */
  let scales = new Float32Array(0);
  let codes = new Uint8Array(0);
  /** @type {Shown} */
  let shown = { channels: [] };
  /** Channels that have to be among the maps shown, the most important first. @type {number[]} */
  let kept = [];
  let dirty = false;

  const maps = {
    /** The largest |value| of the whole step. */
    peak: 0,
    /** Whether the maps are gradients. */
    backward: false,

    /** How many maps are here. */
    get count() {
      return scales.length;
    },

    /** Whose maps are here, of the first so many. @param {number} room */
    channels: (room) => Array.from(shown.channels).slice(0, room),

    /** Keep channels among the maps. @param {number[]} channels the most important first */
    keep(channels) {
      kept = channels;
    },

    /** Whether a kept channel has no map here. @param {number} room how many maps there is room for */
    lacks: (room) => kept.slice(0, room).some((channel) => !maps.channels(room).includes(channel)),

    /** The channels that are to come before all others. @param {number} room @param {boolean} hold those that are shown stay */
    held: (room, hold) => keptAmong(hold ? maps.channels(room) : [], kept, room),

    /** The step with the colour scale its maps have now: gradients have a sign. @returns {Step} */
    scaled: () => (maps.backward ? { ...step, scale: "diverging" } : step),

    /** @param {Maps} answer @param {number} largest |value| of the whole step @param {boolean} backward the maps are gradients */
    take(answer, largest, backward) {
      maps.backward = backward;
      scales = floatsFromBase64(answer.scales);
      codes = fromBase64(answer.data);
      shown = {
        channels: answer.channels ?? Array.from(scales, (_, k) => answer.first + k),
        strengths: answer.strengths,
      };
      maps.peak = largest;
      dirty = true;
    },

    /** The maps that are here are of no use any more. */
    drop() {
      scales = new Float32Array(0);
      picture.clear();
    },

    /** What is painted is gone. */
    spoil() {
      dirty = true;
    },

    /** Paint what changed. @param {number | null} full the value at the end of the colour scale, null for each map's own largest */
    paint(full) {
      if (!dirty || !scales.length) return;
      dirty = false;
      picture.paint(codes, lookupsOf(maps.scaled(), scales.subarray(0, picture.grid.channels), codes, map.count, full));
    },

    /** What stands at a cell; null where there is no map. @param {Cell} cell */
    read(cell) {
      if (cell.channel >= scales.length) return null;
      const scale = scales[cell.channel];
      const position = cell.row * picture.map.columns + cell.column;
      const value = valueOf(codes[cell.channel * map.count + position], scale);
      return {
        value,
        scale,
        label: map.size.length === 1 ? (map.labels[position] ?? t("network.position", { index: position })) : null,
        text: readout(value, scale),
        channel: shown.channels[cell.channel],
        strength: shown.strengths?.[cell.channel],
        row: cell.row * map.block,
        column: cell.column * map.block,
        flat: isFlat(codes, map.count, cell.channel),
      };
    },

    /** The cell of the largest |value| among those shown. @returns {Cell | null} */
    strongest() {
      if (!scales.length) return null;
      const largest = scales
        .subarray(0, picture.grid.channels)
        .reduce((best, scale, k, all) => (scale > all[best] ? k : best), 0);
      const own = codes.subarray(largest * map.count, (largest + 1) * map.count);
      const at = own.reduce((best, code, k) => (Math.abs(code - ZERO) > Math.abs(own[best] - ZERO) ? k : best), 0);
      const { columns } = picture.map;
      return { channel: largest, row: Math.floor(at / columns), column: at % columns };
    },

    /** Where a tensor's element is among the maps shown, null where it is not. @param {number[]} index @returns {Cell | null} */
    cellOf(index) {
      if (index.length !== step.shape.length || index.some((at, axis) => at >= step.shape[axis])) return null;
      const cell = mapCell(picture.map, index);
      const place = Array.from(shown.channels).indexOf(cell.channel);
      return place >= 0 && place < picture.grid.channels ? { ...cell, channel: place } : null;
    },

    /** The tensor's element of a cell. @param {Cell} cell @returns {number[]} */
    indexOf: (cell) =>
      tensorIndex(picture.map, step.shape.length, { ...cell, channel: shown.channels[cell.channel] ?? cell.channel }),

    /** The channel of a tensor's element, null for what is no index of it. @param {number[]} index */
    channelOf: (index) => (index.length === step.shape.length ? mapCell(map, index).channel : null),

    /** Outline cells. @param {import("../../lib/field.js").Block[]} blocks @param {"made" | "makes"} relation */
    outline: (blocks, relation) => picture.outline(blocks, shown.channels, relation),
  };
  return maps;
}
