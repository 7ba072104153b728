/** The chain at a glance: the picture and every kernel in order, each with the picture it makes. */

import { canvas, h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { MOST_STAGES } from "../lib/kernels.js";
import { needsExtent, shade } from "../lib/shading.js";
import { extentOfLink } from "./chain.js";

/** Pixels along a thumbnail's longer side. */
const SIDE = 128;
/** Pixels beside a card that is scrolled into view. */
const MARGIN = 12;

/** @typedef {import("../lib/kernels_state.js").Stage} Stage */

/** A kernel's name on the page. @param {Stage} stage */
export const nameOf = ({ preset, learned }) => learned ?? t(`kernels.preset.${preset ?? "own"}`);

/**
 * @param {{ onpick: (at: number) => void, onswitch: (at: number, on: boolean) => void, onmove: (at: number, by: number) => void, onremove: (at: number) => void, onadd: () => void }} options
 */
export function createStrip({ onpick, onswitch, onmove, onremove, onadd }) {
  const list = h("ol", { class: "chain-list", dataset: { i18nAria: "kernels.chain" } });
  const add = h("button", {
    type: "button",
    class: "tool wide chain-add",
    dataset: { tool: "chain-add", i18n: "kernels.chain.add", i18nTitle: "kernels.chain.add.why" },
    onclick: onadd,
  });
  const origin = card();
  const room = h("div", { class: "chain-room" }, list);
  const element = h("div", { class: "chain", onkeydown: walk }, room, add);
  /** @type {ReturnType<typeof kernelCard>[]} */
  let cards = [];
  let current = 0;
  /** Whether the keyboard is to go where the view goes. */
  let follow = false;

  /** What the picture's card and a kernel's have in common. */
  function card() {
    const picture = canvas(1, 1, { class: "chain-picture", "aria-hidden": "true" });
    const [name, size] = [h("span", { class: "chain-name" }), h("span", { class: "chain-size note" })];
    return {
      picture,
      name,
      size,
      element: h("li", { class: "chain-card" }, picture, h("span", { class: "chain-words" }, name, size)),
    };
  }

  /** @param {number} at */
  function kernelCard(at) {
    const { picture, name, size } = card();
    const tool = (/** @type {string} */ key, /** @type {string} */ icon, /** @type {() => void} */ act) =>
      h(
        "button",
        {
          type: "button",
          class: "tool small",
          dataset: { tool: `chain-${key}`, i18nTitle: `kernels.chain.${key}` },
          onclick: act,
        },
        icon,
      );
    const pick = h(
      "button",
      { type: "button", class: "chain-pick", dataset: { i18nTitle: "kernels.chain.pick" }, onclick: () => onpick(at) },
      picture,
      h("span", { class: "chain-words" }, name, size),
    );
    const on = h("input", {
      type: "checkbox",
      dataset: { control: "chain-on", i18nAria: "kernels.chain.on", i18nTitle: "kernels.chain.on" },
      onchange: () => onswitch(at, on.checked),
    });
    const [back, forth, remove] = [
      tool("back", "◀", () => onmove(at, -1)),
      tool("forth", "▶", () => onmove(at, 1)),
      tool("remove", "✕", () => onremove(at)),
    ];
    const element = h(
      "li",
      { class: "chain-card", dataset: { stage: at } },
      pick,
      h("span", { class: "chain-tools" }, on, back, forth, remove),
    );
    fillWords(element);
    return { picture, name, size, pick, on, back, forth, remove, element };
  }

  /** Scroll the strip, not the page, until a card is in view. @param {number} at */
  function bring(at) {
    const { offsetLeft, offsetWidth } = cards[at].element;
    const first = offsetLeft - room.offsetLeft;
    room.scrollLeft = Math.min(
      first - MARGIN,
      Math.max(room.scrollLeft, first + offsetWidth + MARGIN - room.clientWidth),
    );
  }

  /** @param {KeyboardEvent} event */
  function walk(event) {
    if (!(event.target instanceof Element) || !event.target.closest(".chain-pick")) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const to = by === undefined ? null : current + by;
    if (event.key === "Delete" && cards.length > 1) onremove(current);
    else if (to !== null && cards[to]) event.altKey ? onmove(current, /** @type {number} */ (by)) : onpick(to);
    else return;
    event.preventDefault();
    follow = true;
  }

  /** @param {HTMLCanvasElement} surface @param {Float64Array[]} planes @param {number} width @param {number} height @param {(bytes: Uint8ClampedArray, planes: Float64Array[]) => void} paint */
  function draw(surface, planes, width, height, paint) {
    const step = Math.max(1, Math.floor(Math.max(width, height) / SIDE));
    const [columns, rows] = [Math.ceil(width / step), Math.ceil(height / step)];
    const small = planes.map((plane) => {
      const values = new Float64Array(rows * columns);
      for (let y = 0, k = 0; y < rows; y++)
        for (let x = 0; x < columns; x++, k++) values[k] = plane[y * step * width + x * step];
      return values;
    });
    if (surface.width !== columns || surface.height !== rows) [surface.width, surface.height] = [columns, rows];
    const image = new ImageData(columns, rows);
    paint(image.data, small);
    /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d")).putImageData(image, 0, 0);
  }

  return {
    element,

    /** @param {Stage[]} stages @param {number} at the kernel in view @param {string} source the picture's name */
    show(stages, at, source) {
      if (cards.length !== stages.length) {
        follow ||= element.contains(document.activeElement) && document.activeElement !== add;
        cards = stages.map((_, k) => kernelCard(k));
        list.replaceChildren(origin.element, ...cards.map(({ element: each }) => each));
      }
      if (current !== at) bring(at);
      current = at;
      origin.name.textContent = source;
      cards.forEach(({ name, size, pick, on, back, forth, remove, element: each }, k) => {
        const { kernel, on: applied } = stages[k];
        name.textContent = name.title = `${k + 1} ${nameOf(stages[k])}`;
        size.textContent = `${kernel.rows} × ${kernel.columns}`;
        each.classList.toggle("current", k === at);
        each.classList.toggle("off", !applied);
        if (k === at) pick.setAttribute("aria-current", "step");
        else pick.removeAttribute("aria-current");
        on.checked = applied;
        [back.disabled, forth.disabled, remove.disabled] = [k === 0, k === cards.length - 1, cards.length === 1];
      });
      if (follow) cards[at].pick.focus();
      follow = false;
      add.disabled = stages.length >= MOST_STAGES;
    },

    /** @param {import("./engine.js").Field} field @param {(bytes: Uint8ClampedArray, planes: Float64Array[]) => void} paint */
    drawSource(field, paint) {
      draw(origin.picture, field.planes, field.width, field.height, paint);
      origin.size.textContent = `${field.height} × ${field.width}`;
    },

    /** The picture that a kernel makes; nothing where no window fits. @param {number} at @param {import("./chain.js").Link} link @param {Stage} stage @param {boolean} dark */
    drawLink(at, link, stage, dark) {
      const surface = cards[at].picture;
      cards[at].element.classList.toggle("none", link.refusal !== null || link.blocked);
      if (!link.laid || !link.sums) return;
      const { rows, columns } = link.laid.geometry;
      const extent = needsExtent(stage.show) ? extentOfLink(link) : { lowest: 0, highest: 255 };
      draw(surface, link.sums, columns.output, rows.output, (bytes, planes) =>
        shade(bytes, planes, link.divisor, link.bias, stage.show, extent, dark),
      );
    },

    /** A kernel that is off passes on the picture before it. @param {number} at */
    copyBefore(at) {
      const before = at ? cards[at - 1].picture : origin.picture;
      const surface = cards[at].picture;
      [surface.width, surface.height] = [before.width, before.height];
      /** @type {CanvasRenderingContext2D} */ (surface.getContext("2d")).drawImage(before, 0, 0);
    },
  };
}
