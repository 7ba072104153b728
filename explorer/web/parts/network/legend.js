/** The colour scale of the maps, its scope, and where the value under the pointer stands on it. */

import { h, hide, canvas, say } from "../dom.js";
import { colourTable, positionOf, tableIndex } from "../../lib/colour.js";
import { short } from "../../lib/numbers.js";
import { t } from "../i18n.js";
import { page } from "../page.js";

const WIDTH = 181;

/** @typedef {"map" | "layer" | "network"} Scope */

/** @param {() => void} onchange */
export function createLegend(onchange) {
  const scopes = /** @type {Scope[]} */ (["map", "layer", "network"]);
  const scopeNow = () => /** @type {Scope} */ (page.get("scope"));
  const choice = h(
    "select",
    {
      class: "scope",
      dataset: { i18nTitle: "legend.scope" },
      onchange: () => page.set({ scope: choice.value }),
    },
    ...scopes.map((name) => h("option", { value: name, dataset: { i18n: `legend.${name}` } })),
  );
  const ramp = canvas(WIDTH, 1, { class: "ramp", role: "img", dataset: { i18nAria: "legend.ramp" } });
  const marker = h("span", { class: "ramp-mark", hidden: true });
  const [low, middle, high] = [h("span", {}), h("span", {}), h("span", {})];
  const element = h(
    "div",
    { class: "legend" },
    choice,
    h("div", { class: "ramp-frame" }, ramp, marker, h("div", { class: "ramp-ticks" }, low, middle, high)),
  );

  choice.value = scopeNow();
  page.on(["scope"], () => {
    choice.value = scopeNow();
    onchange();
  });

  /** The scale on screen, and its theme. */
  let drawn = "";

  /** @param {import("../../lib/colour.js").Scale} scale */
  function draw(scale) {
    const now = `${scale} ${page.get("dark")}`;
    if (now === drawn) return;
    drawn = now;
    const context = /** @type {CanvasRenderingContext2D} */ (ramp.getContext("2d"));
    const image = context.createImageData(WIDTH, 1);
    const words = new Uint32Array(image.data.buffer);
    const table = colourTable(scale, page.get("dark"));
    const start = scale === "diverging" ? -1 : 0;
    for (let x = 0; x < WIDTH; x++) words[x] = table[tableIndex(scale, start + (x / (WIDTH - 1)) * (1 - start))];
    context.putImageData(image, 0, 0);
  }

  /** @param {string[]} words at the low end, in the middle, and at the high end */
  const ticks = (...words) => [low, middle, high].forEach((tick, k) => say(tick, words[k]));

  /** The pointed map has one value all over. @param {string} value */
  function markFlat(value) {
    draw("flat");
    hide(marker, true);
    ticks("", t("legend.flat", { value }), "");
  }

  return {
    element,
    get scope() {
      return scopeNow();
    },

    /** Nothing is pointed at: the ends of the scale in words. */
    rest() {
      draw("diverging");
      hide(marker, true);
      ticks("−", "0", t(`legend.${scopeNow()}.end`));
    },

    /**
     * @param {import("../../lib/contract/network.js").Step} step @param {{ value: number, text: string, scale: number, flat: boolean }} found `scale`: largest |value| of its map
     * @param {number} wider largest |value| of the layer or network in scope
     */
    mark(step, { value, text, scale, flat }, wider) {
      if (flat && scopeNow() === "map" && step.scale === "diverging") return markFlat(text);
      draw(step.scale);
      const full = scopeNow() === "map" ? scale : wider;
      const diverging = step.scale === "diverging";
      const [from, to] = diverging ? [-full, full] : [step.low, step.high];
      ticks(short(from, 3), diverging ? "0" : "", short(to, 3));
      const position = positionOf(step, value, full);
      hide(marker, Number.isNaN(position));
      marker.style.left = `${100 * (diverging ? (position + 1) / 2 : position)}%`;
    },
  };
}
