/** The kernels of a network's first convolution at a moment, each on a scale symmetric about 0. */

import { floatsFromBase64, fromBase64, valueOf } from "../lib/codes.js";
import { colourTable, tableIndex } from "../lib/colour.js";
import { canvas, h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { page } from "../parts/page.js";

const SIDE = 56;

export function createFilters() {
  const list = h("div", { class: "filters" });
  const about = h("p", { class: "note" });
  const element = h(
    "section",
    { class: "judged-part" },
    h("h3", { dataset: { i18n: "train.filters", i18nTitle: "train.filters.why" } }),
    about,
    list,
  );
  /** @type {import("../lib/contract/train.js").Filters | null} */
  let filters = null;

  function draw() {
    element.hidden = !filters?.shape.length;
    if (!filters || element.hidden) return;
    const [count, rows, columns] = filters.shape;
    const [scales, codes] = [floatsFromBase64(filters.scales), fromBase64(filters.data)];
    const table = colourTable("diverging", page.get("dark"));
    about.textContent = t("train.filters.about", {
      path: filters.path,
      size: `${rows}×${columns}`,
      channels: filters.channels,
    });
    list.replaceChildren(
      ...Array.from({ length: count }, (_, k) => {
        const image = new ImageData(columns, rows);
        const words = new Uint32Array(image.data.buffer);
        for (let at = 0; at < rows * columns; at++)
          words[at] =
            table[
              tableIndex(
                "diverging",
                scales[k] > 0 ? valueOf(codes[k * rows * columns + at], scales[k]) / scales[k] : 0,
              )
            ];
        const label = t("train.filters.one", { number: k, scale: short(scales[k], 3) });
        const surface = canvas(columns, rows, {
          class: "filter",
          role: "img",
          "aria-label": label,
          title: label,
          style: { width: `${SIDE}px`, height: `${(SIDE * rows) / columns}px` },
        });
        /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d")).putImageData(image, 0, 0);
        return surface;
      }),
    );
  }

  return {
    element,
    redraw: draw,
    /** @param {import("../lib/contract/train.js").Filters} found */
    show(found) {
      filters = found;
      draw();
    },
  };
}
