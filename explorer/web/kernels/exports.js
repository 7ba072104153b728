/** What a person can take along from the Kernels page. */

import { csv, npy } from "../lib/export.js";
import { save } from "../parts/save.js";
import { torchProgram } from "../lib/listing.js";
import { createMenu } from "../parts/menu.js";

/** @typedef {{ stage: import("../lib/kernels_state.js").Stage, link: import("./chain.js").Link | null, picture: import("../lib/pictures.js").Picture | import("../lib/maps.js").FeatureMap | null,
 *   screens: { input: import("./screen.js").Screen, output: import("./screen.js").Screen } }} View */

/** @param {{ state: () => import("../lib/kernels_state.js").State, view: () => View }} options */
export function createExports({ state, view }) {
  /** @param {import("./screen.js").Screen} screen @param {string} name */
  const picture = (screen, name) =>
    new Promise((done, fail) =>
      screen.surface.toBlob((blob) => (blob ? done(save(blob, name)) : fail(new Error(name))), "image/png"),
    );
  /** The picture that the chain starts from, exactly: a program can read it. */
  async function source() {
    const { picture: given } = view();
    if (!given) return;
    if ("values" in given) save(npy(given.values, [given.height, given.width]), "map.npy");
    else {
      const surface = new OffscreenCanvas(given.width, given.height);
      /** @type {OffscreenCanvasRenderingContext2D} */ (surface.getContext("2d")).putImageData(
        new ImageData(given.data, given.width, given.height),
        0,
        0,
      );
      save(await surface.convertToBlob({ type: "image/png" }), "picture.png");
    }
  }
  /** The values of the result, before they were painted. */
  function values() {
    const { stage, link } = view();
    if (!link?.sums || !link.laid) return;
    const { rows, columns } = link.laid.geometry;
    const all = new Float64Array(link.sums.length * rows.output * columns.output);
    link.sums.forEach((plane, c) =>
      all.set(
        plane.map((sum) => sum / link.divisor + stage.bias),
        c * plane.length,
      ),
    );
    save(npy(all, [link.sums.length, rows.output, columns.output]), "result.npy");
  }
  const kernel = () => view().stage.kernel;
  return createMenu({
    words: "kernels.export",
    title: "kernels.export.why",
    choices: [
      { words: "kernels.export.picture", run: source },
      { words: "kernels.export.result", run: () => picture(view().screens.output, "result.png").then(() => {}) },
      { words: "kernels.export.values", run: values },
      {
        words: "kernels.export.csv",
        run: () =>
          save(
            csv(
              Array.from({ length: kernel().rows }, (_, i) =>
                kernel().values.slice(i * kernel().columns, (i + 1) * kernel().columns),
              ),
            ),
            "kernel.csv",
          ),
      },
      {
        words: "kernels.export.npy",
        run: () => save(npy(Float64Array.from(kernel().values), [kernel().rows, kernel().columns]), "kernel.npy"),
      },
      {
        words: "kernels.export.torch",
        run: () =>
          save(
            new Blob([torchProgram(state(), "values" in (view().picture ?? {}))], { type: "text/x-python" }),
            "kernels.py",
          ),
      },
    ],
  });
}
