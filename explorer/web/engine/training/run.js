/** One run while it trains: it tells, obeys, and keeps its moments. The twin of `core/training/engine.py` and `telling.py`. */

import { rounded } from "../encode.js";
import { rounded as halfToEven } from "../ink.js";
import { writeSafetensors } from "../safetensors.js";
import { activations, gradientNorms, score } from "./score.js";
import { createTraining } from "./training.js";

/** @typedef {import("./shelf.js").Kept} Kept */
/** @typedef {import("./pictures.js").Pictures} Pictures */
/** @typedef {import("../network.js").Network} Network */
/** What somebody wants of a run; `steps` single ones while it is paused. @typedef {{ state: "run" | "pause" | "stop", steps: number, rate: number | null }} Wish */
/**
 * What a run is made of. `wish`: what is wanted of it now; `wished`: resolves when that changes; `turn`: lets others ask in between.
 * @typedef {{
 *   kept: Kept, network: Network, parts: { training: Pictures, held: Pictures }, settings: import("./settings.js").Settings,
 *   shelf: Pick<import("./shelf.js").Shelf, "keep" | "keepWeights">, wish: Wish, wished: () => Promise<unknown>, turn: () => Promise<unknown>,
 * }} Made
 */

/** A run tells of its batches at most so often, s, and the longer it lasts the more seldom: some thousand in an hour. */
const BETWEEN = 0.1;
const SLOWER = 300;
/** How long it computes before others may ask, ms. */
const TURN_MS = 25;

class Stopped extends Error {}
/** The loss or the weights are no finite numbers any more. */
class Diverged extends Error {}

/** The steps of a time line, dense at the start: `moments` of `core/training/course.py`. @param {number} steps @param {number} count */
export const momentsOf = (steps, count) =>
  new Set(Array.from({ length: count }, (_, k) => halfToEven(steps * (k / (count - 1)) ** 2)));

const now = () => Date.now() / 1000;

/** Counts the batches since the last word. @param {number} steps */
function createCounting(steps) {
  let [said, began] = [-Infinity, performance.now() / 1000];
  let [loss, right, pictures, batches, seconds] = [0, 0, 0, 0, 0];
  return {
    /** @param {import("./training.js").Done} done @param {number} took seconds @param {number} step @param {boolean} atOnce @returns {object | null} what is to be told now */
    count(done, took, step, atOnce) {
      loss += done.loss * done.pictures;
      right += done.right;
      pictures += done.pictures;
      seconds += took;
      batches += 1;
      const time = performance.now() / 1000;
      if (!atOnce && step < steps && time - said < Math.max(BETWEEN, (time - began) / SLOWER)) return null;
      const told = {
        loss: Number.isFinite(loss) ? rounded(loss / pictures) : null,
        accuracy: right / pictures,
        learning_rate: rounded(done.rate),
        examples_per_second: rounded(pictures / seconds, 4),
        seconds_left: rounded((seconds / batches) * (steps - step), 4),
      };
      said = time;
      [loss, right, pictures, batches, seconds] = [0, 0, 0, 0, 0];
      return told;
    },
  };
}

/** @param {Made} made */
function createRun({ kept, network, parts, settings, shelf, wish, wished, turn }) {
  const training = createTraining(network, parts.training, settings.recipe);
  const moments = momentsOf(training.steps, settings.checkpoints);
  const counting = createCounting(training.steps);
  let [last, single, turned] = [-1, false, performance.now()];
  /** @type {number | null} */
  let asked = null;

  /** @param {object} event */
  const say = (event) => kept.events.push(/** @type {Kept["events"][0]} */ ({ ...event, time: now() }));
  /** @param {Partial<Kept["status"]>} change */
  const tell = (change) => (kept.status = { ...kept.status, ...change, updated: now() });

  /** Write the weights, and judge them. */
  async function keep() {
    const { step, epoch } = training;
    if (last === step) return;
    const { weights } = training.network;
    if (Object.values(weights).some(({ data }) => !data.every(Number.isFinite))) throw new Diverged();
    await shelf.keepWeights(kept.id, step, writeSafetensors(weights).buffer);
    const judged = parts.held.labels.length > 0;
    const validation = judged ? await score(training.network, parts.held, turn) : null;
    const sample = activations(training.network, judged ? parts.held : parts.training);
    last = step;
    kept.steps = [...kept.steps, step];
    say({ event: "checkpoint", step, epoch, file: `${step}.safetensors`, validation, activations: sample });
    tell({ accuracy: validation?.accuracy ?? null, step, epoch });
    await shelf.keep(kept);
  }

  /** Do what is wanted before the next step. */
  async function obey() {
    if (performance.now() - turned > TURN_MS) {
      await turn();
      turned = performance.now();
    }
    if (wish.rate !== asked) {
      asked = wish.rate;
      training.pace(asked ?? settings.recipe.rate);
      say({ event: "rate", step: training.step, learning_rate: asked });
    }
    while (wish.state === "pause" && wish.steps === 0) {
      if (kept.status.state !== "paused") {
        await keep();
        say({ event: "paused", step: training.step });
        tell({ state: "paused" });
      }
      await wished();
    }
    if (wish.state === "stop") throw new Stopped();
    single = wish.state === "pause";
    if (single) wish.steps -= 1;
    else if (kept.status.state !== "running") tell({ state: "running" });
  }

  /** Of the epoch: its loss and right answers so far, and when it began, ms. */
  let epoch = { loss: 0, right: 0, began: 0 };

  async function advance() {
    await obey();
    const began = performance.now();
    if (training.step % training.batches === 0) epoch = { loss: 0, right: 0, began };
    const done = training.advance();
    const { step } = training;
    epoch.loss += done.loss * done.pictures;
    epoch.right += done.right;
    const told = counting.count(done, (performance.now() - began) / 1000, step, single);
    if (told) {
      say({ event: "batch", step, epoch: training.epoch, ...told, gradient_norms: gradientNorms(done.gradients) });
      const { examples_per_second: speed, seconds_left: left } = /** @type {Kept["status"]} */ (told);
      tell({ step, epoch: training.epoch, examples_per_second: speed, seconds_left: left });
    }
    if (!Number.isFinite(done.loss)) throw new Diverged();
    if (step % training.batches === 0) {
      const count = parts.training.labels.length;
      const [loss, accuracy] = [epoch.loss / count, epoch.right / count];
      const seconds = (performance.now() - epoch.began) / 1000;
      say({ event: "epoch", step, epoch: training.epoch, loss, accuracy, seconds });
    }
    if (moments.has(step)) await keep();
  }

  return { training, say, tell, keep, advance };
}

/** Train a run to its end, or until it is stopped; it is kept whatever happens. @param {Made} made @returns {Promise<void>} */
export async function train(made) {
  const { kept, network, parts, settings, shelf } = made;
  const { training, say, tell, keep, advance } = createRun(made);
  const count = (/** @type {string[]} */ names) =>
    names.reduce((sum, name) => sum + network.weights[name].data.length, 0);
  say({
    event: "started",
    steps: training.steps,
    epochs: settings.recipe.epochs,
    pictures: { training: parts.training.labels.length, validation: parts.held.labels.length },
    classes: network.card.classes,
    parameters: count(network.plan.trained),
    trained: count(training.trained),
    frozen: [],
    device: "browser",
    threads: 1,
    processes: 1,
    notes: [],
  });
  tell({ state: "running", steps: training.steps, epochs: settings.recipe.epochs });
  /** @type {Kept["status"]["state"]} */
  let state = "done";
  try {
    await keep();
    while (training.step < training.steps) await advance();
  } catch (error) {
    state = error instanceof Stopped ? "stopped" : "failed";
    if (error instanceof Stopped) await keep();
    else tell({ message: error instanceof Diverged ? "diverged" : /** @type {Error} */ (error).message });
  }
  const figures =
    state === "done" && kept.status.accuracy !== null ? { validation_accuracy: kept.status.accuracy } : {};
  tell({ state, step: training.step, epoch: training.epoch, seconds_left: state === "done" ? 0 : null });
  say({ event: "ended", step: training.step, state, message: kept.status.message, figures });
  await shelf.keep(kept);
}
