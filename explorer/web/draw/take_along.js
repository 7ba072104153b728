/** What a person can take along of the whole Draw page: the network as a picture, the preprocessing, the input, the prediction. */

import { floatsFromBase64 } from "../lib/codes.js";
import { csv, npy } from "../lib/export.js";
import { save } from "../parts/save.js";
import { createMenu } from "../parts/menu.js";
import { pngFile, svgFile } from "../parts/snapshot.js";
import { mapRows } from "./cell_export.js";

/** How often a network that is unrolled to be saved is looked at, and for how long at most, until all its maps are there, ms. */
const POLL_MS = 50;
const LONGEST_MS = 10_000;

/**
 * @param {{ request: import("../lib/contract/draw.js").Request, network: { element: HTMLElement, complete: boolean }, strip: (draw: (element: HTMLElement) => Promise<Blob>) => Promise<Blob>, prediction: () => any, onfail: (error: Error) => void }} options
 *   `strip` shows the preprocessing while it is drawn; `prediction`: the last answered one
 */
export function createTakeAlong({ request, network, strip, prediction, onfail }) {
  /** The network from its first column to its last, drawn once what was scrolled out of sight is painted. @param {(element: HTMLElement) => Blob | Promise<Blob>} draw */
  async function unrolled(draw) {
    const track = /** @type {HTMLElement} */ (network.element.querySelector(".steps"));
    const { overflow, width } = track.style;
    Object.assign(track.style, { overflow: "visible", width: "max-content" });
    try {
      const until = performance.now() + LONGEST_MS;
      do await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      while (!network.complete && performance.now() < until);
      return await draw(track);
    } finally {
      Object.assign(track.style, { overflow, width });
    }
  }

  /** The model's input, every number of it. */
  async function input() {
    const { shape, data } = await request("exact", { step: -1, of: "", cell: [] });
    return { shape, values: floatsFromBase64(data) };
  }

  const shares = () =>
    prediction().classes.map((/** @type {string} */ name, /** @type {number} */ k) => [
      name,
      prediction().probabilities[k],
    ]);
  const menu = createMenu({
    words: "draw.save",
    title: "draw.save.why",
    onfail,
    choices: [
      { words: "draw.save.network.png", run: async () => save(await unrolled(pngFile), "convscope-network.png") },
      { words: "draw.save.network.svg", run: async () => save(await unrolled(svgFile), "convscope-network.svg") },
      { words: "draw.save.strip", run: async () => save(await strip(pngFile), "convscope-preprocessing.png") },
      {
        words: "draw.save.input.csv",
        run: async () => {
          const { shape, values } = await input();
          save(
            csv(
              mapRows(
                { shape, values },
                shape.map(() => 0),
              ),
            ),
            "convscope-input.csv",
          );
        },
      },
      {
        words: "draw.save.input.npy",
        run: async () => {
          const { shape, values } = await input();
          save(npy(values, shape), "convscope-input.npy");
        },
      },
      {
        words: "draw.save.prediction",
        run: () => save(csv([["class", "probability"], ...shares()]), "convscope-prediction.csv"),
      },
    ],
  });
  return { element: menu.element, input };
}
