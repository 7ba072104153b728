/** The panels of the drawer, Why and Compare: which is open is part of the page's state. */

import { page } from "../parts/page.js";
import { drawing } from "./asking.js";
import { createCompare } from "./compare.js";
import { createDrawer } from "./drawer.js";
import { createWhy } from "./why.js";

/** Open a panel of the drawer, or close it. @param {string | null} name */
export function openPanel(name) {
  page.set({
    why: name === "why" ? (page.get("why") ?? { target: null, layer: null }) : null,
    compare:
      name === "compare"
        ? (page.get("compare") ?? { with: page.get("edits").length ? "changes" : "model", step: null })
        : null,
  });
}

/**
 * @param {{ server: import("../lib/contract/draw.js").Server, request: import("../lib/contract/draw.js").Request, predicted: () => number | null }} options
 *   `request` asks the server about what is on the pad; `predicted`: the class that it is read as
 */
export function createPanels({ server, request, predicted }) {
  const why = createWhy({ request, predicted });
  const compare = createCompare({ server, drawing });
  const drawer = createDrawer({
    panels: [
      { name: "why", words: "why.title", title: "why.title.why", element: why.element },
      { name: "compare", words: "compare.title", title: "compare.title.why", element: compare.element },
    ],
    onopen: openPanel,
  });
  const show = () => drawer.show(page.get("why") ? "why" : page.get("compare") ? "compare" : null);
  page.on(["why", "compare"], show);
  show();

  return {
    body: drawer.body,
    tabs: drawer.tabs,

    /** The drawing is another one. */
    refresh() {
      why.refresh();
      compare.refresh();
    },
  };
}
