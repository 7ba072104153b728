/** What is compared with: another model, a kept drawing, or the model before its changes; and what is still to be done for it. */

import { h } from "../parts/dom.js";
import { ask } from "../lib/live.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { shownInput } from "../parts/input_state.js";

const KINDS = /** @type {const} */ (["model", "drawing", "changes"]);

/** Null while the panel is closed. @typedef {import("../lib/link.js").Compared | null} Compared */
/** @typedef {import("../lib/contract/draw.js").Drawing} Drawing */

/** @returns {Compared} */
export const compared = () => page.get("compare");

/** The request of the other side; null while it is not known what that is. @param {Drawing} drawing what is on the pad */
export function otherSide(drawing) {
  const now = compared();
  if (!now) return null;
  if (now.with === "model") return now.model ? { ...drawing, model: now.model, edits: [] } : null;
  if (now.with === "drawing") return now.drawing ? { ...drawing, ...now.drawing } : null;
  return { ...drawing, edits: [] };
}

/**
 * @param {{ comparable: import("../lib/contract/draw.js").Server["comparable"], onchange: (part: Partial<NonNullable<Compared>>) => void, onfail: (error: Error) => void }} options
 *   `onchange` with what is to be compared with instead
 */
export function createSide({ comparable, onchange, onfail }) {
  const kinds = KINDS.map((kind) =>
    h("button", {
      type: "button",
      class: "tool compare-kind",
      dataset: { kind, i18n: `compare.${kind}`, i18nTitle: `compare.${kind}.why` },
      onclick: () => onchange({ with: kind, step: null }),
    }),
  );
  const models = h("select", {
    class: "compare-model",
    dataset: { i18nTitle: "compare.model.choose" },
    onchange: () => onchange({ model: models.value, step: null }),
  });
  const keep = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "compare.keep", i18nTitle: "compare.keep.why" },
    onclick: () => onchange({ with: "drawing", drawing: shownInput(), step: null }),
  });
  const hint = h("p", { class: "note compare-hint", hidden: true });

  async function listModels() {
    try {
      const { models: known } = await ask(comparable, {}, t("error.unreachable"));
      models.replaceChildren(
        ...known.map(({ name, title }) => h("option", { value: name }, title === name ? title : `${title} (${name})`)),
      );
      const now = compared();
      if (now?.with !== "model") return;
      const wanted = now.model ?? (known.find(({ name }) => name !== page.get("model")) ?? known[0]).name;
      if (![...models.options].some((option) => option.value === wanted)) models.add(new Option(wanted, wanted));
      models.value = wanted;
      if (!now.model) onchange({ model: wanted });
    } catch (error) {
      onfail(/** @type {Error} */ (error));
    }
  }

  /** What is still to be done before there is anything to compare. */
  function tell() {
    const now = compared();
    const missing =
      now?.with === "drawing" && !now.drawing
        ? "compare.drawing.none"
        : now?.with === "changes" && !page.get("edits").length
          ? "compare.changes.none"
          : "";
    hint.hidden = !missing;
    hint.textContent = missing && t(missing);
  }

  return {
    bar: h(
      "div",
      { class: "compare-bar" },
      h("div", { class: "compare-kinds", role: "group", dataset: { i18nAria: "compare.with" } }, ...kinds),
      models,
      keep,
    ),
    hint,
    tell,

    /** Show what is chosen. */
    follow() {
      const now = compared();
      for (const button of kinds) button.setAttribute("aria-pressed", String(button.dataset.kind === now?.with));
      models.hidden = now?.with !== "model";
      keep.hidden = now?.with !== "drawing";
      tell();
      if (now?.with === "model") void listModels();
    },
  };
}
