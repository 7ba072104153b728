/** What the network of a moment makes of the current drawing: its maps and its prediction. */

import { shownInput } from "../parts/input_state.js";
import { createNetwork } from "../parts/network/network.js";
import { createPrediction } from "../parts/prediction.js";
import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { page } from "../parts/page.js";

/**
 * @param {{
 *   server: import("../lib/contract/train.js").Server, example: import("../lib/strokes.js").Stroke[], onopen: (place: import("../lib/link.js").Place) => void,
 *   onseen: (model: string, prediction: import("../lib/contract/network.js").Prediction) => void, onfail: (error: Error) => void,
 * }} options
 *   `example` stands in while nothing was drawn; `onopen`: a number was chosen
 */
export function createObserved({ server, example, onopen, onseen, onfail }) {
  const prediction = createPrediction({ onopen: (index) => onopen({ step: -1, of: "class", cell: [0, index] }) });
  const network = createNetwork({ onwant: () => see(), onopen, onfield: () => {} });
  /** @type {HTMLElement} */
  const standIn = h("p", { class: "note", dataset: { i18n: "train.moment.example" } });
  /** @type {HTMLElement} */
  const seen = h(
    "section",
    { class: "judged-part" },
    h("h3", { dataset: { i18n: "train.moment.drawing" } }),
    standIn,
    prediction.element,
  );
  let [model, structure] = ["", ""];
  /** @type {import("../lib/contract/draw.js").Observed | null} */
  let answered = null;

  const observe = newestOnly(
    (/** @type {import("../lib/contract/draw.js").ObserveRequest & { version: number }} */ { version, ...input }) =>
      ask(server.observe, input, t("error.unreachable")),
    (answer, input) => {
      if (input.model !== model) return;
      if (answer.description) {
        structure = answer.description.structure;
        network.describe(answer.description);
        fillWords(network.element);
      }
      answered = answer;
      network.show(answer, input.version);
      prediction.show(answer.prediction, null);
      onseen(input.model, answer.prediction);
      if (answer.description && !answer.maps.length) see();
    },
    onfail,
  );

  /** Ask for the maps in view that are not there. */
  function see() {
    if (!model) return;
    const shown = shownInput();
    const drawn = shown.source !== null || shown.strokes.length > 0;
    standIn.hidden = drawn;
    observe({
      ...shown,
      ...(drawn ? {} : { strokes: example }),
      model,
      label: page.get("label"),
      edits: [],
      wanted: network.wanted,
      version: network.version,
      structure,
    });
  }

  /** Ask what the network makes of the drawing, of which nothing is known yet. */
  function look() {
    network.expire();
    see();
  }

  page.on(["ink", "pen", "centred", "label", "source", "perturbation", "tab"], () => {
    if (page.get("tab") === "train") look();
  });

  return {
    prediction: seen,
    network: network.element,
    /** The network that is looked at; "" until one is known. */
    get model() {
      return model;
    },
    /** @param {string} name of the moment's network */
    show(name) {
      model = name;
      look();
    },
    /** Another run is watched, of which nothing was seen. */
    forget() {
      [model, structure, answered] = ["", "", null];
    },
    redraw() {
      network.repaint();
      network.relabel();
      if (answered) prediction.show(answered.prediction, null);
    },
  };
}
