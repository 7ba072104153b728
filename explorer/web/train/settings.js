/** The settings of a new run, each a control with its name beside it. */

import { h } from "../parts/dom.js";
import { fillWords, words } from "../parts/i18n.js";
import { IN_BROWSER } from "../lib/run_form.js";

/** @typedef {import("../lib/run_form.js").Form} Form */
/** @typedef {keyof Form} Name */
/** @typedef {{ element: HTMLElement, show: (form: Form) => void }} Setting */

/** Choices of the settings that have some. @type {Partial<Record<Name, string[]>>} */
const CHOICES = {
  optimiser: ["sgd", "adam", "adamw"],
  schedule: ["constant", "one_cycle", "cosine", "steps"],
  trained: ["all", "head"],
};

/** Least, step and greatest value of the numbers. @type {Partial<Record<Name, [number, number | "any", number]>>} */
const NUMBERS = {
  share: [0.1, "any", 100],
  count: [20, 1, 200000],
  validation: [0, "any", 90],
  replay: [0, 1, 60000],
  side: [0, 1, 512],
  epochs: [1, 1, 10000],
  batch: [1, 1, 65536],
  momentum: [0, "any", 0.999],
  rate: [0, "any", 1e9],
  dropout: [-1, "any", 0.99],
  decay: [0, "any", 1000],
  smoothing: [0, "any", 1],
  ema: [0, "any", 0.9999],
  unfreeze: [0, 1, 1000],
  seed: [0, 1, 2147483647],
  checkpoints: [2, 1, 500],
};

/** @type {Name[]} */
const MAIN = [
  "model",
  "start",
  "source",
  "path",
  "count",
  "side",
  "share",
  "replay",
  "epochs",
  "batch",
  "optimiser",
  "rate",
  "trained",
  "unfreeze",
];

/** Settings for those who look for them. @type {Name[]} */
const MORE = [
  "momentum",
  "schedule",
  "dropout",
  "decay",
  "smoothing",
  "ema",
  "augmentation",
  "validation",
  "classes",
  "checkpoints",
  "seed",
  "compile",
];

/** When a setting means something; those that are not named always do. @type {Partial<Record<Name, (form: Form) => boolean>>} */
const FITS = {
  path: ({ source }) => source === "folder",
  count: ({ source }) => source === "drawn",
  side: ({ source }) => source === "folder",
  share: ({ source }) => !["drawn", "strokes"].includes(source),
  replay: ({ source }) => source !== "mnist",
  unfreeze: ({ trained }) => trained === "head",
  momentum: ({ optimiser }) => optimiser === "sgd",
};

/** A control under its name, its why as a tool tip. @param {string} key @param {HTMLElement} control @returns {HTMLElement} */
export const labelled = (key, control) =>
  h(
    "label",
    { class: "setting", dataset: { i18nTitle: `${key}.why` } },
    h("span", { class: "setting-name", dataset: { i18n: key } }),
    control,
  );

/** @param {string} value @param {string} key of its words @returns {HTMLOptionElement} */
const option = (value, key) => h("option", { value, dataset: { i18n: key } });

/**
 * @param {import("../lib/contract/train.js").Options & { onset: (name: Name, value: Form[Name]) => void }} options
 *   `onset`: a setting got another value
 */
export function createSettings({ models, sources, distortions, drawn, onset }) {
  const heeded = (/** @type {Name} */ name) => drawn === undefined || IN_BROWSER.settings.includes(name);
  /** @type {Partial<Record<Name, HTMLOptionElement[]>>} */
  const offered = {
    ...Object.fromEntries(
      Object.entries({ ...CHOICES, augmentation: Object.keys(distortions) }).map(([name, values]) => [
        name,
        values.map((value) => option(value, `train.form.${name}.${value}`)),
      ]),
    ),
    source: sources.map((value) => option(value, `train.form.source.${value}`)),
    start: [option("", "train.form.start.random"), option("shipped", "train.form.start.shipped")],
    model: models.map(({ name, title }) => h("option", { value: name }, title === name ? title : `${title} (${name})`)),
  };
  /** @type {HTMLSelectElement[]} */
  const starts = [];

  /** @param {Name} name @param {HTMLInputElement | HTMLSelectElement} control @param {() => Form[Name]} read @param {(value: Form[Name]) => void} write @returns {Setting} */
  function setting(name, control, read, write) {
    control.dataset.control = name;
    control.addEventListener("change", () => onset(name, read()));
    const element = labelled(`train.form.${name}`, control);
    const show = (/** @type {Form} */ form) => {
      element.hidden = !(FITS[name]?.(form) ?? true);
      write(form[name]);
    };
    return { element, show };
  }

  /** @param {Name} name @param {HTMLOptionElement[]} choices */
  function choice(name, choices) {
    /** @type {HTMLSelectElement} */
    const control = h("select", {}, ...choices);
    if (name === "start") starts.push(control);
    return setting(
      name,
      control,
      () => control.value,
      (value) => (control.value = String(value)),
    );
  }

  /** @param {Name} name @param {[number, number | "any", number]} limits */
  function number(name, [min, step, max]) {
    /** @type {HTMLInputElement} */
    const control = h("input", { type: "number", min, step, max, inputmode: "decimal" });
    let last = 0;
    return setting(
      name,
      control,
      () => {
        if (!control.validity.valid || control.value === "") control.value = String(last);
        return Number(control.value);
      },
      (value) => (control.value = String((last = Number(value)))),
    );
  }

  /** @param {Name} name */
  function text(name) {
    /** @type {HTMLInputElement} */
    const control = h("input", { type: "text", spellcheck: "false" });
    return setting(
      name,
      control,
      () => control.value.trim(),
      (value) => (control.value = String(value)),
    );
  }

  /** @param {Name} name */
  function tick(name) {
    /** @type {HTMLInputElement} */
    const control = h("input", { type: "checkbox" });
    return setting(
      name,
      control,
      () => control.checked,
      (value) => (control.checked = value === true),
    );
  }

  /** @param {Name} name */
  function made(name) {
    const [choices, limits] = [offered[name], NUMBERS[name]];
    if (choices) return choice(name, choices);
    if (limits) return number(name, name === "count" && drawn ? [limits[0], limits[1], drawn] : limits);
    return name === "compile" ? tick(name) : text(name);
  }

  const [main, more] = [MAIN, MORE].map((names) => names.filter(heeded).map(made));

  return {
    main: main.map(({ element }) => element),
    more: more.map(({ element }) => element),
    /** @param {Form} form */
    show(form) {
      for (const { show } of [...main, ...more]) show(form);
    },
    /** The runs whose weights a new one may start from. @param {string[]} names */
    offer(names) {
      for (const start of starts) {
        const chosen = start.value;
        start.replaceChildren(
          start.options[0],
          start.options[1],
          ...names.map((run) => h("option", { value: run, dataset: words("train.form.start.run", { run }) })),
        );
        fillWords(start);
        start.value = [...start.options].some(({ value }) => value === chosen) ? chosen : "";
      }
    },
  };
}
