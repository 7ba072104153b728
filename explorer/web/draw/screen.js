/** Where the parts of the Draw page stand: the input band, the flow bar, the network with what is opened of it, and the foot. */

import { h } from "../parts/dom.js";
import { createPopover } from "../parts/popover.js";

/** @typedef {ReturnType<typeof import("../parts/network/network.js").createNetwork>} Network */

/** Digits to begin with. @param {{ label: number, strokes: import("../lib/strokes.js").Stroke[] }[]} examples @param {(strokes: import("../lib/strokes.js").Stroke[]) => void} onplay */
export const exampleButtons = (examples, onplay) =>
  h(
    "div",
    { class: "examples", role: "group", dataset: { i18nAria: "examples.title" } },
    h("span", { class: "note", dataset: { i18n: "examples.title" } }),
    ...examples.map(({ label, strokes }) =>
      h(
        "button",
        { type: "button", class: "tool", dataset: { example: label }, onclick: () => onplay(strokes) },
        String(label),
      ),
    ),
  );

/** The button that lets light run through the network. @param {() => void} onclick */
export const playButton = (onclick) =>
  h(
    "button",
    {
      type: "button",
      class: "tool play-flow",
      dataset: { i18nTitle: "flow.play.why", i18nAria: "flow.play" },
      onclick,
    },
    h("span", { "aria-hidden": "true" }, "▶"),
    h("span", { class: "word", dataset: { i18n: "flow.play" } }),
  );

/** The panels over the page: other inputs, what the input goes through, how the network is shown. @param {Record<"inputs" | "prepared" | "view", Node[]>} parts @param {() => void} onprepared called when what the input goes through is in view */
export const createPopovers = ({ inputs, prepared, view }, onprepared) => ({
  inputs: createPopover({ words: "input.more", title: "input.more.why", name: "inputs", children: inputs }),
  prepared: createPopover({
    words: "strip.more",
    title: "strip.more.why",
    name: "prepared",
    children: prepared,
    onopen: onprepared,
  }),
  view: createPopover({ words: "view.title", title: "view.title.why", name: "view", children: view }),
});

/**
 * @param {{ slim: boolean, pad: HTMLElement, ink: Node[], verdict: Node[], shares: Node[], chips: Node[], guide: Node[], flow: Node[],
 *   network: Network, cell: HTMLElement, gallery: HTMLElement, drawer: { body: HTMLElement, tabs: HTMLElement }, problems: HTMLElement[] }} parts
 */
export const screen = ({ slim, pad, ink, verdict, shares, chips, guide, flow, network, ...parts }) =>
  h(
    "div",
    { class: slim ? "draw slim" : "draw" },
    h(
      "div",
      { class: "draw-top" },
      pad,
      h("div", { class: "draw-ink" }, ...ink),
      h(
        "section",
        { class: "prediction", dataset: { i18nAria: "prediction.title" } },
        h(
          "div",
          { class: "draw-verdict" },
          ...verdict,
          h("div", { class: "chips" }, ...chips),
          h("div", { class: "examples-or-guide" }, ...guide),
          network.controls.learning,
        ),
        ...shares,
      ),
    ),
    h("div", { class: "flow" }, ...flow),
    network.element,
    parts.cell,
    parts.gallery,
    parts.drawer.body,
    h("div", { class: "draw-foot" }, parts.drawer.tabs, network.controls.curves, network.controls.legend),
    ...parts.problems,
  );
