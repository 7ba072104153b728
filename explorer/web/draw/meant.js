/** "I meant …": one map of what decided between the class that was read and the one that was meant, and a sentence of it. */

import { h } from "../parts/dom.js";
import { floatsFromBase64 } from "../lib/codes.js";
import { strongestRegions } from "../lib/regions.js";
import { short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { createPopover } from "../parts/popover.js";
import { createWhyMap } from "./why_map.js";

/** @typedef {import("./why_map.js").Why} Why */

/** A chip with the classes, of which one can be said to be the true one. @param {{ onchoose: (label: number) => void }} options */
export function createMeantChip({ onchoose }) {
  const list = h("div", { class: "meant-classes", role: "group", dataset: { i18nAria: "meant.which" } });
  const popover = createPopover({
    words: "meant.title",
    title: "meant.title.why",
    name: "meant-panel",
    children: [h("p", { class: "note", dataset: { i18n: "meant.which" } }), list],
  });
  popover.button.classList.replace("tool", "chip");
  return {
    element: popover.element,

    /** @param {string[]} classes */
    describe(classes) {
      popover.element.hidden = classes.length < 2;
      list.replaceChildren(
        ...classes.map((name, k) =>
          h(
            "button",
            {
              type: "button",
              class: "tool",
              onclick: () => {
                popover.open(false);
                onchoose(k);
              },
            },
            name,
          ),
        ),
      );
    },
  };
}

/** @param {{ request: import("../lib/contract/draw.js").Request, predicted: () => number | null }} options  `predicted`: the class that the drawing is read as */
export function createMeant({ request, predicted }) {
  const map = createWhyMap({ method: "difference" });
  const told = h("p", { class: "meant-told", role: "status" });
  const element = h(
    "section",
    { class: "meant", hidden: true, dataset: { i18nAria: "meant.title" } },
    told,
    map.element,
  );
  /** @type {{ answer: Why, target: number, over: number } | null} */
  let shown = null;

  function tell() {
    if (!shown) return;
    const { answer, target, over } = shown;
    const classes = page.get("description")?.classes ?? [];
    const names = { meant: classes[target], read: classes[over] };
    const score = answer.score ?? 0;
    const words = [t("meant.lead", { ...names, lead: short(-score, 3) })];
    if (answer.values && answer.rows && answer.columns) {
      const values = floatsFromBase64(answer.values);
      const { most, least } = strongestRegions(values, answer.rows, answer.columns);
      words.push(t("meant.against", { ...names, region: t(`region.${least.name}`), sum: short(least.sum, 3) }));
      if (most.sum > 0)
        words.push(t("meant.for", { ...names, region: t(`region.${most.name}`), sum: short(most.sum, 3) }));
    }
    told.textContent = words.join(" ");
  }

  return {
    element,

    /** Ask what decided; nothing where the class that was meant is the one that was read, or none was said. @param {() => boolean} current whether the answer is still wanted */
    async ask(current) {
      const [target, over] = [page.get("label"), predicted()];
      if (target === null || over === null || target === over) {
        element.hidden = true;
        return;
      }
      const answer = await request("why", { method: "integrated_gradients", target, over, layer: null });
      if (!current()) return;
      shown = { answer, target, over };
      element.hidden = false;
      map.show(answer);
      tell();
    },

    redraw() {
      map.redraw();
      tell();
    },
  };
}
