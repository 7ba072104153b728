/** What is shown to the network, as the page keeps it and as a request carries it (see explorer/draw/inputs.py). */

import { page } from "./page.js";

/**
 * A picture file scaled down to grey bytes, 0 black, in base64; `name` and `notes` stay in the page.
 * @typedef {{ width: number, height: number, data: string, name: string, notes: import("./upload.js").Note[] }} PictureSource
 */
/** Besides the strokes, for which it is null. @typedef {{ digit: number } | PictureSource | null} Source */

/** The parts of a request that say what the network is shown. */
export function shownInput() {
  /** @type {Source} */
  const source = page.get("source");
  return {
    strokes: source ? [] : page.get("ink"),
    brush: page.get("pen"),
    centred: page.get("centred"),
    source: source && "data" in source ? { width: source.width, height: source.height, data: source.data } : source,
    perturbation: page.get("perturbation"),
  };
}
