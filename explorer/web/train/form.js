/** The form of a new run, in plain words, with what it would do before it is started. */

import { h } from "../parts/dom.js";
import { fillWords, t, words } from "../parts/i18n.js";
import { PLAIN, PRESETS, configOf } from "../lib/run_form.js";
import { duration } from "./steer.js";

/** @typedef {import("../lib/run_form.js").Form} Form */

/** Choices of the settings that have some. @type {Record<string, string[]>} */
const CHOICES = {
  optimiser: ["sgd", "adam", "adamw"],
  schedule: ["constant", "one_cycle", "cosine", "steps"],
  trained: ["all", "head"],
};

/** Least, step and greatest value of the numbers. @type {Record<string, [number, number | "any", number]>} */
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

/** What a run would do. @param {import("../lib/contract/train.js").Summary | { missing: string } | null} summary */
function inWords(summary) {
  if (!summary) return "";
  if ("missing" in summary) return summary.missing;
  const count = (/** @type {number} */ number) => number.toLocaleString("en");
  const { trained, parameters, pictures, seconds, notes } = summary;
  const words = t("train.summary", {
    trained: count(trained),
    parameters: count(parameters),
    frozen: count(parameters - trained),
    pictures: count(pictures.training),
    held: count(pictures.validation),
    duration: duration(seconds),
  });
  return [words, ...notes].join(" ");
}

/** Settings for those who look for them. */
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

/**
 * @param {{ models: { name: string, title: string }[], sources: string[], distortions: Record<string, any>, onchange: (form: Form) => void, onstart: (form: Form, name: string) => void }} options
 */
export function createForm({ models, sources, distortions, onchange, onstart }) {
  const offered = { ...CHOICES, augmentation: Object.keys(distortions) };
  /** @type {Form} */
  let form = { ...PLAIN };
  /** @type {Record<string, any>} */
  const controls = {};
  /** @type {Record<string, HTMLElement>} */
  const rows = {};

  const take = (/** @type {string} */ name, /** @type {any} */ value) => {
    form = { ...form, [name]: value };
    preset.value = "";
    arrange();
    onchange(form);
  };

  /** A setting with its name, and its why as a tool tip. @param {string} name @param {any} control @param {(control: any) => any} read */
  function row(name, control, read) {
    controls[name] = control;
    control.dataset.control = name;
    control.addEventListener("change", () => take(name, read(control)));
    rows[name] = h(
      "label",
      { class: "setting", dataset: { i18nTitle: `train.form.${name}.why` } },
      h("span", { class: "setting-name", dataset: { i18n: `train.form.${name}` } }),
      control,
    );
    return rows[name];
  }
  const option = (/** @type {string} */ value, /** @type {string} */ key) =>
    h("option", { value, dataset: { i18n: key } });
  const choice = (/** @type {string} */ name) =>
    row(
      name,
      h(
        "select",
        {},
        ...offered[/** @type {keyof typeof offered} */ (name)].map((value) =>
          option(value, `train.form.${name}.${value}`),
        ),
      ),
      (control) => control.value,
    );
  const number = (/** @type {string} */ name) => {
    const [min, step, max] = NUMBERS[name];
    return row(name, h("input", { type: "number", min, step, max, inputmode: "decimal" }), (control) => {
      if (!control.validity.valid || control.value === "")
        control.value = String(form[/** @type {keyof Form} */ (name)]);
      return Number(control.value);
    });
  };
  const text = (/** @type {string} */ name) =>
    row(name, h("input", { type: "text", spellcheck: "false" }), (control) => control.value.trim());
  const start = h("select", {}, option("", "train.form.start.random"), option("shipped", "train.form.start.shipped"));

  const preset = h(
    "select",
    {
      dataset: { control: "preset" },
      onchange: () => {
        if (!preset.value) return;
        form = { ...PRESETS[preset.value] };
        arrange();
        onchange(form);
      },
    },
    option("", "train.form.own"),
    ...Object.keys(PRESETS).map((name) => option(name, `train.form.preset.${name}`)),
  );
  const name = h("input", {
    type: "text",
    maxlength: 60,
    dataset: { control: "name", i18nTitle: "train.form.name.why" },
  });
  const summary = h("p", { class: "train-summary", role: "status" });
  const begin = h("button", {
    type: "button",
    class: "action",
    dataset: { i18n: "train.start" },
    onclick: () => onstart(form, name.value.trim()),
  });
  const setting = (/** @type {string} */ key, /** @type {any} */ control) =>
    h(
      "label",
      { class: "setting", dataset: { i18nTitle: `${key}.why` } },
      h("span", { class: "setting-name", dataset: { i18n: key } }),
      control,
    );

  const element = h(
    "section",
    { class: "train-form card", dataset: { i18nAria: "train.new" } },
    h("h2", { dataset: { i18n: "train.new" } }),
    h(
      "div",
      { class: "settings" },
      setting("train.form.preset", preset),
      row(
        "model",
        h(
          "select",
          {},
          ...models.map((model) =>
            h(
              "option",
              { value: model.name },
              model.title === model.name ? model.title : `${model.title} (${model.name})`,
            ),
          ),
        ),
        (control) => control.value,
      ),
      row("start", start, (control) => control.value),
      row(
        "source",
        h("select", {}, ...sources.map((value) => option(value, `train.form.source.${value}`))),
        (control) => control.value,
      ),
      text("path"),
      number("count"),
      number("side"),
      number("share"),
      number("replay"),
      number("epochs"),
      number("batch"),
      choice("optimiser"),
      number("rate"),
      choice("trained"),
      number("unfreeze"),
    ),
    h(
      "details",
      { class: "train-more" },
      h("summary", { dataset: { i18n: "train.form.more" } }),
      h(
        "div",
        { class: "settings" },
        ...MORE.map((item) => {
          if (item in offered) return choice(item);
          if (item in NUMBERS) return number(item);
          if (item === "compile") return row("compile", h("input", { type: "checkbox" }), (control) => control.checked);
          return text(item);
        }),
      ),
    ),
    summary,
    h("div", { class: "train-begin" }, setting("train.form.name", name), begin),
  );

  /** Show what fits the choices made. */
  function arrange() {
    for (const [key, control] of Object.entries(controls)) {
      const value = form[/** @type {keyof Form} */ (key)];
      if (control.type === "checkbox") control.checked = value;
      else control.value = String(value);
    }
    rows.path.hidden = !["folder"].includes(form.source);
    rows.count.hidden = form.source !== "drawn";
    rows.side.hidden = form.source !== "folder";
    rows.share.hidden = ["drawn", "strokes"].includes(form.source);
    rows.replay.hidden = form.source === "mnist";
    rows.unfreeze.hidden = form.trained !== "head";
    rows.momentum.hidden = form.optimiser !== "sgd";
  }
  arrange();

  return {
    element,
    get config() {
      return configOf(form, distortions);
    },
    get form() {
      return form;
    },
    /** @param {string} key a preset */
    choose(key) {
      preset.value = key;
      preset.dispatchEvent(new Event("change"));
    },
    /** What such a run would do, or why it cannot be. @param {import("../lib/contract/train.js").Summary | { missing: string } | null} found @param {string} [problem] */
    tell(found, problem) {
      summary.classList.toggle("warning", problem !== undefined || (found !== null && "missing" in found));
      begin.disabled = problem !== undefined;
      summary.textContent = problem ?? inWords(found);
    },
    /** The runs whose weights a new one may start from. @param {string[]} names */
    offer(names) {
      const chosen = start.value;
      start.replaceChildren(
        start.options[0],
        start.options[1],
        ...names.map((run) => h("option", { value: run, dataset: words("train.form.start.run", { run }) })),
      );
      fillWords(start);
      start.value = [...start.options].some(({ value }) => value === chosen) ? chosen : "";
    },
  };
}
