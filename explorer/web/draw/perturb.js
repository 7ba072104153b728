/** Sliders that change the 28×28 picture before the network sees it; the server computes the change. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { ignorePart, page } from "../parts/page.js";

/** How far a slider goes, as core/data/perturbation.py allows, and how it reads. @typedef {{ name: string, low: number, high: number, step: number, rest: number, unit: string }} Amount */

/** @type {Amount[]} */
export const AMOUNTS = [
  { name: "right", low: -14, high: 14, step: 0.5, rest: 0, unit: " px" },
  { name: "down", low: -14, high: 14, step: 0.5, rest: 0, unit: " px" },
  { name: "rotation", low: -180, high: 180, step: 1, rest: 0, unit: "°" },
  { name: "scale", low: 0.25, high: 2, step: 0.05, rest: 1, unit: "×" },
  { name: "thickness", low: -4, high: 6, step: 0.25, rest: 0, unit: " px" },
  { name: "noise", low: 0, high: 1, step: 0.01, rest: 0, unit: "" },
];
const LARGEST_SEED = 2 ** 31 - 1;

/** Does the server accept these amounts? @param {import("../lib/contract/draw.js").Perturbation} amounts */
export function allowed(amounts) {
  return Object.entries(amounts).every(([name, value]) => {
    if (typeof value === "boolean") return name === "invert" && value;
    if (name === "seed") return Number.isInteger(value) && value >= 0 && value <= LARGEST_SEED;
    const amount = AMOUNTS.find((one) => one.name === name);
    return amount !== undefined && value >= amount.low && value <= amount.high;
  });
}

/** Only what is not at rest; a seed counts only with noise. @param {Record<string, number | boolean>} amounts @returns {import("../lib/contract/draw.js").Perturbation} */
export function atWork(amounts) {
  const rest = Object.fromEntries(AMOUNTS.map(({ name, rest: still }) => [name, still]));
  /** @type {import("../lib/contract/draw.js").Perturbation} */
  const moved = {};
  for (const [name, value] of Object.entries(amounts)) {
    const kept = name === "seed" ? value !== 0 && amounts.noise : value !== rest[name];
    if (kept && value !== false) moved[name] = value;
  }
  return moved;
}

export function createPerturbation() {
  if (!allowed(page.get("perturbation"))) {
    ignorePart("perturb");
    page.set({ perturbation: {} });
  }
  const change = (/** @type {Record<string, number | boolean>} */ amounts) =>
    page.set({ perturbation: atWork({ ...page.get("perturbation"), ...amounts }) });
  const sliders = AMOUNTS.map(({ name, low, high, step, rest, unit }) => {
    const slider = h("input", {
      type: "range",
      min: low,
      max: high,
      step,
      dataset: { amount: name },
      oninput: () => change({ [name]: Number(slider.value) }),
      ondblclick: () => change({ [name]: rest }),
    });
    const told = h("output", { class: "amount" });
    const show = () => {
      const value = Number(page.get("perturbation")[name] ?? rest);
      slider.value = String(value);
      told.textContent = `${value < 0 ? `−${-value}` : value}${unit}`;
      told.classList.toggle("at-work", value !== rest);
    };
    return {
      show,
      element: h(
        "label",
        { class: "amount-row", dataset: { i18nTitle: `perturb.${name}.why` } },
        h("span", { dataset: { i18n: `perturb.${name}` } }),
        slider,
        told,
      ),
    };
  });
  const seed = h("input", {
    type: "number",
    class: "seed",
    min: 0,
    max: LARGEST_SEED,
    step: 1,
    dataset: { i18nAria: "perturb.seed", i18nTitle: "perturb.seed" },
    onchange: () => {
      if (seed.reportValidity()) change({ seed: Number(seed.value) });
    },
  });
  const invert = h("input", { type: "checkbox", onchange: () => change({ invert: invert.checked }) });
  const reset = h("button", {
    type: "button",
    class: "tool wide",
    dataset: { i18n: "perturb.reset", i18nTitle: "perturb.reset.why" },
    onclick: () => page.set({ perturbation: {} }),
  });
  const summary = h("summary", {});
  const element = h(
    "details",
    { class: "perturb", open: Object.keys(page.get("perturbation")).length > 0 },
    summary,
    h(
      "div",
      { class: "amounts" },
      ...sliders.map((slider) => slider.element),
      h(
        "div",
        { class: "amount-end" },
        h(
          "label",
          { class: "switch", dataset: { i18nTitle: "perturb.invert.why" } },
          invert,
          h("span", { dataset: { i18n: "perturb.invert" } }),
        ),
        h("label", { class: "seed-row" }, h("span", { dataset: { i18n: "perturb.seed.short" } }), seed),
        reset,
      ),
    ),
  );

  function show() {
    const count = Object.keys(page.get("perturbation")).filter((name) => name !== "seed").length;
    sliders.forEach((slider) => slider.show());
    invert.checked = page.get("perturbation").invert === true;
    seed.value = String(page.get("perturbation").seed ?? 0);
    seed.disabled = !page.get("perturbation").noise;
    reset.disabled = count === 0;
    summary.textContent = count ? t("perturb.title.count", { count }) : t("perturb.title");
  }
  page.on(["perturbation", "language"], show);
  show();
  return { element };
}
