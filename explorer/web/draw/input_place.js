/**
 * Where the input stands: a pad for a model of ink, the picture for a model of pictures, nothing for one that takes neither.
 * In a slim band the pad waits behind a button, and the picture is the small one beside it.
 */

import { h } from "../parts/dom.js";
import { page } from "../parts/page.js";
import { cutRectangle, padRectangle } from "../lib/field.js";
import { createWell } from "./input_well.js";
import { inkOf } from "./strip.js";

/** @typedef {import("../lib/contract/draw.js").Stages} Stages */
/** @typedef {import("../lib/field.js").Block} Block */

/**
 * @param {{ pad: ReturnType<typeof import("../parts/pad.js").createPad>, input: ReturnType<typeof import("./input.js").createInput>,
 *   strip: ReturnType<typeof import("./strip.js").createStrip>, inputs: { element: HTMLElement }, slim: boolean }} options
 *   `inputs`: the popover of further inputs
 */
export function createInputPlace({ pad, input, strip, inputs, slim }) {
  const well = createWell();
  const draw = h("button", {
    type: "button",
    class: "tool wide pad-opener",
    "aria-expanded": "false",
    dataset: { i18n: "input.pad", i18nTitle: "input.pad.why" },
    onclick: () => openPad(draw.getAttribute("aria-expanded") === "false"),
  });
  const element = h("div", { class: "draw-pad" }, pad.element, well.element);
  const slot = /** @type {HTMLElement} */ (inputs.element.querySelector(".popover-panel"));

  /** @param {boolean} on */
  function openPad(on) {
    draw.setAttribute("aria-expanded", String(on));
    element.hidden = !on;
  }

  return {
    element,
    /** Opens the pad of a slim band. */
    opener: draw,

    /** Make room for what a model takes. @param {import("../lib/contract/network.js").Takes} takes */
    follow(takes) {
      element.dataset.takes = takes;
      pad.element.hidden = takes !== "ink";
      well.element.hidden = takes !== "pictures";
      draw.hidden = !slim || takes !== "ink";
      if (slim) openPad(false);
      else element.hidden = takes === "tensors";
      const beside = takes === "pictures" && !slim;
      if (beside) well.tools.append(input.element, inputs.element);
      else {
        slot.prepend(input.element);
        if (!slim) pad.tools.append(inputs.element);
      }
      inputs.element.hidden = takes === "tensors";
    },

    /** @param {Stages} stages @param {boolean} example whether the model's example is shown */
    show(stages, example) {
      pad.lay(page.get("source") && !example ? inkOf(stages) : null);
      well.show(strip.drawn);
    },

    /** Outline what a cell is made of. @param {Block[] | null} blocks of input cells @param {Stages} [stages] */
    outline(blocks, stages) {
      if (!blocks || !stages) {
        pad.outline(null);
        well.outline(null);
      } else if (stages.kind === "ink") {
        const part = padRectangle(blocks, stages);
        pad.outline(part);
        well.outline(stages.empty ? cutRectangle(blocks, WHOLE) : part);
      } else well.outline(cutRectangle(blocks, stages));
    },
  };
}

/** An example is shown as it is. */
const WHOLE = { box: [0, 0, 1, 1], fits: [1, 1] };
