/** The form of a training run: what it holds, and the configuration that `core/training/settings.py` reads. */

/**
 * @typedef {{ model: string, start: string, source: string, path: string, share: number, count: number, classes: string, validation: number, replay: number, side: number,
 *   epochs: number, batch: number, optimiser: string, momentum: number, rate: number, schedule: string, dropout: number, decay: number, smoothing: number, ema: number,
 *   augmentation: string, trained: string, unfreeze: number, compile: boolean, seed: number, checkpoints: number }} Form
 */

/** @type {Form} */
export const PLAIN = {
  model: "a2",
  start: "",
  source: "mnist",
  path: "",
  share: 3,
  count: 2000,
  classes: "",
  validation: 10,
  replay: 0,
  side: 0,
  epochs: 3,
  batch: 64,
  optimiser: "sgd",
  momentum: 0,
  rate: 0.01,
  schedule: "constant",
  dropout: -1,
  decay: 0,
  smoothing: 0,
  ema: 0,
  augmentation: "none",
  trained: "all",
  unfreeze: 0,
  compile: false,
  seed: 0,
  checkpoints: 24,
};

/** Starting points in plain words; each is an ordinary form. @type {Record<string, Form>} */
export const PRESETS = {
  first: { ...PLAIN, epochs: 5, batch: 32, momentum: 0.9 },
  better: { ...PLAIN, share: 20, epochs: 4, optimiser: "adamw", rate: 0.006, schedule: "one_cycle" },
  drawn: {
    ...PLAIN,
    source: "drawn",
    share: 100,
    count: 3000,
    epochs: 4,
    optimiser: "adamw",
    rate: 0.006,
    schedule: "one_cycle",
  },
  handwriting: {
    ...PLAIN,
    model: "recommended",
    start: "shipped",
    source: "strokes",
    share: 100,
    validation: 30,
    replay: 500,
    epochs: 8,
    batch: 32,
    optimiser: "adamw",
    rate: 0.001,
    trained: "head",
    augmentation: "gentle",
  },
  halves: {
    ...PLAIN,
    classes: "5 6 7 8 9",
    start: "shipped",
    trained: "head",
    share: 10,
    epochs: 3,
    optimiser: "adamw",
    rate: 0.003,
  },
  transfer: {
    ...PLAIN,
    model: "resnet18",
    start: "shipped",
    source: "folder",
    share: 100,
    side: 64,
    epochs: 5,
    optimiser: "adam",
    rate: 0.001,
    trained: "head",
  },
};

/** @param {Form} form @param {Record<string, any>} distortions by their name in the form @returns {Record<string, any>} */
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
