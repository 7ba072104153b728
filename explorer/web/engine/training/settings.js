/** What a run is started with, as the engine trains it; what it does not do needs Python, and the page says so. */

import { NeedsPython } from "../input.js";
import { Refused } from "../place.js";
import { SCHEDULES } from "./schedule.js";
import { MEMORY } from "./optimiser.js";

/** @typedef {import("../../lib/contract/train.js").Config} Config */
/** `start`: null for random weights, "shipped", or the name of a run; of drawn digits so many (`count`), of MNIST's a `share`; `validation`: the share that is held back. @typedef {{ model: string, start: string | null, source: "drawn" | "mnist", count: number, share: number, validation: number, checkpoints: number, recipe: import("./training.js").Recipe }} Settings */

/** The least and the greatest value of each number, as in `core/training/settings.py`. @type {Record<string, [number, number]>} */
const LIMITS = {
  count: [1, 200_000],
  share: [1e-6, 1],
  validation: [0, 0.95],
  epochs: [1, 10_000],
  batch_size: [1, 65_536],
  learning_rate: [0, 1e9],
  momentum: [0, 0.999999],
  weight_decay: [0, 1e3],
  label_smoothing: [0, 1],
  dropout: [0, 0.99],
  seed: [0, 2 ** 31 - 1],
  checkpoints: [2, 500],
};
const WHOLE = ["count", "epochs", "batch_size", "seed", "checkpoints"];

/** @param {string} name @param {unknown} value */
function number(name, value) {
  const [low, high] = LIMITS[name];
  if (typeof value === "number" && value >= low && value <= high && (!WHOLE.includes(name) || Number.isInteger(value)))
    return value;
  throw new Refused(`${name} is ${String(value)}, expected ${low} to ${high}`, "told.setting.range", {
    setting: name,
    value: String(value),
    low,
    high,
  });
}

/** Whether a setting asks for nothing. @param {unknown} value */
const idle = (value) => !value || (typeof value === "object" && Object.keys(value).length === 0);

/** Whether pictures stay as they are: all amounts are 0 (`coarseness` and `contrast` say only how). @param {unknown} distortion */
const undistorted = (distortion) =>
  Object.entries(distortion ?? {}).every(([name, amount]) => !amount || name === "coarseness");

/** Whether a run learns from pictures that are here, chosen as the engine chooses. @param {Config["data"]} data */
const isHere = ({ source, share = 1, classes, replay }) =>
  (source === "mnist" || (source === "drawn" && share === 1)) && idle(classes) && idle(replay);

/** @param {Config} config @returns {Settings} */
export function settingsOf({ model, start, data, training, unfreeze = null, checkpoints = 16 }) {
  const { trained = [], optimiser = "adamw", schedule = "one_cycle" } = training;
  const [parts, name, way] = [/** @type {string[]} */ (trained), String(optimiser), String(schedule)];
  const beyond =
    !isHere(data) ||
    !undistorted(training.augmentation) ||
    ["ema", "compile", "nesterov", "drawn", "negatives"].some((each) => !idle(training[each])) ||
    unfreeze !== null ||
    (parts.length > 0 && parts.join() !== "head") ||
    !(name in MEMORY) ||
    !(way in SCHEDULES);
  if (beyond) throw new NeedsPython("training");
  const { epochs, batch_size: batch, learning_rate: rate, dropout = null, seed = 0 } = training;
  return {
    model,
    start,
    source: data.source === "mnist" ? "mnist" : "drawn",
    count: number("count", data.count),
    share: number("share", data.share ?? 1),
    validation: number("validation", data.validation),
    checkpoints: number("checkpoints", checkpoints),
    recipe: {
      epochs: number("epochs", epochs),
      batch: number("batch_size", batch),
      optimiser: /** @type {import("./optimiser.js").Name} */ (name),
      rate: number("learning_rate", rate),
      momentum: number("momentum", training.momentum ?? 0),
      schedule: /** @type {import("./schedule.js").Schedule} */ (way),
      dropout: dropout === null ? null : number("dropout", dropout),
      decay: number("weight_decay", training.weight_decay ?? 0),
      smoothing: number("label_smoothing", training.label_smoothing ?? 0),
      head: parts.length > 0,
      seed: number("seed", seed),
    },
  };
}
