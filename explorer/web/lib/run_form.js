/** The form of a training run: what it holds, where it begins, how it travels in a link, and the configuration that `core/training/settings.py` reads. */

/**
 * @typedef {{ model: string, start: string, source: string, path: string, share: number, count: number, classes: string, validation: number, replay: number, side: number,
 *   epochs: number, batch: number, optimiser: string, momentum: number, rate: number, schedule: string, dropout: number, decay: number, smoothing: number, ema: number,
 *   augmentation: string, trained: string, unfreeze: number, compile: boolean, seed: number, checkpoints: number }} Form
 */

/** @type {Form} */
const FIRST = {
  model: "a2",
  start: "",
  source: "mnist",
  path: "",
  share: 15,
  count: 2000,
  classes: "",
  validation: 10,
  replay: 0,
  side: 0,
  epochs: 4,
  batch: 64,
  optimiser: "adamw",
  momentum: 0,
  rate: 0.006,
  schedule: "one_cycle",
  dropout: -1,
  decay: 0,
  smoothing: 0,
  ema: 0,
  augmentation: "none",
  trained: "all",
  unfreeze: 0,
  compile: false,
  seed: 0,
  checkpoints: 16,
};

/** @type {Form} */
const DRAWN = { ...FIRST, source: "drawn", share: 100, count: 3000, epochs: 5, batch: 32 };

/** Starting points that work. @type {Record<string, Form>} */
export const RECIPES = {
  first: FIRST,
  drawn: DRAWN,
  whole: { ...FIRST, share: 100 },
  handwriting: {
    ...FIRST,
    model: "recommended",
    start: "shipped",
    source: "strokes",
    share: 100,
    validation: 30,
    replay: 500,
    epochs: 8,
    batch: 32,
    rate: 0.001,
    schedule: "constant",
    trained: "head",
    augmentation: "gentle",
    checkpoints: 24,
  },
  halves: { ...FIRST, classes: "5 6 7 8 9", start: "shipped", trained: "head", epochs: 3, rate: 0.003 },
  transfer: {
    ...FIRST,
    model: "resnet18",
    start: "shipped",
    source: "folder",
    share: 100,
    side: 64,
    epochs: 5,
    optimiser: "adam",
    rate: 0.001,
    schedule: "constant",
    trained: "head",
    checkpoints: 24,
  },
};

/** Starting points that fail, each for one reason: what goes wrong is the lesson. @type {Record<string, Form>} */
export const LESSONS = {
  small: { ...FIRST, optimiser: "sgd", rate: 0.0003, schedule: "constant" },
  large: { ...FIRST, rate: 0.3, schedule: "constant" },
  overfit: {
    ...FIRST,
    share: 1,
    count: 200,
    validation: 50,
    epochs: 40,
    batch: 32,
    rate: 0.003,
    schedule: "constant",
  },
  tutorial: { ...FIRST, optimiser: "sgd", rate: 0.01, schedule: "constant" },
};

/** What a browser can train by itself (engine/training/settings.js): settings that it heeds, and starting points that need no other. */
export const IN_BROWSER = {
  settings: [
    ...["model", "start", "source", "count", "share", "epochs", "batch", "optimiser", "rate", "trained", "momentum"],
    ...["schedule", "dropout", "decay", "smoothing", "validation", "checkpoints", "seed"],
  ],
  presets: ["first", "drawn", ...Object.keys(LESSONS)],
};

/** Whether a browser trains what a link tells of a form, on the digits that it always has. @param {Told} told */
export const isTrained = ({ from, ...changed }) =>
  IN_BROWSER.presets.includes(from) &&
  Object.keys(changed).every((name) => IN_BROWSER.settings.includes(name)) &&
  (changed.source ?? "drawn") === "drawn";

const PRESETS = { ...RECIPES, ...LESSONS };

/** The starting point that needs nothing which is not here. @param {boolean} mnist whether it is on the server's machine */
export const firstOf = (mnist) => (mnist ? "first" : "drawn");

/** A starting point; without MNIST it learns digits that the program draws. @param {string} name @param {boolean} mnist @returns {Form} */
export function presetOf(name, mnist) {
  const form = PRESETS[name];
  return mnist || form.source !== "mnist" ? form : { ...form, source: "drawn", share: 100 };
}

/**
 * What a form is begun from, and its settings that differ from that: what a link says of it.
 * @typedef {{ from: string } & Partial<Form>} Told
 */

/** @param {string} from @param {Form} form @param {boolean} mnist @returns {Told | null} null for what the page begins with */
export function tell(from, form, mnist) {
  const usual = presetOf(from, mnist);
  const changed = /** @type {(keyof Form)[]} */ (Object.keys(form)).filter((name) => form[name] !== usual[name]);
  if (from === firstOf(mnist) && !changed.length) return null;
  return { from, ...Object.fromEntries(changed.map((name) => [name, form[name]])) };
}

/** What a link tells of a form; throws for what is none. @param {unknown} told @param {boolean} mnist @returns {{ from: string, form: Form }} */
export function formTold(told, mnist) {
  const { from, ...changed } = /** @type {Record<string, unknown>} */ (told);
  if (typeof from !== "string" || !Object.hasOwn(PRESETS, from)) throw new Error(`no starting point: ${from}`);
  const usual = presetOf(from, mnist);
  for (const [name, value] of Object.entries(changed)) {
    const own = Object.hasOwn(usual, name) ? usual[/** @type {keyof Form} */ (name)] : undefined;
    if (typeof value !== typeof own) throw new Error(`no setting: ${name}`);
  }
  return { from, form: { ...usual, ...changed } };
}

/** A setting of the form that a link tells of, null for the untouched one; undefined where there is no such setting. @param {unknown} told @param {string} name */
export function settingOf(told, name) {
  const { from = "first", ...changed } = /** @type {Record<string, unknown>} */ (told ?? {});
  const form = { ...PRESETS[String(from)], ...changed };
  return Object.hasOwn(form, name) ? form[/** @type {keyof Form} */ (name)] : undefined;
}

/** @param {Form} form @param {Record<string, Record<string, unknown>>} distortions by their name in the form @returns {import("./contract/train.js").Config} */
export function configOf(form, distortions) {
  const classes = form.classes
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  return {
    model: form.model,
    start: form.start || null,
    data: {
      source: form.source,
      path: form.path || null,
      share: form.share / 100,
      count: form.count,
      classes,
      validation: form.validation / 100,
      replay: form.replay,
      side: form.side || null,
    },
    training: {
      epochs: form.epochs,
      batch_size: form.batch,
      optimiser: form.optimiser,
      momentum: form.momentum,
      learning_rate: form.rate,
      schedule: form.schedule,
      dropout: form.dropout < 0 ? null : form.dropout,
      weight_decay: form.decay,
      label_smoothing: form.smoothing,
      ema: form.ema,
      augmentation: distortions[form.augmentation],
      trained: form.trained === "head" ? ["head"] : [],
      compile: form.compile,
      seed: form.seed,
    },
    unfreeze: form.trained === "head" && form.unfreeze > 0 ? { epochs: form.unfreeze } : null,
    checkpoints: form.checkpoints,
  };
}
