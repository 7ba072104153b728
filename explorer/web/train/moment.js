/** The time line of a run: at any kept moment, the filters, and what the network of then makes of the current drawing. */

import { createPlayer } from "../parts/player.js";
import { shownInput } from "../parts/input_state.js";
import { createNetwork } from "../parts/network/network.js";
import { createPrediction } from "../parts/prediction.js";
import { nearest } from "../lib/axes.js";
import { fromBase64 } from "../lib/codes.js";
import { h } from "../parts/dom.js";
import { save } from "../parts/save.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { createMenu } from "../parts/menu.js";
import { page } from "../parts/page.js";
import { createFilters } from "./filters.js";
import { createSlow } from "./slow.js";

/** A moment of the film, ms at speed 1. */
const PACE = 500;

/**
 * @param {{ server: import("../lib/contract/train.js").Server, example: import("../lib/strokes.js").Stroke[], onmoment: (kept: import("../lib/telling.js").Kept) => void, onfail: (error: Error) => void }} options
 *   `example` stands in while nothing was drawn
 */
export function createMoment({ server, example, onmoment, onfail }) {
  const player = createPlayer({ pace: () => PACE, onshow: choose, words: "transport.moment" });
  const caption = h("p", { class: "moment-caption", role: "status" });
  const explore = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "train.explore", i18nTitle: "train.explore.why" },
    onclick: () => open([]),
  });
  const compare = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "train.compare", i18nTitle: "train.compare.why" },
    onclick: () => {
      if (looked)
        page.set({ tab: "draw", model: looked, cells: [], edits: [], compare: { with: "model", model, step: null } });
    },
  });
  const exported = createMenu({
    words: "train.export",
    title: "train.export.why",
    onfail,
    choices: [
      { words: "train.export.safetensors", run: () => take(".safetensors") },
      { words: "train.export.onnx", run: () => take(".onnx") },
      { words: "train.export.program", run: () => take(".pt2") },
    ],
  });
  const filters = createFilters();
  const prediction = createPrediction({ onopen: (index) => open([{ step: -1, of: "class", cell: [0, index] }]) });
  const standIn = h("p", { class: "note", dataset: { i18n: "train.moment.example" } });
  const network = createNetwork({ onwant: () => see(), onopen: (place) => open([place]), onfield: () => {} });
  const slow = createSlow({
    server,
    moment: () => (kept[player.at] ? { name: run, model, step: kept[player.at].step } : null),
  });
  const element = h(
    "section",
    { class: "moment", dataset: { i18nAria: "train.moment" } },
    h(
      "div",
      { class: "moment-bar" },
      h("h3", { dataset: { i18n: "train.moment", i18nTitle: "train.moment.why" } }),
      caption,
      explore,
      compare,
      exported.element,
    ),
    player.element,
    h(
      "div",
      { class: "moment-seen" },
      filters.element,
      h(
        "section",
        { class: "judged-part" },
        h("h3", { dataset: { i18n: "train.moment.drawing" } }),
        standIn,
        prediction.element,
      ),
    ),
    network.element,
    slow.element,
  );

  let [run, model] = ["", ""];
  /** @type {import("../lib/telling.js").Kept[]} */
  let kept = [];
  let structure = "";
  let looked = "";
  /** @type {import("../lib/contract/draw.js").Observed | null} */
  let answered = null;
  /** What was fetched of this run's moments. @type {Map<number, import("../lib/live.js").AnswerOf<typeof server.moment>>} */
  const known = new Map();

  const fetchMoment = newestOnly(
    (/** @type {{ run: string, step: number }} */ wanted) =>
      (wanted.run === run ? known.get(wanted.step) : undefined) ??
      ask(server.moment, { name: wanted.run, model, step: wanted.step }, t("error.unreachable")),
    (found, wanted) => {
      if (wanted.run !== run) return;
      known.set(wanted.step, found);
      if (kept[player.at]?.step !== wanted.step) return;
      filters.show(found.filters);
      looked = found.model;
      look();
    },
    onfail,
  );

  const observe = newestOnly(
    (/** @type {import("../lib/contract/draw.js").ObserveRequest & { version: number }} */ { version, ...input }) =>
      ask(server.observe, input, t("error.unreachable")),
    (answer, input) => {
      if (input.model !== looked) return;
      if (answer.description) {
        structure = answer.description.structure;
        network.describe(answer.description);
        fillWords(network.element);
      }
      answered = answer;
      network.show(answer, input.version);
      prediction.show(answer.prediction, null);
      if (answer.description && !answer.maps.length) see();
    },
    onfail,
  );

  /** Ask what the network of the chosen moment makes of the drawing, of which nothing is known yet. */
  function look() {
    network.expire();
    see();
  }

  /** Ask for the maps in view that are not there. */
  function see() {
    if (!looked) return;
    const shown = shownInput();
    const drawn = shown.source !== null || shown.strokes.length > 0;
    standIn.hidden = drawn;
    observe({
      ...shown,
      ...(drawn ? {} : { strokes: example }),
      model: looked,
      label: page.get("label"),
      edits: [],
      wanted: network.wanted,
      version: network.version,
      structure,
    });
  }

  /** @param {number} at */
  function choose(at) {
    const moment = kept[at];
    if (!moment) return;
    caption.textContent = t("train.moment.at", { step: moment.step.toLocaleString("en"), epoch: moment.epoch });
    fetchMoment({ run, step: moment.step });
    onmoment(moment);
    slow.load();
  }

  /** Save this moment's network as a file. @param {string} ending */
  async function take(ending) {
    const { file, data } = await ask(
      server.export_run,
      { name: run, step: kept[player.at].step, ending },
      t("error.unreachable"),
    );
    save(new Blob([fromBase64(data)]), file);
  }

  /** Explore this moment's network on the Draw page. @param {import("../lib/link.js").Place[]} cells opened there */
  function open(cells) {
    if (!looked) return;
    page.set({ tab: "draw", model: looked, cells, edits: [] });
  }

  page.on(["ink", "pen", "centred", "label", "source", "perturbation"], () => {
    if (page.get("tab") === "train") look();
  });
  page.on(["tab"], () => {
    if (page.get("tab") === "train") look();
  });

  return {
    element,
    onkey: player.onkey,
    get model() {
      return looked;
    },
    redraw() {
      filters.redraw();
      network.repaint();
      network.relabel();
      slow.redraw();
      if (answered) prediction.show(answered.prediction, null);
      const moment = kept[player.at];
      if (moment)
        caption.textContent = t("train.moment.at", { step: moment.step.toLocaleString("en"), epoch: moment.epoch });
    },
    /** Go to the kept moment that is nearest to a step. @param {number} step */
    go(step) {
      player.seek(
        nearest(
          kept.map((moment) => [moment.step, 0]),
          step,
        ),
      );
    },
    /** @param {import("./list.js").Run} of @param {import("../lib/telling.js").Kept[]} moments */
    show(of, moments) {
      const fresh = of.name !== run;
      if (fresh) {
        [run, model, structure, looked, answered] = [of.name, of.model, "", "", null];
        known.clear();
      }
      element.hidden = moments.length === 0;
      const grown = moments.length !== kept.length || fresh;
      const atEnd = fresh || player.at >= kept.length - 1;
      kept = moments;
      if (!grown || !moments.length) return;
      player.extend(moments.length);
      if (fresh || (atEnd && !slow.open)) player.seek(moments.length - 1);
    },
  };
}
