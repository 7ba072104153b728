/** The time line of a run: at any kept moment, the filters, and what the network of then makes of the current drawing. */

import { createPlayer } from "../parts/player.js";
import { nearest } from "../lib/axes.js";
import { fromBase64 } from "../lib/codes.js";
import { h } from "../parts/dom.js";
import { save } from "../parts/save.js";
import { t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { onscreen } from "../parts/onscreen.js";
import { page } from "../parts/page.js";
import { createFilters } from "./filters.js";
import { createMomentBar } from "./moment_bar.js";
import { createObserved } from "./observed.js";
import { createSlow } from "./slow.js";

/** A moment of the film, ms at speed 1. */
const PACE = 500;

/** @typedef {import("../lib/telling.js").Kept} Kept */

/** The step of a moment's network, RUN/MODEL@STEP. @param {string} name */
const stepOf = (name) => Number(name.slice(name.lastIndexOf("@") + 1));

/**
 * @param {{ server: import("../lib/contract/train.js").Server, example: import("../lib/strokes.js").Stroke[], onmoment: (kept: Kept) => void, onfail: (error: Error) => void }} options
 *   `example` stands in while nothing was drawn
 */
export function createMoment({ server, example, onmoment, onfail }) {
  let [run, model] = ["", ""];
  /** @type {Kept[]} */
  let kept = [];
  /** What was fetched of this run's moments. @type {Map<number, import("../lib/live.js").AnswerOf<typeof server.moment>>} */
  const known = new Map();

  const player = createPlayer({ pace: () => PACE, onshow: choose, words: "transport.moment" });
  const bar = createMomentBar({
    onexplore: () => open([]),
    oncompare: () => open([], { compare: { with: "model", model, step: null } }),
    onsave: take,
    onfail,
  });
  const filters = createFilters();
  const observed = createObserved({
    server,
    example,
    onopen: (place) => open([place]),
    onseen: (name, prediction) => onscreen.set({ moment: { step: stepOf(name), prediction } }),
    onfail,
  });
  const slow = createSlow({
    server,
    moment: () => (kept[player.at] ? { name: run, model, step: kept[player.at].step } : null),
  });
  /** @type {HTMLElement} */
  const element = h(
    "section",
    { class: "moment", dataset: { i18nAria: "train.moment" } },
    bar.element,
    player.element,
    h("div", { class: "moment-seen" }, filters.element, observed.prediction),
    observed.network,
    slow.element,
  );

  const fetchMoment = newestOnly(
    (/** @type {{ run: string, step: number }} */ wanted) =>
      (wanted.run === run ? known.get(wanted.step) : undefined) ??
      ask(server.moment, { name: wanted.run, model, step: wanted.step }, t("error.unreachable")),
    (found, wanted) => {
      if (wanted.run !== run) return;
      known.set(wanted.step, found);
      if (kept[player.at]?.step !== wanted.step) return;
      filters.show(found.filters);
      observed.show(found.model);
    },
    onfail,
  );

  /** @param {Kept} moment */
  const say = ({ step, epoch }) => bar.say(t("train.moment.at", { step: step.toLocaleString("en"), epoch }));

  /** @param {number} at */
  function choose(at) {
    const moment = kept[at];
    if (!moment) return;
    say(moment);
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

  /** Explore this moment's network on the Draw page. @param {import("../lib/link.js").Place[]} cells opened there @param {{ compare?: import("../lib/link.js").Compared }} [more] */
  function open(cells, more = {}) {
    if (observed.model) page.set({ tab: "draw", model: observed.model, cells, edits: [], ...more });
  }

  return {
    element,
    onkey: player.onkey,
    get model() {
      return observed.model;
    },
    redraw() {
      filters.redraw();
      observed.redraw();
      slow.redraw();
      if (kept[player.at]) say(kept[player.at]);
    },
    /** Go to the kept moment that is nearest to a step. @param {number} step */
    go(step) {
      const steps = kept.map((moment) => /** @type {[number, number]} */ ([moment.step, 0]));
      if (steps.length) player.seek(nearest(steps, step));
    },
    /** @param {import("./list.js").Run} of @param {Kept[]} moments */
    show(of, moments) {
      const fresh = of.name !== run;
      if (fresh) {
        [run, model] = [of.name, of.model];
        observed.forget();
        onscreen.set({ moment: null });
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
