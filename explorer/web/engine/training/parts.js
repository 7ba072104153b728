/** The pictures of a run: those it learns from, and those it holds back. The twin of `core/training/pictures.py`. */

import { Refused } from "../place.js";
import { holdBack, pick } from "./pictures.js";

/** @typedef {import("./pictures.js").Pictures} Pictures */
/** @typedef {import("./sheet.js").Named} Named */
/** Where pictures come from: the digits that Python drew, and those of MNIST, null where none were published. @typedef {{ digits: () => Promise<Named>, examples: (() => Promise<Named>) | null }} Reader */

/** @param {Reader} reader @param {import("./settings.js").Settings} settings @returns {Promise<{ training: Pictures, held: Pictures }>} */
export async function partsOf(reader, { source, count, share, validation, recipe: { seed } }) {
  const found = source === "mnist" ? thinned(await mnistOf(reader), share, seed) : first(await reader.digits(), count);
  return holdBack(found, validation, seed);
}

/** @param {Reader} reader @returns {Promise<Named>} */
export async function mnistOf({ examples }) {
  if (examples) return examples();
  throw new Refused("no picture of MNIST came with these pages", "engine.examples");
}

/** A share of every class, drawn by the seed. @param {Pictures} pictures @param {number} share @param {number} seed */
const thinned = (pictures, share, seed) => (share < 1 ? holdBack(pictures, 1 - share, seed, 0).training : pictures);

/** @param {Pictures} digits @param {number} count */
function first(digits, count) {
  const most = digits.labels.length;
  const told = { setting: "count", value: count, low: 1, high: most };
  if (count > most) throw new Refused(`there are ${most} drawn digits here, got ${count}`, "told.setting.range", told);
  return pick(
    digits,
    Uint32Array.from({ length: count }, (_, k) => k),
  );
}
