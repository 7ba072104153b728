/** What stands out in a layer: its largest value, its channels that are all 0, and the kernels behind its maps. */

import { h } from "../dom.js";
import { floatsFromBase64, fromBase64, readout, valueOf } from "../../lib/codes.js";
import { filling } from "../../lib/layout.js";
import { short } from "../../lib/numbers.js";
import { t } from "../i18n.js";
import { listenTo } from "./column_events.js";
import { createPicture } from "./picture.js";
import { lookupOf } from "./ramp.js";
import { termed } from "./term.js";

/** @typedef {import("../../lib/contract/network.js").Step} Step */
/** @typedef {import("../../lib/contract/draw.js").Layer} Layer */
/** @typedef {import("../../lib/contract/draw.js").Kernels} Kernels */
/** @typedef {import("../../lib/link.js").Place} Place */

/** Room for the kernels, and between two of them, px. */
const WIDTH = 216,
  HEIGHT = 170,
  GAP = 5;

/**
 * @param {Step} step
 * @param {{ onplace: (place: Place) => void, onchannel: (channel: number) => void }} options
 *   `onplace` with a value or weight that is to be opened, `onchannel` with a channel that is to be seen
 */
export function createLayerFacts(step, { onplace, onchannel }) {
  const standsOut = h("p", { class: "layer-stands-out" });
  const kernels = h("div", { class: "layer-kernels" });
  /** @type {Layer | null} */
  let shown = null;
  /** Which of the channels that are 0 was seen last. */
  let seen = -1;

  const link = (/** @type {string} */ words, /** @type {string} */ title, /** @type {() => void} */ onclick) =>
    h("button", { type: "button", class: "link", title: t(title), onclick }, words);

  /** @param {Layer} layer @param {string} of "" for values, "output" for gradients */
  function facts({ largest, zero, channels }, of) {
    const words = t("layer.zero", { count: zero.length, channels });
    return [
      largest
        ? link(
            t("layer.largest", { value: short(largest.value, 3), cell: largest.cell.slice(1).join(", ") }),
            "layer.largest.open",
            () => onplace({ step: step.index, of, cell: largest.cell }),
          )
        : "",
      " · ",
      zero.length
        ? link(words, "layer.zero.open", () => {
            seen = (seen + 1) % zero.length;
            onchannel(zero[seen]);
          })
        : t("layer.zero.none"),
    ];
  }

  /** @param {Kernels} kernels */
  function kernelsPart({ rows, columns, inputs, of, ...answer }) {
    const [scales, codes] = [floatsFromBase64(answer.scales), fromBase64(answer.data)];
    const [channels, count] = [inputs.length, rows * columns];
    const map = {
      channels,
      rows,
      columns,
      count,
      block: 1,
      size: [channels, rows, columns],
      perPage: channels,
      labels: [],
    };
    const picture = createPicture(map, channels);
    picture.lay(map, filling(map, channels, WIDTH, HEIGHT, GAP));
    picture.paint(
      codes,
      Array.from(scales, (scale) => lookupOf(scale, scale)),
    );
    picture.surface.setAttribute("aria-label", t("layer.kernels"));
    const reading = h("p", { class: "layer-kernel-reading" });
    listenTo(picture, {
      onpoint: (cell) => {
        picture.mark(cell);
        const code = cell && codes[cell.channel * count + cell.row * columns + cell.column];
        reading.textContent =
          cell && code !== null
            ? t("layer.kernel", {
                map: cell.channel,
                input: inputs[cell.channel],
                row: cell.row,
                column: cell.column,
                value: readout(valueOf(code, scales[cell.channel]), scales[cell.channel]),
              })
            : "";
      },
      onopen: ({ channel, row, column }) =>
        onplace({ step: step.index, of: "weight", cell: [channel, inputs[channel], row, column] }),
    });
    return [
      h("h4", {}, t("layer.kernels")),
      h("p", { class: "note" }, ...termed(t("layer.kernels.why", { of }), step)),
      picture.element,
      reading,
    ];
  }

  /** @param {Layer} layer @param {string} of "" for values, "output" for gradients @param {boolean} anew the kernels too */
  function draw(layer, of, anew) {
    standsOut.replaceChildren(...facts(layer, of));
    if (anew) kernels.replaceChildren(...(layer.kernels ? kernelsPart(layer.kernels) : []));
  }

  let gradients = "";
  return {
    standsOut,
    kernels,

    /** @param {Layer} layer @param {string} of "" for values, "output" for gradients */
    show(layer, of) {
      draw(layer, of, shown?.kernels?.data !== layer.kernels?.data); // whoever points at a kernel goes on
      [shown, gradients] = [layer, of];
    },

    relabel() {
      if (shown) draw(shown, gradients, true);
    },
  };
}
