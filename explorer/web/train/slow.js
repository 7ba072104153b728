/** One batch in slow motion: its pictures, forward through the network, the loss, backward, and the step of every weight. */

import { createPlayer } from "../parts/player.js";
import { createNetwork } from "../parts/network/network.js";
import { percent } from "../parts/percent.js";
import { createPrediction } from "../parts/prediction.js";
import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { short } from "../lib/numbers.js";
import { lit, reached, runsBack, stagesOf } from "../lib/slow_motion.js";
import { thumbnail } from "./judged.js";
import { createUpdate } from "./update.js";

/** A stage at speed 1, ms. */
const PACE = 900;

/** @param {{ server: import("../lib/contract/train.js").Server, moment: () => { name: string, model: string, step: number } | null }} options  `moment`: the one after which the batch comes */
export function createSlow({ server, moment }) {
  const player = createPlayer({ pace: () => PACE, onshow: () => show() });
  const caption = h("p", { class: "slow-caption", role: "status" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const pictures = h("div", { class: "slow-pictures", role: "group", dataset: { i18nAria: "slow.pictures" } });
  const network = createNetwork({ onwant: () => want(), onopen: () => {}, onfield: () => {} });
  const prediction = createPrediction({ onopen: () => {} });
  const sum = h("p", { class: "slow-sum" });
  const loss = h(
    "section",
    { class: "slow-loss" },
    h("h4", { dataset: { i18n: "slow.loss.title" } }),
    sum,
    prediction.element,
  );
  const update = createUpdate({ onpage: askUpdate });
  const body = h(
    "div",
    { class: "slow-body", hidden: true, onkeydown: keys },
    h("div", { class: "slow-bar" }, caption, player.element),
    pictures,
    loss,
    update.element,
    network.element,
  );
  const element = h(
    "details",
    { class: "slow", ontoggle: () => load() },
    h("summary", { dataset: { i18n: "slow.title", i18nTitle: "slow.why" } }),
    problem,
    body,
  );

  /** The moment that is shown, and the batch that comes after it. @type {{ place: import("../lib/contract/train.js").Moment, batch: import("../lib/contract/train.js").SlowBatch } | null} */
  let shown = null;
  let chosen = 0;
  /** @type {import("../lib/slow_motion.js").Stage[]} */
  let stages = [{ kind: "batch" }];
  /** What the chosen picture's maps are, and those of their gradients. @type {Record<string, import("../lib/contract/network.js").Seen>} */
  let held = {};
  /** The pictures that the columns show now: "forward" or "back". */
  let side = "";
  let shownParameter = "";

  const fail = (/** @type {Error | null} */ error) => {
    problem.hidden = !error;
    problem.textContent = error?.message ?? "";
    if (error) body.hidden = true;
  };

  const fetchBatch = newestOnly(
    (/** @type {import("../lib/contract/train.js").Moment} */ wanted) =>
      ask(server.slow_batch, wanted, t("error.unreachable")),
    (found, wanted) => {
      fail(null);
      [shown, chosen, held, side, shownParameter] = [{ place: wanted, batch: found }, 0, {}, "", ""];
      body.hidden = false;
      network.describe(found.description);
      fillWords(body);
      stages = stagesOf(
        found.description.steps.length - 1,
        found.parameters.map(({ name }) => name),
      );
      drawPictures(found);
      player.extend(stages.length, 0);
    },
    fail,
  );

  const fetchMaps = newestOnly(
    (/** @type {import("../lib/contract/train.js").SlowMapsRequest} */ wanted) =>
      ask(server.slow_maps, wanted, t("error.unreachable")),
    (answer, wanted) => {
      if (wanted.step !== shown?.place.step || wanted.picture !== chosen) return;
      const key = wanted.back ? "back" : "forward";
      const before =
        held[key]?.maps.filter(
          (maps) => !answer.maps.some((other) => other.step === maps.step && other.first === maps.first),
        ) ?? [];
      held[key] = { ...answer, maps: [...before, ...answer.maps] };
      show(true);
    },
    fail,
  );

  const fetchUpdate = newestOnly(
    (/** @type {Parameters<typeof server.slow_update>[0]} */ wanted) =>
      ask(server.slow_update, wanted, t("error.unreachable")),
    (answer, wanted) => {
      if (shown && wanted.parameter === shownParameter) update.show(answer, shown.batch.rule);
    },
    fail,
  );

  const now = () => stages[Math.min(player.at, stages.length - 1)];

  /** Ask for the maps that the columns lack. */
  function want() {
    if (shown) fetchMaps({ ...shown.place, picture: chosen, back: runsBack(now()), wanted: network.wanted });
  }

  /** Ask for what the step does to the parameter in view. @param {number} first map of the page that is wanted */
  function askUpdate(first) {
    if (shown) fetchUpdate({ ...shown.place, parameter: shownParameter, first });
  }

  function load() {
    const wanted = moment();
    if (element.open && wanted && JSON.stringify(wanted) !== JSON.stringify(shown?.place)) fetchBatch(wanted);
  }

  /** @param {import("../lib/contract/train.js").SlowBatch} batch */
  function drawPictures({ pictures: all, width, height, labels, losses, classes }) {
    pictures.replaceChildren(
      ...all.map((data, k) => {
        const words = t("slow.picture", {
          number: k + 1,
          label: nameOf(labels[k], classes),
          loss: short(losses[k], 3),
        });
        return h(
          "button",
          {
            type: "button",
            class: "wrong-picture",
            title: words,
            "aria-label": words,
            "aria-pressed": String(k === chosen),
            onclick: () => choose(k),
          },
          thumbnail({ width, height, data }),
          h("span", {}, nameOf(labels[k], classes)),
        );
      }),
    );
  }

  /** @param {number} label @param {string[]} classes */
  const nameOf = (label, classes) => (label < 0 ? t("slow.none") : classes[label]);

  /** @param {number} picture */
  function choose(picture) {
    [chosen, held, side] = [picture, {}, ""];
    [...pictures.children].forEach((button, k) => button.setAttribute("aria-pressed", String(k === chosen)));
    show();
  }

  /** Show the stage; `fresh` where maps have come. */
  function show(fresh = false) {
    if (!shown) return;
    const stage = now();
    const next = runsBack(stage) ? "back" : "forward";
    if (side !== next || fresh) {
      if (side !== next) network.expire();
      side = next;
      if (held[side]) network.show(held[side], network.version);
      if (network.wanted.length && !(fresh && !held[side])) want();
    }
    tell(stage, shown);
    light(stage, shown.batch);
    loss.hidden = stage.kind !== "loss";
    if (held[side]) prediction.show(held[side].prediction, null);
    update.element.hidden = stage.kind !== "update";
    network.element.hidden = stage.kind === "update";
    if (stage.kind === "update" && stage.parameter !== shownParameter) {
      shownParameter = stage.parameter;
      askUpdate(0);
    }
  }

  /** @param {import("../lib/slow_motion.js").Stage} stage @param {NonNullable<typeof shown>} now */
  function tell(stage, { place, batch: { labels, losses, classes, loss: mean } }) {
    const facts = {
      number: chosen + 1,
      count: labels.length,
      label: nameOf(labels[chosen], classes),
      own: short(losses[chosen], 5),
      loss: short(mean, 5),
      step: place.step,
      next: place.step + 1,
    };
    /** @type {Record<string, string>} */
    const named =
      "step" in stage ? { name: network.name(stage.step) } : "parameter" in stage ? { name: stage.parameter } : {};
    caption.textContent = t(`slow.stage.${stage.kind}`, { ...facts, ...named });
    sum.textContent = t("slow.loss", {
      ...facts,
      share: percent(held[side]?.prediction.probabilities[labels[chosen]] ?? NaN),
    });
  }

  /** @param {import("../lib/slow_motion.js").Stage} stage @param {import("../lib/contract/train.js").SlowBatch} batch */
  function light(stage, batch) {
    const track = /** @type {HTMLElement} */ (network.element.querySelector(".steps"));
    const learned = new Map(batch.description.steps.map((step) => [step.index, step.learned]));
    for (const column of /** @type {NodeListOf<HTMLElement>} */ (network.element.querySelectorAll(".step"))) {
      const index = Number(column.dataset.step);
      const bright = lit(stage, index, learned.get(index) ?? []);
      column.classList.toggle("unreached", !reached(stage, index));
      column.classList.toggle("lit", bright);
      if (bright) track.scrollLeft = column.offsetLeft - (track.clientWidth - column.offsetWidth) / 2;
    }
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (event.defaultPrevented) return;
    player.onkey(event);
    event.stopPropagation();
  }

  return {
    element,
    load,
    get open() {
      return element.open;
    },
    redraw() {
      if (!shown) return;
      network.repaint();
      network.relabel();
      drawPictures(shown.batch);
      shownParameter = "";
      show();
    },
  };
}
