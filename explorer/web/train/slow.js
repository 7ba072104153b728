/** One batch in slow motion: its pictures, forward through the network, the loss, backward, and the step of every weight. */

import { createPlayer } from "../parts/player.js";
import { createNetwork } from "../parts/network/network.js";
import { percent } from "../parts/percent.js";
import { createPrediction } from "../parts/prediction.js";
import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { complain } from "../parts/server.js";
import { ask, newestOnly } from "../lib/live.js";
import { short } from "../lib/numbers.js";
import { lit, reached, runsBack, stagesOf } from "../lib/slow_motion.js";
import { createSlowPictures, nameOf } from "./slow_pictures.js";
import { createUpdate } from "./update.js";

/** A stage at speed 1, ms. */
const PACE = 900;

/** @typedef {import("../lib/contract/train.js").Server} Server */
/** @typedef {import("../lib/contract/train.js").Moment} Moment */
/** @typedef {import("../lib/contract/train.js").SlowBatch} SlowBatch */
/** @typedef {import("../lib/contract/network.js").Seen} Seen */
/** @typedef {import("../lib/slow_motion.js").Stage} Stage */

/** Maps that came, and those from before that they do not replace. @param {Seen | undefined} before @param {Seen} now @returns {Seen} */
function joined(before, now) {
  const old = before?.maps.filter(
    (maps) => !now.maps.some(({ step, first }) => step === maps.step && first === maps.first),
  );
  return { ...now, maps: [...(old ?? []), ...now.maps] };
}

/** Light the columns that a stage is about, and dim those that it has not reached. @param {HTMLElement} network @param {Stage} stage @param {SlowBatch} batch */
function light(network, stage, batch) {
  const track = /** @type {HTMLElement} */ (network.querySelector(".steps"));
  const learned = new Map(batch.description.steps.map((step) => [step.index, step.learned]));
  for (const column of /** @type {NodeListOf<HTMLElement>} */ (network.querySelectorAll(".step"))) {
    const index = Number(column.dataset.step);
    const bright = lit(stage, index, learned.get(index) ?? []);
    column.classList.toggle("unreached", !reached(stage, index));
    column.classList.toggle("lit", bright);
    if (bright) track.scrollLeft = column.offsetLeft - (track.clientWidth - column.offsetWidth) / 2;
  }
}

/** What is told of a picture of the batch. @param {SlowBatch} batch @param {number} chosen @param {Moment} place */
const factsOf = ({ labels, losses, classes, loss }, chosen, { step }) => ({
  number: chosen + 1,
  count: labels.length,
  label: nameOf(labels[chosen], classes),
  own: short(losses[chosen], 5),
  loss: short(loss, 5),
  step,
  next: step + 1,
});

function createLoss() {
  const prediction = createPrediction({ onopen: () => {} });
  /** @type {HTMLElement} */
  const sum = h("p", { class: "slow-sum" });
  /** @type {HTMLElement} */
  const element = h(
    "section",
    { class: "slow-loss" },
    h("h4", { dataset: { i18n: "slow.loss.title" } }),
    sum,
    prediction.element,
  );
  /** @param {ReturnType<typeof factsOf>} facts @param {Seen | undefined} seen @param {number} label */
  function show(facts, seen, label) {
    sum.textContent = t("slow.loss", { ...facts, share: percent(seen?.prediction.probabilities[label] ?? NaN) });
    if (seen) prediction.show(seen.prediction, null);
  }
  return { element, show };
}

/** What the step does to one parameter after the other. @param {Server} server @param {(error: Error) => void} fail */
function createUpdates(server, fail) {
  /** @type {{ place: Moment, batch: SlowBatch, parameter: string } | null} */
  let shown = null;
  const update = createUpdate({ onpage: turn });
  const fetchUpdate = newestOnly(
    (/** @type {Parameters<typeof server.slow_update>[0]} */ wanted) =>
      ask(server.slow_update, wanted, t("error.unreachable")),
    (answer, wanted) => {
      if (shown && wanted.parameter === shown.parameter) update.show(answer, shown.batch.rule);
    },
    fail,
  );
  /** @param {number} first map of the page that is wanted */
  function turn(first) {
    if (shown) fetchUpdate({ ...shown.place, parameter: shown.parameter, first });
  }
  return {
    element: update.element,
    forget: () => (shown = null),
    /** @param {{ place: Moment, batch: SlowBatch }} of @param {string} parameter */
    show(of, parameter) {
      if (shown?.batch === of.batch && shown.parameter === parameter) return;
      shown = { ...of, parameter };
      turn(0);
    },
  };
}

/** @param {{ server: Server, moment: () => Moment | null }} options  `moment`: the one after which the batch comes */
export function createSlow({ server, moment }) {
  /** The moment that is shown, and the batch that comes after it. @type {{ place: Moment, batch: SlowBatch } | null} */
  let shown = null;
  let chosen = 0;
  /** @type {Stage[]} */
  let stages = [{ kind: "batch" }];
  /** What the chosen picture's maps are, and those of their gradients. @type {Partial<Record<"forward" | "back", Seen>>} */
  let held = {};
  /** The pictures that the columns show now. @type {"" | "forward" | "back"} */
  let side = "";
  const player = createPlayer({ pace: () => PACE, onshow: () => show() });
  /** @type {HTMLElement} */
  const caption = h("p", { class: "slow-caption", role: "status" });
  /** @type {HTMLElement} */
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const pictures = createSlowPictures({ onchoose: choose });
  const network = createNetwork({ onwant: () => want(), onopen: () => {}, onfield: () => {} });
  network.element.dataset.i18nAria = "slow.network"; // the moment's network, on the same page, has the usual name
  const loss = createLoss();
  const updates = createUpdates(server, fail);
  /** @type {HTMLElement} */
  const body = h(
    "div",
    { class: "slow-body", hidden: true, onkeydown: keys },
    h("div", { class: "slow-bar" }, caption, player.element),
    pictures.element,
    loss.element,
    updates.element,
    network.element,
  );
  /** @type {HTMLDetailsElement} */
  const element = h(
    "details",
    { class: "slow", ontoggle: () => load() },
    h("summary", { dataset: { i18n: "slow.title", i18nTitle: "slow.why" } }),
    problem,
    body,
  );

  /** @param {Error | null} error */
  function fail(error) {
    complain(problem, error);
    if (error) body.hidden = true;
  }

  const fetchBatch = newestOnly(
    (/** @type {Moment} */ wanted) => ask(server.slow_batch, wanted, t("error.unreachable")),
    begin,
    fail,
  );
  const fetchMaps = newestOnly(
    (/** @type {import("../lib/contract/train.js").SlowMapsRequest} */ wanted) =>
      ask(server.slow_maps, wanted, t("error.unreachable")),
    (answer, wanted) => {
      if (wanted.step !== shown?.place.step || wanted.picture !== chosen) return;
      const key = wanted.back ? "back" : "forward";
      held[key] = joined(held[key], answer);
      show(true);
    },
    fail,
  );
  /** @param {SlowBatch} batch @param {Moment} place */
  function begin(batch, place) {
    fail(null);
    [shown, chosen, held, side] = [{ place, batch }, 0, {}, ""];
    body.hidden = false;
    network.describe(batch.description);
    fillWords(body);
    stages = stagesOf(
      batch.description.steps.length - 1,
      batch.parameters.map(({ name }) => name),
    );
    pictures.show(batch, chosen);
    player.extend(stages.length, 0);
  }

  const now = () => stages[Math.min(player.at, stages.length - 1)];

  /** Ask for the maps that the columns lack. */
  function want() {
    if (shown) fetchMaps({ ...shown.place, picture: chosen, back: runsBack(now()), wanted: network.wanted });
  }

  function load() {
    const wanted = moment();
    if (element.open && wanted && JSON.stringify(wanted) !== JSON.stringify(shown?.place)) fetchBatch(wanted);
  }

  /** @param {number} picture */
  function choose(picture) {
    [chosen, held, side] = [picture, {}, ""];
    pictures.mark(chosen);
    show();
  }

  /** Show the stage; `fresh` where maps have come. */
  function show(fresh = false) {
    if (!shown) return;
    const [stage, { place, batch }] = [now(), shown];
    const next = runsBack(stage) ? "back" : "forward";
    if (side !== next || fresh) {
      if (side !== next) network.expire();
      side = next;
      const seen = held[side];
      if (seen) network.show(seen, network.version);
      if (network.wanted.length && !(fresh && !seen)) want();
    }
    const facts = factsOf(batch, chosen, place);
    const name = "step" in stage ? network.name(stage.step) : "parameter" in stage ? stage.parameter : "";
    caption.textContent = t(`slow.stage.${stage.kind}`, { ...facts, name });
    light(network.element, stage, batch);
    loss.show(facts, held[side], batch.labels[chosen]);
    loss.element.hidden = stage.kind !== "loss";
    updates.element.hidden = stage.kind !== "update";
    network.element.hidden = stage.kind === "update";
    if (stage.kind === "update") updates.show(shown, stage.parameter);
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
      pictures.show(shown.batch, chosen);
      updates.forget();
      show();
    },
  };
}
