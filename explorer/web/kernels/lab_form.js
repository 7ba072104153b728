/** The form of a measurement: what is convolved, at which sizes, and the ways to compute it, one plain sentence each. */

import { h } from "../parts/dom.js";
import { NUMBERS, sizesIn } from "./lab_settings.js";

/** Largest values that can be typed; what a machine can bear, the server says. */
const MOST = 65536;

/** What is missing for ways that need a card. */
const LACKS = ["cuda", "triton"];

/** Why a way cannot be taken, in the page's language: how to install the compiler it needs, or what is missing; else the server's words. @param {import("./lab_settings.js").Way} way */
function lacking({ name, missing, install }) {
  const words = install !== null ? `lab.install.${install}` : LACKS.includes(name) ? `lab.lacks.${name}` : null;
  const dataset = words === null ? {} : { i18n: words };
  return h("span", { class: "note lab-missing", dataset }, words === null ? (missing ?? "") : "");
}

/**
 * @param {{ ways: import("./lab_settings.js").Way[], cores: number, settings: import("./lab_settings.js").Settings, onchange: () => void, onstart: () => void, oncancel: () => void }} options
 */
export function createForm({ ways, cores, settings, onchange, onstart, oncancel }) {
  let now = settings;
  const take = (/** @type {Partial<typeof now>} */ change) => {
    now = { ...now, ...change };
    onchange();
  };
  const setting = (/** @type {string} */ name, /** @type {any} */ control) =>
    h(
      "label",
      { class: `setting lab-${name}`, dataset: { i18nTitle: `lab.form.${name}.why` } },
      h("span", { class: "setting-name", dataset: { i18n: `lab.form.${name}` } }),
      control,
    );

  const sizes = h("input", {
    type: "text",
    class: "lab-field",
    inputmode: "numeric",
    spellcheck: "false",
    value: now.sizes.join(", "),
    dataset: { control: "lab-sizes" },
    onchange: () => {
      const typed = sizesIn(sizes.value);
      sizes.setAttribute("aria-invalid", String(typed === null));
      if (typed) take({ sizes: typed });
    },
  });
  const numbers = NUMBERS.map((name) => {
    const open = name === "threads";
    const field = h("input", {
      type: "number",
      class: "lab-field",
      min: 1,
      max: open ? cores : MOST,
      step: 1,
      value: now[name],
      placeholder: open ? cores : undefined,
      dataset: { control: `lab-${name}` },
      onchange: () => {
        const left = open && field.value === "" && field.validity.valid;
        if (!left && (field.value === "" || !field.validity.valid)) field.value = String(now[name] ?? "");
        else take({ [name]: left ? null : Number(field.value) });
      },
    });
    return setting(name, field);
  });
  const boxes = ways.map((way) => {
    const { name, missing } = way;
    const box = h("input", {
      type: "checkbox",
      checked: now.ways.includes(name),
      disabled: missing !== null,
      dataset: { control: `lab-way-${name}` },
      onchange: () => {
        const on = new Set(now.ways);
        if (box.checked) on.add(name);
        else on.delete(name);
        take({ ways: ways.map((way) => way.name).filter((way) => on.has(way)) });
      },
    });
    return h(
      "label",
      { class: missing === null ? "lab-way" : "lab-way missing" },
      box,
      h(
        "span",
        {},
        h("span", { class: "lab-way-name", dataset: { i18n: `lab.way.${name}` } }),
        h("span", { class: "note", dataset: { i18n: `lab.way.${name}.what` } }),
        ...(missing === null ? [] : [lacking(way)]),
      ),
    );
  });
  const start = h("button", {
    type: "button",
    class: "action",
    dataset: { i18n: "lab.start", tool: "lab-start" },
    onclick: onstart,
  });
  const cancel = h("button", {
    type: "button",
    class: "tool wide",
    hidden: true,
    dataset: { i18n: "lab.cancel", tool: "lab-cancel" },
    onclick: oncancel,
  });
  const progress = h("progress", { max: 1, value: 0, hidden: true, dataset: { i18nAria: "lab.progress" } });
  const status = h("p", { class: "note lab-status", role: "status" });

  return {
    element: h(
      "div",
      { class: "lab-form" },
      h("div", { class: "lab-numbers" }, setting("sizes", sizes), ...numbers),
      h(
        "fieldset",
        { class: "lab-ways" },
        h("legend", { class: "setting-name", dataset: { i18n: "lab.ways" } }),
        ...boxes,
      ),
      h("div", { class: "lab-begin" }, start, cancel, progress, status),
    ),
    get settings() {
      return now;
    },
    /** What was typed as sizes and cannot be read; null when they can. */
    get unread() {
      return sizesIn(sizes.value) ? null : sizes.value;
    },
    /** @param {{ running: boolean, share: number | null, words: string }} told `share` of the points that are there, null before the first */
    tell({ running, share, words }) {
      start.disabled = running;
      cancel.hidden = progress.hidden = !running;
      if (share === null) progress.removeAttribute("value");
      else progress.value = share;
      status.textContent = words;
    },
  };
}
