/** The page's settings: operator, example, pass, the controls of the operator, random numbers, undo. */

import { OPERATORS } from "../lib/arithmetic.js";
import { h } from "../parts/dom.js";
import { parsed } from "../lib/editing.js";
import { fillWords, t } from "../parts/i18n.js";
import { PRESETS } from "../lib/presets.js";
import { withChoice } from "../lib/case.js";
import { letterOf } from "./words.js";

/** @typedef {import("../lib/case.js").Case} Case */
/** @typedef {import("../lib/arithmetic.js").Pass} Pass */
/** @typedef {(change: (given: Case) => Case) => void} Ask */
/** @typedef {import("../lib/arithmetic.js").Part} Part */

/** One control and how it shows a case. @param {Part} part @param {Ask} ask @returns {{ element: HTMLElement, show: (given: Case) => void }} */
function controlOf(part, ask) {
  const { key, kind, label, get } = part;
  const take = (/** @type {any} */ value) => ask((given) => withChoice(given, part, value));
  const dataset = { control: key, i18nAria: label };
  if (kind === "switch") {
    const box = h("input", { type: "checkbox", dataset: { control: key }, onchange: () => take(box.checked) });
    return {
      element: box,
      show: (given) => {
        box.checked = get(given);
      },
    };
  }
  if (kind === "number") {
    const valid = (/** @type {number | null} */ value) => value !== null && (part.accepts?.(value) ?? true);
    const field = h("input", {
      class: "number-field",
      inputmode: "decimal",
      dataset,
      oninput: () => {
        const value = parsed(field.value);
        field.setAttribute("aria-invalid", String(!valid(value)));
        if (valid(value)) take(value);
      },
      onblur: () => {
        field.value = field.dataset.shown ?? "";
        field.setAttribute("aria-invalid", "false");
      },
    });
    return {
      element: field,
      show(given) {
        field.dataset.shown = String(get(given));
        if (document.activeElement !== field) field.value = field.dataset.shown;
      },
    };
  }
  const select = h("select", {
    class: kind === "count" ? "counter" : "choice",
    dataset,
    onchange: () => take(kind === "count" ? Number(select.value) : select.value),
  });
  let built = "";
  return {
    element: select,
    show(given) {
      const value = get(given);
      const offered = part.options?.(given) ?? [];
      const options = kind === "choice" || offered.includes(value) ? offered : [...offered, value];
      if (String(options) !== built) {
        built = String(options);
        select.replaceChildren(
          ...options.map((option) =>
            h(
              "option",
              { value: option, dataset: kind === "count" ? {} : { i18n: `arithmetic.${key}.${option}` } },
              String(option),
            ),
          ),
        );
        fillWords(select);
      }
      select.value = String(value);
    },
  };
}

/** The controls of one operator. @param {string} op @param {Ask} ask */
function settingsOf(op, ask) {
  const settings = OPERATORS[op].settings.map((setting) => {
    const { key, parts, between } = setting;
    const controls = parts.map((part) => controlOf(part, ask));
    const name = h("span", { class: "setting-name", dataset: { i18n: `arithmetic.${key}` } });
    const title = { i18nTitle: `arithmetic.${key}.why`, setting: key };
    const element =
      parts[0].kind === "switch"
        ? h("label", { class: "switch setting", dataset: title }, controls[0].element, name)
        : h(
            "div",
            { class: "setting", role: "group", dataset: { ...title, i18nAria: `arithmetic.${key}` } },
            name,
            h(
              "span",
              { class: "setting-parts" },
              ...controls.flatMap(({ element: control }, k) => [
                ...(k === controls.length - 1 && between
                  ? [h("span", { class: "times", "aria-hidden": "true" }, between)]
                  : []),
                control,
              ]),
            ),
          );
    return {
      element,
      /** @param {Case} given @param {string} pass */
      show(given, pass) {
        element.hidden = (setting.passes && !setting.passes.includes(pass)) || setting.hidden?.(given) || false;
        controls.forEach(({ element: control, show }, k) => {
          control.hidden = parts[k].hidden?.(given) ?? false;
          show(given);
        });
        const times = element.querySelector(".times");
        if (times) times.hidden = controls[controls.length - 1].element.hidden;
      },
    };
  });
  return {
    elements: settings.map(({ element }) => element),
    show: (/** @type {Case} */ given, /** @type {string} */ pass) => settings.forEach(({ show }) => show(given, pass)),
  };
}

/** All operators by family, as the menu lists them. */
const families = () => [...Map.groupBy(Object.values(OPERATORS), ({ family }) => family)];

/** @param {{ ask: Ask, onoperator: (op: string) => void, onpreset: (name: string) => void, onpass: (pass: string) => void, onrandom: (seed: number) => void, tools: HTMLElement[] }} options `tools`: undo and redo */
export function createControls({ ask, onoperator, onpreset, onpass, onrandom, tools }) {
  const groups = families().map(([family, operators]) =>
    h(
      "optgroup",
      { dataset: { i18nAria: `arithmetic.family.${family}`, family } },
      ...operators.map(({ name, title = "" }) =>
        h("option", { value: name, dataset: title ? {} : { i18n: `arithmetic.op.${name}` } }, title),
      ),
    ),
  );
  const op = h(
    "select",
    {
      dataset: { control: "op", i18nAria: "arithmetic.op", i18nTitle: "arithmetic.op.why" },
      onchange: () => onoperator(op.value),
    },
    ...groups,
  );
  const preset = h(
    "select",
    {
      class: "preset",
      dataset: { control: "preset", i18nAria: "arithmetic.preset", i18nTitle: "arithmetic.preset.why" },
      onchange: () => onpreset(preset.value),
    },
    ...Object.keys(PRESETS).map((value) => h("option", { value, dataset: { i18n: `arithmetic.preset.${value}` } })),
    h("option", { value: "", disabled: true, dataset: { i18n: "arithmetic.preset.own" } }),
  );
  const passes = h("div", { class: "passes", role: "group", dataset: { i18nAria: "arithmetic.pass" } });
  const settings = h("div", { class: "controls" });
  const fold = h("button", {
    type: "button",
    class: "tool wide more",
    "aria-expanded": "false",
    dataset: { tool: "settings", i18n: "arithmetic.settings", i18nTitle: "arithmetic.settings.why" },
    onclick: () => fold.setAttribute("aria-expanded", String(fold.getAttribute("aria-expanded") === "false")),
  });
  const seed = h("input", {
    class: "number-field",
    type: "number",
    min: 0,
    max: 999999,
    step: 1,
    value: 1,
    dataset: { control: "seed", i18nAria: "arithmetic.seed" },
  });
  const draw = () => onrandom(Math.max(0, Math.floor(Number(seed.value)) || 0));
  /** @type {Map<string, ReturnType<typeof settingsOf>>} */
  const built = new Map();
  let shownOp = "";
  let shownPasses = "";

  /** A button for each pass: what it computes, under what it is part of. @param {Case} given @param {Pass[]} all */
  function listPasses(given, all) {
    const key = JSON.stringify([given.op, all.map(({ name }) => name)]);
    if (key === shownPasses) return;
    shownPasses = key;
    const parts = [...Map.groupBy(all, ({ direction }) => direction)];
    passes.replaceChildren(
      ...parts.map(([direction, some]) =>
        h(
          "div",
          { class: "pass-group" },
          h("span", { class: "pass-direction", dataset: { i18n: `arithmetic.pass.${direction}` } }),
          ...some.map(({ name, targets }) =>
            h(
              "button",
              {
                type: "button",
                class: "tool pass",
                dataset: { pass: name, i18nTitle: `arithmetic.pass.${name}.why` },
                onclick: () => onpass(name),
              },
              targets.map((target) => letterOf(given, target)).join(", "),
            ),
          ),
        ),
      ),
    );
    fillWords(passes);
  }

  return {
    head: [
      op,
      preset,
      ...tools,
      fold,
      h(
        "span",
        { class: "random", dataset: { i18nTitle: "arithmetic.random.why" } },
        h("button", {
          type: "button",
          class: "tool wide",
          dataset: { tool: "random", i18n: "arithmetic.random" },
          onclick: draw,
        }),
        h("label", { class: "seed note" }, h("span", { dataset: { i18n: "arithmetic.seed" } }), seed),
      ),
    ],
    passes,
    settings,
    /** @param {Case} given @param {Record<string, Pass>} all the passes, none where the settings are impossible @param {string} pass */
    show(given, all, pass) {
      op.value = given.op;
      preset.value = given.preset ?? "";
      for (const group of groups) group.label = t(`arithmetic.family.${group.dataset.family}`);
      const own = built.get(given.op) ?? settingsOf(given.op, ask);
      if (shownOp !== given.op) {
        built.set(given.op, own);
        shownOp = given.op;
        settings.replaceChildren(...own.elements);
        fillWords(settings);
      }
      own.show(given, pass);
      passes.hidden = !Object.keys(all).length;
      if (!passes.hidden) listPasses(given, Object.values(all));
      for (const tool of passes.querySelectorAll(".pass"))
        tool.setAttribute("aria-pressed", String(tool.dataset.pass === pass));
    },
  };
}
