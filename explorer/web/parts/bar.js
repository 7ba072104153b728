/** The transport: first, back, play, on, last; a scrub bar; the speed; what one step is. */

import { h } from "./dom.js";
import { t, words as told } from "./i18n.js";
import { SPEEDS } from "../lib/transport.js";

/** @typedef {import("../lib/transport.js").Walk} Walk */

/** Outlines in a box of 16 by 16. */
const ICONS = {
  first: "M2 3h2v10H2zM9 3v10L4 8zM14 3v10L9 8z",
  back: "M3 3h2v10H3zM13 3v10L6 8z",
  play: "M4 2.5v11L13 8z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  on: "M3 3v10l7-5zM11 3h2v10h-2z",
  last: "M2 3v10l5-5zM7 3v10l5-5zM12 3h2v10h-2z",
  stop: "M3 3h10v10H3z",
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 16 16",
    width: "16",
    height: "16",
    fill: "currentColor",
    "aria-hidden": "true",
  }))
    svg.setAttribute(key, value);
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * @param {{ onmove: (key: string) => void, onseek: (at: number) => void, onspeed: (speed: number) => void, onunit?: (unit: "value" | "product") => void, words?: string }} options
 * `onmove` gets the key that does the same; without `onunit` there is no choice of what a step is; `words`: a key of the
 * catalogue that says the place by `at` and `count`
 */
export function createBar({ onmove, onseek, onspeed, onunit, words = "arithmetic.step" }) {
  const button = (/** @type {"first" | "back" | "play" | "on" | "last"} */ name, /** @type {string} */ key) =>
    h(
      "button",
      {
        type: "button",
        class: "tool transport-tool",
        dataset: { tool: name, i18nTitle: `arithmetic.transport.${name}` },
        onclick: () => onmove(key),
      },
      icon(name),
    );
  const play = button("play", " ");
  const scrub = h("input", {
    type: "range",
    class: "scrub",
    min: 0,
    step: 1,
    dataset: { i18nAria: "arithmetic.transport.scrub", i18nTitle: "arithmetic.transport.scrub.why" },
    oninput: () => onseek(Number(scrub.value)),
  });
  const place = h("output", { class: "transport-place" });
  const speed = h(
    "select",
    {
      dataset: { control: "speed", i18nTitle: "arithmetic.transport.speed" },
      onchange: () => onspeed(Number(speed.value)),
    },
    ...SPEEDS.map((value) => h("option", { value }, `${value}×`)),
  );
  const unit = h(
    "select",
    {
      dataset: { control: "unit", i18nTitle: "arithmetic.unit.why" },
      hidden: !onunit,
      onchange: () => onunit?.(/** @type {"value" | "product"} */ (unit.value)),
    },
    ...["value", "product"].map((value) => h("option", { value, dataset: { i18n: `arithmetic.unit.${value}` } })),
  );
  return {
    element: h(
      "div",
      { class: "transport", role: "group", dataset: { i18nAria: "arithmetic.transport" } },
      h(
        "div",
        { class: "transport-buttons" },
        button("first", "Home"),
        button("back", "ArrowLeft"),
        play,
        button("on", "ArrowRight"),
        button("last", "End"),
      ),
      scrub,
      place,
      speed,
      unit,
    ),
    /** @param {Walk} walk @param {"value" | "product"} [stepping] */
    show(walk, stepping = "value") {
      if ((play.getAttribute("aria-pressed") === "true") !== walk.playing)
        play.replaceChildren(icon(walk.playing ? "pause" : "play"));
      play.setAttribute("aria-pressed", String(walk.playing));
      scrub.max = String(walk.count - 1);
      scrub.value = String(walk.at);
      const values = { at: walk.at + 1, count: walk.count };
      place.textContent = t(words, values);
      Object.assign(place.dataset, { at: walk.at, count: walk.count, ...told(words, values) });
      speed.value = String(walk.speed);
      unit.value = stepping;
    },
  };
}
