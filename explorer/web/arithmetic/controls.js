/** The page's settings: operator, example, pass, sizes, stride, padding, dilation, flip, learning rate, random numbers, undo. */

import { h } from "../lib/dom.js";
import { parsed } from "../lib/editing.js";
import { PRESETS } from "./presets.js";
import { LARGEST, withChannels, withInput, withKernel, withOperator, withSettings } from "./state.js";

/** @typedef {import("./state.js").Case} Case */
/** @typedef {(change: (given: Case) => Case) => void} Ask */

/** @param {string} key @param {...HTMLElement} parts */
const setting = (key, ...parts) => h("div", { class: "setting", role: "group", dataset: { i18nTitle: `arithmetic.${key}.why`, i18nAria: `arithmetic.${key}`, setting: key } },
  h("span", { class: "setting-name", dataset: { i18n: `arithmetic.${key}` } }), h("span", { class: "setting-parts" }, ...parts));

/**
 * A whole number out of a list, so that nothing else can be chosen.
 * @param {string} key @param {string} label @param {number} least @param {number} most @param {(value: number) => void} take
 */
function counter(key, label, least, most, take) {
  const value = h("select", { class: "counter", dataset: { control: key, i18nAria: label }, onchange: () => take(Number(value.value)) },
    ...Array.from({ length: most - least + 1 }, (_, k) => h("option", { value: least + k }, String(least + k))));
  return value;
}

const times = () => h("span", { class: "times", "aria-hidden": "true" }, "×");

/** @param {{ ask: Ask, onpreset: (name: string) => void, onpass: (pass: string) => void, onrandom: (seed: number) => void, ontravel: (direction: "undo" | "redo") => void }} options */
export function createControls({ ask, onpreset, onpass, onrandom, ontravel }) {
  const op = h("select", { dataset: { control: "op", i18nAria: "arithmetic.op" }, onchange: () => ask((given) => withOperator(given, op.value)) },
    ...["conv", "max", "avg"].map((value) => h("option", { value, dataset: { i18n: `arithmetic.op.${value}` } })));
  const preset = h("select", { class: "preset", dataset: { control: "preset", i18nAria: "arithmetic.preset" }, onchange: () => onpreset(preset.value) },
    ...Object.keys(PRESETS).map((value) => h("option", { value, dataset: { i18n: `arithmetic.preset.${value}` } })),
    h("option", { value: "", disabled: true, dataset: { i18n: "arithmetic.preset.own" } }));
  const passes = ["forward", "inputGrad", "weightGrad", "biasGrad", "update"].map((name) =>
    h("button", { type: "button", class: "tool pass", dataset: { pass: name, i18nTitle: `arithmetic.pass.${name}.why` }, onclick: () => onpass(name) },
      h("span", { dataset: { i18n: `arithmetic.pass.${name}` } })));
  const two = (/** @type {string} */ key, /** @type {number} */ least, /** @type {number} */ most, /** @type {(axis: 0 | 1, value: number) => void} */ take) =>
    [0, 1].map((axis) => counter(`${key}.${axis ? "columns" : "rows"}`, `arithmetic.${axis ? "columns" : "rows"}`, least, most, (value) => take(/** @type {0 | 1} */ (axis), value)));
  const sizes = {
    input: two("input", 1, LARGEST.input, (axis, value) => ask((given) => withInput(given, .../** @type {[number, number]} */ (given.input.shape.slice(1).with(axis, value))))),
    kernel: two("kernel", 1, LARGEST.kernel, (axis, value) => ask((given) => withKernel(given, .../** @type {[number, number]} */ (given.weight.shape.slice(2).with(axis, value))))),
  };
  const pairs = /** @type {const} */ (["stride", "padding", "dilation"]).map((key) => ({
    key, parts: two(key, key === "padding" ? 0 : 1, LARGEST[key], (axis, value) => ask((given) => withSettings(given, { [key]: given[key].with(axis, value) }))),
  }));
  const channels = [
    counter("inputs", "arithmetic.inputs", 1, LARGEST.inputs, (value) => ask((given) => withChannels(given, value, given.weight.shape[0]))),
    counter("outputs", "arithmetic.outputs", 1, LARGEST.outputs, (value) => ask((given) => withChannels(given, given.input.shape[0], value))),
  ];
  const flip = h("input", { type: "checkbox", dataset: { control: "flip" }, onchange: () => ask((given) => withSettings(given, { flip: flip.checked })) });
  const rate = h("input", {
    class: "number-field", inputmode: "decimal", dataset: { control: "lr", i18nAria: "arithmetic.lr" },
    oninput: () => {
      const value = parsed(rate.value);
      rate.setAttribute("aria-invalid", String(value === null || value < 0));
      if (value !== null && value >= 0) ask((given) => ({ ...given, lr: value }));
    },
    onblur: () => {
      rate.value = rate.dataset.shown ?? "";
      rate.setAttribute("aria-invalid", "false");
    },
  });
  const seed = h("input", { class: "number-field", type: "number", min: 0, max: 999999, step: 1, value: 1, dataset: { control: "seed", i18nAria: "arithmetic.seed" } });
  const draw = () => onrandom(Math.max(0, Math.floor(Number(seed.value)) || 0));
  const button = (/** @type {"undo" | "redo"} */ name, /** @type {string} */ icon) =>
    h("button", { type: "button", class: "tool", dataset: { tool: name, i18nTitle: `arithmetic.${name}` }, onclick: () => ontravel(name) }, icon);
  const [undo, redo] = [button("undo", "↶"), button("redo", "↷")];
  const shown = Object.fromEntries(pairs.map(({ key, parts }) => [key, setting(key, parts[0], times(), parts[1])]));
  const [channel, rateSetting] = [setting("channels", channels[0], h("span", { class: "times", "aria-hidden": "true" }, "→"), channels[1]), setting("lr", rate)];
  const flipSetting = h("label", { class: "switch", dataset: { i18nTitle: "arithmetic.flip.why" } }, flip, h("span", { dataset: { i18n: "arithmetic.flip" } }));

  return {
    head: h("div", { class: "arithmetic-head" }, op, preset, undo, redo,
      h("span", { class: "random", dataset: { i18nTitle: "arithmetic.random.why" } },
        h("button", { type: "button", class: "tool wide", dataset: { tool: "random", i18n: "arithmetic.random" }, onclick: draw }), h("label", { class: "seed note" }, h("span", { dataset: { i18n: "arithmetic.seed" } }), seed))),
    passes: h("div", { class: "passes", role: "group", dataset: { i18nAria: "arithmetic.pass" } }, ...passes),
    settings: h("div", { class: "controls" }, setting("size", sizes.input[0], times(), sizes.input[1]), setting("kernel", sizes.kernel[0], times(), sizes.kernel[1]),
      shown.stride, shown.padding, shown.dilation, channel, flipSetting, rateSetting),
    /** @param {Case} given @param {string} pass @param {{ canUndo: boolean, canRedo: boolean }} history */
    show(given, pass, { canUndo, canRedo }) {
      op.value = given.op;
      preset.value = given.preset ?? "";
      for (const tool of passes) {
        const name = /** @type {string} */ (tool.dataset.pass);
        tool.hidden = given.op !== "conv" && !["forward", "inputGrad"].includes(name);
        tool.setAttribute("aria-pressed", String(name === pass));
      }
      sizes.input.forEach((select, axis) => { select.value = String(given.input.shape[axis + 1]); });
      sizes.kernel.forEach((select, axis) => { select.value = String(given.weight.shape[axis + 2]); });
      for (const { key, parts } of pairs) parts.forEach((select, axis) => { select.value = String(given[key][axis]); });
      channels[0].value = String(given.input.shape[0]);
      channels[1].value = String(given.weight.shape[0]);
      channels[1].hidden = given.op !== "conv";
      /** @type {HTMLElement} */ (channels[1].previousSibling).hidden = given.op !== "conv";
      shown.dilation.hidden = given.op === "avg";
      flipSetting.hidden = given.op !== "conv";
      rateSetting.hidden = pass !== "update";
      flip.checked = given.flip;
      rate.dataset.shown = String(given.lr);
      if (document.activeElement !== rate) rate.value = String(given.lr);
      [undo.disabled, redo.disabled] = [!canUndo, !canRedo];
    },
  };
}
