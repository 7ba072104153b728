/**
 * The page's controls: of the picture, the kernel, the window's way over the picture, the result. They show a state and
 * ask for changes. `head` stands beside a title, `element` with the other settings.
 */

import { h } from "../parts/dom.js";
import { fitted, parsed } from "../lib/editing.js";
import { t } from "../parts/i18n.js";
import { LARGEST, LIMITS, PRESETS, RANGES } from "../lib/kernels.js";
import { withPreset, withShape, withSize } from "../lib/kernels_state.js";

/** @typedef {import("../lib/kernels_state.js").Stage} Stage */
/** Ask for a change of the kernel in view. @typedef {(change: (stage: Stage) => Stage, gesture?: unknown) => void} Ask */

/** A control under its name. @param {string} key @param {...HTMLElement} controls */
const setting = (key, ...controls) =>
  h(
    "label",
    { class: "setting", dataset: { i18nTitle: `kernels.${key}.why` } },
    h("span", { class: "setting-name", dataset: { i18n: `kernels.${key}` } }),
    ...controls,
  );

/** Several controls under one name; each has a label of its own. @param {string} key @param {...HTMLElement} controls */
const settings = (key, ...controls) =>
  h(
    "div",
    { class: "setting", role: "group", dataset: { i18nTitle: `kernels.${key}.why`, i18nAria: `kernels.${key}` } },
    h("span", { class: "setting-name", dataset: { i18n: `kernels.${key}` } }),
    h("span", { class: "setting-parts" }, ...controls),
  );

/** @param {string} key stem of the options' words @param {string[]} values @param {(value: string) => void} choose @param {Record<string, string>} [words] of a choice that has no name beside it */
function options(key, values, choose, words = {}) {
  const select = h(
    "select",
    { dataset: { control: key, ...words }, onchange: () => choose(select.value) },
    ...values.map((value) => h("option", { value, dataset: { i18n: `kernels.${key}.${value}` } })),
  );
  return select;
}

/** Say what is wrong with what was typed, "" for nothing. @param {any} input @param {string} problem */
function mark(input, problem) {
  input.setAttribute("aria-invalid", String(problem !== ""));
  input.setCustomValidity(problem);
  if (problem) input.reportValidity();
}

/**
 * A whole number; what is out of range is not taken, and said.
 * @param {string} key @param {number} least @param {number} most @param {(value: number) => void} take
 */
function whole(key, least, most, take) {
  const input = h("input", {
    type: "number",
    class: "number-field",
    min: least,
    max: most,
    step: 1,
    dataset: { control: key, i18nAria: `kernels.${key}` },
    oninput: () => {
      const value = Number(input.value);
      const good = input.value !== "" && Number.isInteger(value) && value >= least && value <= most;
      mark(input, good ? "" : t("kernels.range", { least, most }));
      if (good) take(value);
    },
    onblur: () => {
      input.value = input.dataset.shown ?? "";
      mark(input, "");
    },
  });
  return input;
}

/** @param {any} input @param {number} value */
function put(input, value) {
  if (input.value === String(value) && input.dataset.shown === input.value) return;
  input.dataset.shown = String(value);
  if (document.activeElement !== input || Number(input.value) !== value) input.value = String(value);
  mark(input, "");
}

/** Chromium looks through the whole form when a choice is set, even to what it is. @param {HTMLSelectElement} select @param {string} value */
function pick(select, value) {
  if (select.value !== value) select.value = value;
}

/** The words of a choice that stands beside a title. @param {string} key */
const unnamed = (key) => ({ i18nAria: `kernels.${key}`, i18nTitle: `kernels.${key}.why` });

/** @param {string} key @param {(on: boolean) => void} take */
function switched(key, take) {
  const box = h("input", { type: "checkbox", dataset: { control: key }, onchange: () => take(box.checked) });
  return {
    box,
    element: h(
      "label",
      { class: "switch", dataset: { i18nTitle: `kernels.${key}.why` } },
      box,
      h("span", { dataset: { i18n: `kernels.${key}` } }),
    ),
  };
}

const times = () => h("span", { class: "times", "aria-hidden": "true" }, "×");

/** @param {"stride" | "dilation"} key @param {Ask} ask */
function pair(key, ask) {
  const inputs = [0, 1].map((axis) =>
    whole(`${key}.${axis ? "columns" : "rows"}`, 1, LIMITS[key], (value) =>
      ask((state) => ({ ...state, [key]: state[key].with(axis, value) })),
    ),
  );
  return {
    element: settings(key, inputs[0], times(), inputs[1]),
    show: (/** @type {Stage} */ state) => inputs.forEach((input, axis) => put(input, state[key][axis])),
  };
}

/** Colour or grey, and what lies beyond the picture's edge. @param {Ask} ask @param {(channels: "rgb" | "grey") => void} onchannels */
export function pictureControls(ask, onchannels) {
  const channels = options(
    "channels",
    ["rgb", "grey"],
    (value) => onchannels(/** @type {"rgb" | "grey"} */ (value)),
    unnamed("channels"),
  );
  const mode = options("mode", ["zeros", "reflect", "replicate", "circular"], (value) =>
    ask((state) => ({ ...state, mode: /** @type {Stage["mode"]} */ (value) })),
  );
  const amount = options("padding", ["same", "valid", "number"], (value) =>
    ask((state) => ({ ...state, padding: value === "number" ? [1, 1] : /** @type {"same" | "valid"} */ (value) })),
  );
  const amounts = [0, 1].map((axis) =>
    whole(`padding.${axis ? "columns" : "rows"}`, 0, LIMITS.padding, (value) =>
      ask((state) =>
        typeof state.padding === "string"
          ? state
          : { ...state, padding: /** @type {[number, number]} */ (state.padding.with(axis, value)) },
      ),
    ),
  );
  const numbers = h("span", { class: "setting-parts" }, amounts[0], times(), amounts[1]);
  return {
    head: channels,
    element: h("div", { class: "controls" }, setting("mode", mode), setting("padding", amount), numbers),
    /** @param {Stage} state @param {"rgb" | "grey"} now @param {boolean} coloured whether the picture has colours to choose from */
    show(state, now, coloured) {
      pick(channels, now);
      channels.hidden = !coloured;
      pick(mode, state.mode);
      mode.disabled = state.padding === "valid";
      pick(amount, typeof state.padding === "string" ? state.padding : "number");
      numbers.hidden = typeof state.padding === "string";
      if (typeof state.padding !== "string") state.padding.forEach((value, axis) => put(amounts[axis], value));
    },
  };
}

/** Which kernel, how large, of what shape. @param {Ask} ask @param {() => void} onlearned a kernel of the model is wanted */
export function kernelControls(ask, onlearned) {
  const preset = h(
    "select",
    {
      class: "preset",
      dataset: { control: "preset", i18nAria: "kernels.preset" },
      onchange: () => (preset.value === "learned" ? onlearned() : ask((state) => withPreset(state, preset.value))),
    },
    ...Object.keys(PRESETS).map((name) => h("option", { value: name, dataset: { i18n: `kernels.preset.${name}` } })),
    h("option", { value: "learned", dataset: { i18n: "kernels.preset.learned" } }),
    h("option", { value: "", disabled: true, dataset: { i18n: "kernels.preset.own" } }),
  );
  const rows = whole("size.rows", 1, LARGEST, (value) => ask((state) => withSize(state, value, state.kernel.columns)));
  const columns = whole("size.columns", 1, LARGEST, (value) =>
    ask((state) => withSize(state, state.kernel.rows, value)),
  );
  let gesture = {};
  const shapes = /** @type {(keyof typeof RANGES)[]} */ (Object.keys(RANGES)).map((key) => {
    const slider = h("input", {
      type: "range",
      ...RANGES[key],
      dataset: { control: key },
      oninput: () => ask((state) => withShape(state, { [key]: Number(slider.value) }), gesture),
      onchange: () => {
        gesture = {};
      },
    });
    const value = h("output", { class: "slider-value" });
    return { key, slider, value, element: setting(key, h("span", { class: "setting-parts" }, slider, value)) };
  });
  const flip = switched("flip", (on) => ask((state) => ({ ...state, flip: on })));
  return {
    head: h(
      "div",
      { class: "kernel-head" },
      preset,
      h("span", { class: "setting-parts", dataset: { i18nTitle: "kernels.size.why" } }, rows, times(), columns),
    ),
    element: h("div", { class: "controls kernel-shape" }, ...shapes.map(({ element }) => element), flip.element),
    /** @param {Stage} state */
    show(state) {
      pick(preset, state.preset ?? (state.learned ? "learned" : ""));
      put(rows, state.kernel.rows);
      put(columns, state.kernel.columns);
      for (const { key, slider, value, element } of shapes) {
        element.hidden = !state.preset || !(key in PRESETS[state.preset].shape);
        if (Number(slider.value) !== state.shape[key]) slider.value = String(state.shape[key]);
        value.textContent = fitted(state.shape[key], 5) + (key === "angle" ? "°" : "");
      }
      flip.box.checked = state.flip;
    },
  };
}

/** How the window steps over the picture. @param {Ask} ask */
export function windowControls(ask) {
  const [stride, dilation] = [pair("stride", ask), pair("dilation", ask)];
  return {
    element: h("div", { class: "controls" }, stride.element, dilation.element),
    /** @param {Stage} state */
    show(state) {
      stride.show(state);
      dilation.show(state);
    },
  };
}

/** Undo and redo. @param {(direction: "undo" | "redo") => void} travel */
export function travelControls(travel) {
  const button = (/** @type {"undo" | "redo"} */ name, /** @type {string} */ icon) =>
    h(
      "button",
      {
        type: "button",
        class: "tool",
        dataset: { tool: `kernel-${name}`, i18nTitle: `kernels.${name}` },
        onclick: () => travel(name),
      },
      icon,
    );
  const [undo, redo] = [button("undo", "↶"), button("redo", "↷")];
  return {
    element: h("span", { class: "setting-parts" }, undo, redo),
    /** @param {{ canUndo: boolean, canRedo: boolean }} history */
    show({ canUndo, canRedo }) {
      [undo.disabled, redo.disabled] = [!canUndo, !canRedo];
    },
  };
}

/** What becomes of the sums. @param {Ask} ask */
export function resultControls(ask) {
  const normalise = switched("normalise", (on) => ask((state) => ({ ...state, normalise: on })));
  const show = options(
    "show",
    ["clamp", "absolute", "rescale", "signed"],
    (value) => ask((state) => ({ ...state, show: /** @type {Stage["show"]} */ (value) })),
    unnamed("show"),
  );
  const pass = options("pass", ["values", "absolute", "clamp"], (value) =>
    ask((state) => ({ ...state, pass: /** @type {Stage["pass"]} */ (value) })),
  );
  const handed = setting("pass", pass);
  let gesture = {};
  const slider = h("input", {
    type: "range",
    min: -255,
    max: 255,
    step: 1,
    dataset: { control: "bias.slider", i18nAria: "kernels.bias" },
    oninput: () => ask((state) => ({ ...state, bias: Number(slider.value) }), gesture),
    onchange: () => {
      gesture = {};
    },
  });
  const typed = h("input", {
    class: "number-field",
    inputmode: "decimal",
    dataset: { control: "bias", i18nAria: "kernels.bias" },
    oninput: () => {
      const value = parsed(typed.value);
      mark(typed, value === null ? t("kernels.editor.notnumber", { text: typed.value }) : "");
      if (value !== null) ask((state) => ({ ...state, bias: value }));
    },
    onblur: () => {
      typed.value = typed.dataset.shown ?? "0";
      mark(typed, "");
    },
  });
  return {
    head: show,
    element: h("div", { class: "controls" }, settings("bias", slider, typed), normalise.element, handed),
    /** @param {Stage} state @param {boolean} further whether another kernel follows */
    show(state, further) {
      pick(show, state.show);
      pick(pass, state.pass);
      handed.hidden = !further;
      normalise.box.checked = state.normalise;
      if (Number(slider.value) !== state.bias) slider.value = String(state.bias);
      typed.dataset.shown = String(state.bias);
      if (document.activeElement !== typed && typed.value !== typed.dataset.shown) typed.value = String(state.bias);
    },
  };
}
