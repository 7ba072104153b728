/** What is shown to the network, as the page keeps it and as a request carries it (see explorer/screen/inputs.py). */

import { isFile } from "../lib/link.js";
import { page } from "./page.js";

/** The parts of a request that say what the network is shown. @returns {import("../lib/contract/draw.js").Shown} */
export function shownInput() {
  const source = page.get("source");
  return {
    strokes: source ? [] : page.get("ink"),
    brush: page.get("pen"),
    centred: page.get("centred"),
    source: isFile(source) ? { width: source.width, height: source.height, data: source.data } : source,
    perturbation: page.get("perturbation"),
  };
}
