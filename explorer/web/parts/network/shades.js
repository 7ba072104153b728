/** How the codes of a step's maps become colours. */

import { valueOf, ZERO } from "../../lib/codes.js";
import { colourTable, positionOf, tableIndex } from "../../lib/colour.js";
import { page } from "../page.js";

/** @typedef {Pick<import("./column.js").Step, "scale" | "low" | "high">} Scaled */

/**
 * Whether a map has one value all over, other than 0: on a scale of its own it has no pattern to show.
 * @param {Uint8Array} codes of all maps @param {number} count values of a map @param {number} place of the map
 */
export function isFlat(codes, count, place) {
  const map = codes.subarray(place * count, (place + 1) * count);
  return map.length > 1 && map[0] !== 0 && map[0] !== ZERO && map.every((code) => code === map[0]);
}

/** The colour of each of the 256 codes. @param {Scaled} step @param {number} scale of the codes @param {number} full the value at the scale's end */
function lookupOf(step, scale, full) {
  const table = colourTable(step.scale, page.get("dark"));
  return Uint32Array.from(
    { length: 256 },
    (_, code) => table[tableIndex(step.scale, positionOf(step, valueOf(code, scale), full))],
  );
}

/** What maps on scales of their own share, by theme: the colours of signed values, and those of one value all over. @type {Map<boolean, Uint32Array[]>} */
const shared = new Map();

/** @returns {Uint32Array[]} */
function ownLookups() {
  const dark = page.get("dark");
  let found = shared.get(dark);
  if (!found) {
    const scales = /** @type {const} */ (["diverging", "flat"]);
    found = scales.map((scale) => lookupOf({ scale, low: 0, high: 1 }, 1, 1));
    shared.set(dark, found);
  }
  return found;
}

/**
 * The colour of each code for each map. On its own scale every map of a signed step has the same colours, and a flat one none.
 * @param {Scaled} step @param {Float32Array} scales of the maps @param {Uint8Array} codes @param {number} count values of a map
 * @param {number | null} full the value at the end of the colour scale, null for each map's own largest
 */
export function lookupsOf(step, scales, codes, count, full) {
  if (full !== null || step.scale !== "diverging")
    return Array.from(scales, (scale) => lookupOf(step, scale, full ?? scale));
  const [signed, flat] = ownLookups();
  return Array.from(scales, (_, place) => (isFlat(codes, count, place) ? flat : signed));
}
