/** The runs of this browser, and those that were published: what the Train page asks, answered here. The twin of `core/training/runs.py`. */

import { codesOf, toBase64 } from "../encode.js";
import { NeedsPython } from "../input.js";
import { Refused } from "../place.js";
import { writeSafetensors } from "../safetensors.js";
import { partsOf } from "./parts.js";
import { createRegister, isAlive } from "./register.js";
import { train } from "./run.js";
import { settingsOf } from "./settings.js";
import { summarise } from "./summary.js";
import { turn } from "./turn.js";
import { freshWeights } from "./weights.js";

/** @typedef {import("../network.js").Network} Network */
/** @typedef {import("./pictures.js").Pictures} Pictures */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./shelf.js").Kept} Kept */
/** @typedef {import("../../lib/contract/train.js").Run} Run */
/** @typedef {import("../../lib/contract/train.js").Server} Server */
/** @typedef {import("../../lib/contract/train.js").Picture} Picture */
/** @typedef {import("./register.js").Own} Own */
/** @typedef {import("./register.js").Register} Register */
/** A run that Python trained: the page's line of it, all it told, and the held-back pictures that it ever read wrongly, by index. @typedef {{ run: Run, events: import("../../lib/contract/train.js").Event[], every: number, pictures: Record<string, Picture> }} Published */
/** Where it finds what it needs. @typedef {import("./parts.js").Reader & { library: import("../shown.js").Library, shelf: import("./shelf.js").Shelf, published: Published[] }} Place */

/** Kernels that are shown of the first convolution, as in `explorer/train/shown.py`. */
const MOST_FILTERS = 64;
/** Wrong answers that are shown at once. */
const MOST_PICTURES = 60;

/** The kernels of the first convolution, of each the first input channel. @param {Network} network @returns {import("../../lib/contract/train.js").Filters} */
function filtersOf({ plan, weights }) {
  const name = plan.steps.find(({ op }) => op === "conv2d")?.parameters.weight;
  if (!name) return { path: "", shape: [], channels: 0, scales: "", data: "" };
  const { shape, data } = weights[name];
  const [O, C, rows, columns] = shape;
  const count = Math.min(O, MOST_FILTERS);
  const kernels = Array.from({ length: count }, (_, o) => {
    const at = o * C * rows * columns;
    return data.subarray(at, at + rows * columns);
  });
  return {
    path: name.slice(0, name.lastIndexOf(".")),
    shape: [count, rows, columns],
    channels: C,
    ...codesOf(kernels),
  };
}

/** What is asked to look at runs. @param {Place} place @param {Register} register */
function createLooks({ library, published, ...reader }, register) {
  /** @param {string} name */
  const foreign = (name) => (register.has(name) ? undefined : published.find(({ run }) => run.name === name));

  /** What a run holds back. @param {Own} own @returns {Promise<Pictures>} */
  async function heldOf({ kept: { name, config, events } }) {
    const { training, held } = await partsOf(reader, settingsOf(config));
    const began = events.find((event) => event.event === "started");
    const { training: learned, validation } = began?.pictures ?? {};
    if (began && (training.labels.length !== learned || held.labels.length !== validation))
      throw new Refused(`${name} learned other pictures than are here now`, "engine.pictures", { name });
    return held;
  }

  return {
    async list_runs() {
      return { runs: [...register.list(), ...published.map(({ run }) => run)] };
    },
    /** @param {Parameters<Server["read_run"]>[0]} asked */
    async read_run({ name, since }) {
      const { run, events, every } = foreign(name) ?? {
        run: register.told(register.find(name)),
        events: register.find(name).kept.events,
        every: 1,
      };
      return { run, events: events.slice(since), next: events.length, every };
    },
    /** @param {Parameters<Server["moment"]>[0]} asked */
    async moment({ name, model, step }) {
      const moment = `${name}/${model}@${step}`;
      return { model: moment, filters: filtersOf(await library(moment)) };
    },
    /** @param {Parameters<Server["wrong"]>[0]} asked @returns {Promise<{ pictures: Picture[] }>} */
    async wrong({ name, indices }) {
      const its = foreign(name);
      if (its) return { pictures: indices.map((index) => its.pictures[index]).filter(Boolean) };
      const held = await heldOf(register.find(name));
      const count = held.side ** 2;
      const picture = (/** @type {number} */ index) => ({
        label: held.labels[index],
        width: held.side,
        height: held.side,
        data: toBase64(held.bytes.subarray(index * count, (index + 1) * count)),
      });
      return { pictures: indices.slice(0, MOST_PICTURES).map(picture) };
    },
    /** @param {string} name @returns {Promise<import("./gallery.js").Collection>} */
    async held_back(name) {
      if (foreign(name)) throw new Refused(`of ${name} only wrong answers came along`, "engine.held", { name });
      const own = register.find(name);
      const pictures = await heldOf(own);
      const { classes } = (await library(own.kept.config.model)).card;
      return { pictures: { ...pictures, indices: Uint32Array.from(pictures.labels.keys()) }, classes };
    },
    /** @param {Parameters<Server["export_run"]>[0]} asked */
    async export_run({ name, step, ending }) {
      if (ending !== ".safetensors") throw new NeedsPython(ending);
      const { model } = foreign(name)?.run ?? register.told(register.find(name));
      const { weights } = await library(`${name}/${model}@${step}`);
      return { file: `${name}-${step}.safetensors`, data: toBase64(writeSafetensors(weights)) };
    },
  };
}

/** @param {Place} place */
export async function createRuns(place) {
  const { library, shelf, published } = place;
  const register = createRegister(
    await shelf.runs(),
    published.map(({ run }) => run.name),
  );
  /** The run before: one trains at a time. @type {Promise<unknown>} */
  let last = Promise.resolve();

  /** The network that a run begins with. @param {Settings} settings @returns {Promise<Network>} */
  async function beginning({ model, start, recipe }) {
    const network = await library(model);
    if (network.plan.steps.some(({ op }) => op === "batch_norm")) throw new NeedsPython("batch norm in training");
    if (start === "shipped") return network;
    if (start === null) return { ...network, weights: { ...network.weights, ...freshWeights(network, recipe.seed) } };
    const { model: its, steps } = register.told(register.find(start));
    if (its !== model || !steps.length)
      throw new Refused(`${start} trained ${its}`, "told.start.other", { name: start, model: its, wanted: model });
    return library(`${start}/${model}@${steps[steps.length - 1]}`);
  }

  /** @param {Own} own @param {Settings} settings */
  async function begin(own, settings) {
    const { kept, wish } = own;
    if (wish.state === "stop") return;
    const wished = () => new Promise((done) => (own.wake = () => done(null)));
    const [network, parts] = [await beginning(settings), await partsOf(place, settings)];
    await train({ kept, network, parts, settings, shelf, wish, wished, turn });
  }

  return {
    ...createLooks(place, register),
    /** @param {Parameters<Server["summarise_run"]>[0]} asked */
    async summarise_run({ config }) {
      const settings = settingsOf(config);
      return summarise(await beginning(settings), await partsOf(place, settings), settings);
    },
    /** @param {Parameters<Server["start_run"]>[0]} asked */
    async start_run({ config, name }) {
      const settings = settingsOf(config);
      await beginning(settings);
      await partsOf(place, settings);
      const own = register.add(freshRun(register.unused(name), config, settings));
      await shelf.keep(own.kept);
      const fail = (/** @type {Error} */ { message }) => {
        own.kept.status = { ...own.kept.status, state: "failed", message };
      };
      last = last.then(() => begin(own, settings)).catch(fail);
      return { name: own.kept.name };
    },
    /** @param {Parameters<Server["control_run"]>[0]} asked */
    async control_run({ name, command, value }) {
      const own = register.find(name);
      const { kept, wish, wake } = own;
      if (!isAlive(own)) throw new Refused(`${name} has ended`, "told.run.ended", { name });
      if (command === "learning_rate") wish.rate = Number(value);
      else if (command === "step") [wish.state, wish.steps] = ["pause", wish.steps + 1];
      else wish.state = command === "resume" ? "run" : command === "stop" ? "stop" : "pause";
      if (command === "stop" && kept.status.state === "queued") kept.status = { ...kept.status, state: "stopped" };
      wake();
      return {};
    },
    /** @param {Parameters<Server["rename_run"]>[0]} asked */
    async rename_run({ name, to }) {
      const { kept } = register.rename(name, to);
      await shelf.keep(kept);
      return { name: kept.name };
    },
    /** @param {Parameters<Server["delete_run"]>[0]} asked */
    async delete_run({ name }) {
      await shelf.remove(register.remove(name).kept.id);
      return {};
    },
  };
}

/** A run that waits for its turn. @param {string} name @param {Kept["config"]} config @param {Settings} settings @returns {Kept} */
function freshRun(name, config, { recipe: { epochs } }) {
  const created = Date.now() / 1000;
  const counts = { step: 0, steps: 0, epoch: 0, epochs, accuracy: null, examples_per_second: 0, seconds_left: null };
  const status = { state: /** @type {const} */ ("queued"), message: "", ...counts, created, updated: created };
  return { id: crypto.randomUUID(), name, config, status, events: [], steps: [] };
}

/** @param {object} functions @param {string} name @param {any} request @returns {Promise<object>} */
export async function answerOf(functions, name, request) {
  const found = /** @type {Record<string, (asked: any) => Promise<object>>} */ (functions)[name];
  if (!found) throw new NeedsPython(name);
  return found(request);
}
