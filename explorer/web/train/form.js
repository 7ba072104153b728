/** The form of a new run: where it begins, its settings, and what it would do before it is started. */

import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { linked, shared } from "../parts/page.js";
import { configOf, firstOf, formTold, IN_BROWSER, presetOf, tell } from "../lib/run_form.js";
import { createPresets } from "./presets.js";
import { createSettings, labelled } from "./settings.js";
import { duration } from "./steer.js";

/** @typedef {import("../lib/run_form.js").Form} Form */
/** @typedef {import("../lib/contract/train.js").Summary} Summary */

/**
 * @param {import("../lib/contract/train.js").Options & { onchange: () => void, onstart: (form: Form, name: string) => void }} options
 */
export function createForm({ onchange, onstart, ...offers }) {
  const { mnist, distortions, drawn } = offers;
  const usual = { from: firstOf(mnist), form: presetOf(firstOf(mnist), mnist) };
  let { from, form } = linked("form", (told) => formTold(told, mnist), usual);

  const presets = createPresets({
    fits: (name) => drawn === undefined || IN_BROWSER.presets.includes(name),
    onchoose: choose,
  });
  const settings = createSettings({
    ...offers,
    onset: (setting, value) => begin(from, { ...form, [setting]: value }),
  });
  /** @type {HTMLInputElement} */
  const name = h("input", { type: "text", maxlength: 60, dataset: { control: "name" } });
  const summary = h("p", { class: "train-summary", role: "status" });
  const start = h("button", {
    type: "button",
    class: "action",
    dataset: { i18n: "train.start" },
    onclick: () => onstart(form, name.value.trim() || name.placeholder),
  });
  const element = h(
    "section",
    { class: "train-form card", dataset: { i18nAria: "train.new" } },
    h("h2", { dataset: { i18n: "train.new" } }),
    ...(drawn === undefined ? [] : [h("p", { class: "note", dataset: { i18n: "train.browser" } })]),
    presets.element,
    h("div", { class: "settings" }, ...settings.main),
    h(
      "details",
      { class: "train-more" },
      h("summary", { dataset: { i18n: "train.form.more" } }),
      h("div", { class: "settings" }, ...settings.more),
    ),
    summary,
    h("div", { class: "train-begin" }, labelled("train.form.name", name), start),
  );
  show();
  const keep = shared("form", () => {
    const told = linked("form", (told) => formTold(told, mnist), usual);
    begin(told.from, told.form);
  });

  /** Begin from a starting point with these settings. @param {string} point @param {Form} with_ */
  function begin(point, with_) {
    [from, form] = [point, with_];
    keep(tell(from, form, mnist));
    show();
    fillWords(presets.element);
    onchange();
  }

  /** @param {string} point */
  function choose(point) {
    begin(point, presetOf(point, mnist));
  }

  function show() {
    settings.show(form);
    const plain = presetOf(from, mnist);
    presets.show(
      from,
      /** @type {(keyof Form)[]} */ (Object.keys(form)).some((setting) => form[setting] !== plain[setting]),
    );
    name.placeholder = t(
      form.source === plain.source ? `train.form.preset.${from}` : `train.form.source.${form.source}`,
    );
  }

  return {
    element,
    choose,
    get config() {
      return configOf(form, distortions);
    },
    get form() {
      return form;
    },
    /** Say it in the language of now. */
    redraw: show,
    /** What such a run would do, or why it cannot be. @param {Summary | { missing: string } | null} found @param {string} [problem] */
    tell(found, problem) {
      const large = found !== null && "memory" in found && total(found) > found.memory.most;
      summary.classList.toggle("warning", problem !== undefined || large || (found !== null && "missing" in found));
      start.disabled = problem !== undefined || large;
      summary.textContent = problem ?? inWords(found);
    },
    offer: settings.offer,
  };
}

/** Bytes that a run takes. @param {Summary} summary */
const total = ({ memory: { pictures, batch, weights } }) => pictures + batch + weights;

/** @param {number} bytes */
const size = (bytes) => (bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GB` : `${Math.ceil(bytes / 2 ** 20)} MB`);

/** What a run would do. @param {Summary | { missing: string } | null} summary */
function inWords(summary) {
  if (!summary) return "";
  if ("missing" in summary) return summary.missing;
  const count = (/** @type {number} */ number) => number.toLocaleString("en");
  const { trained, parameters, pictures, memory, seconds, notes } = summary;
  if (total(summary) > memory.most)
    return t("train.summary.large", {
      total: size(total(summary)),
      pictures: size(memory.pictures),
      batch: size(memory.batch),
      weights: size(memory.weights),
      most: size(memory.most),
    });
  const told = t("train.summary", {
    trained: count(trained),
    parameters: count(parameters),
    frozen: count(parameters - trained),
    pictures: count(pictures.training),
    held: count(pictures.validation),
    duration: duration(seconds),
    memory: size(total(summary)),
  });
  return [told, ...notes].join(" ");
}
