/** The panel "Compare": the drawing and model on the page against another model, a kept drawing, or the model before its changes. */

import { h } from "../parts/dom.js";
import { ask, newestOnly } from "../lib/live.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";
import { createCompareMaps } from "./compare_maps.js";
import { createCompareShares } from "./compare_shares.js";
import { createCompareSteps } from "./compare_steps.js";
import { shownInput } from "../parts/input_state.js";
import { REST_MS } from "./why.js";

const KINDS = /** @type {const} */ (["model", "drawing", "changes"]);

/** Null while the panel is closed. @typedef {import("../lib/link.js").Compared | null} Compared */

/** @param {{ server: import("../lib/contract/draw.js").Server, drawing: () => import("../lib/contract/draw.js").Drawing }} options  `drawing`: the request for what is on the pad now */
export function createCompare({ server, drawing }) {
  const kinds = KINDS.map((kind) =>
    h("button", {
      type: "button",
      class: "tool compare-kind",
      dataset: { kind, i18n: `compare.${kind}`, i18nTitle: `compare.${kind}.why` },
      onclick: () => choose(kind),
    }),
  );
  const models = h("select", {
    class: "compare-model",
    dataset: { i18nTitle: "compare.model.choose" },
    onchange: () => change({ model: models.value, step: null }),
  });
  const keep = h("button", {
    type: "button",
    class: "tool",
    dataset: { i18n: "compare.keep", i18nTitle: "compare.keep.why" },
    onclick: () => change({ with: "drawing", drawing: shownInput(), step: null }),
  });
  const hint = h("p", { class: "note compare-hint", hidden: true });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const shares = createCompareShares();
  const steps = createCompareSteps({ onchoose: (step) => change({ step }) });
  const maps = createCompareMaps({
    onpage: (first) => {
      channel = first;
      refresh(0);
    },
  });
  const result = h("div", { class: "compare-result" }, shares.element, steps.element, maps.element);
  const element = h(
    "section",
    { class: "draw-panel compare", id: "compare", hidden: true, dataset: { i18nAria: "compare.title" } },
    h(
      "div",
      { class: "compare-bar" },
      h("div", { class: "compare-kinds", role: "group", dataset: { i18nAria: "compare.with" } }, ...kinds),
      models,
      keep,
    ),
    hint,
    problem,
    result,
  );
  let channel = 0;
  let due = 0;
  /** @type {any} */
  let answered = null;

  /** @returns {Compared} */
  const compared = () => page.get("compare");

  /** @param {(typeof KINDS)[number]} kind */
  function choose(kind) {
    change({ with: kind, step: null });
  }

  /** @param {Partial<NonNullable<Compared>>} part */
  function change(part) {
    const now = compared();
    channel = 0;
    if (now) page.set({ compare: { ...now, ...part } });
  }

  /** The request of the other side; null while it is not known what that is. */
  function other() {
    const now = compared();
    if (!now) return null;
    if (now.with === "model") return now.model ? { ...drawing(), model: now.model, edits: [] } : null;
    if (now.with === "drawing") return now.drawing ? { ...drawing(), ...now.drawing } : null;
    return { ...drawing(), edits: [] };
  }

  const post = newestOnly(
    (/** @type {Parameters<typeof server.compare>[0]} */ asked) => ask(server.compare, asked, t("error.unreachable")),
    (answer) => {
      if (!compared()) return;
      answered = answer;
      problem.hidden = true;
      show();
    },
    (error) => {
      problem.textContent = error.message;
      problem.hidden = false;
      result.hidden = true;
    },
  );

  /** What the two sides are called. */
  function names() {
    const now = compared();
    if (now?.with !== "model") return [t(`compare.first.${now?.with}`), t(`compare.second.${now?.with}`)];
    const titles = answered.sides.map((/** @type {{ title: string }} */ { title }) => title);
    return titles[0] === titles[1] ? [page.get("model"), now.model ?? ""] : titles;
  }

  function show() {
    if (!answered) return;
    result.hidden = false;
    const [one, another] = names();
    shares.show(answered.sides, [one, another]);
    steps.show(answered.rows, answered.chosen);
    maps.show(answered.maps, [one, another, t("compare.apart")]);
  }

  async function listModels() {
    try {
      const { models: known } = await ask(server.comparable, {}, t("error.unreachable"));
      models.replaceChildren(
        ...known.map((/** @type {{ name: string, title: string }} */ { name, title }) =>
          h("option", { value: name }, title === name ? title : `${title} (${name})`),
        ),
      );
      const now = compared();
      if (now?.with !== "model") return;
      const wanted =
        now.model ??
        known.find((/** @type {{ name: string }} */ { name }) => name !== page.get("model"))?.name ??
        known[0].name;
      if (![...models.options].some((option) => option.value === wanted)) models.add(new Option(wanted, wanted));
      models.value = wanted;
      if (!now.model) change({ model: wanted });
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
    }
  }

  function follow() {
    const now = compared();
    if (!now) return;
    for (const button of kinds) button.setAttribute("aria-pressed", String(button.dataset.kind === now.with));
    models.hidden = now.with !== "model";
    keep.hidden = now.with !== "drawing";
    tellHint();
    if (now.with === "model") void listModels();
    refresh(0);
  }

  /** What is still to be done before there is anything to compare. */
  function tellHint() {
    const now = compared();
    const missing =
      now?.with === "drawing" && !now.drawing
        ? "compare.drawing.none"
        : now?.with === "changes" && !page.get("edits").length
          ? "compare.changes.none"
          : "";
    hint.hidden = !missing;
    hint.textContent = missing && t(missing);
    if (!other()) result.hidden = true;
  }

  /** Compare what is on the pad now, once it rests. @param {number} [rest] ms */
  function refresh(rest = REST_MS) {
    clearTimeout(due);
    if (!compared()) return;
    due = window.setTimeout(() => {
      tellHint();
      const [second, step] = [other(), compared()?.step ?? null];
      if (second && page.get("description"))
        post({ first: drawing(), second, drawn: step === null ? null : [step, channel] });
    }, rest);
  }

  page.on(["compare"], follow);
  page.on(["language"], () => {
    tellHint();
    show();
  });
  page.on(["dark"], () => maps.redraw());
  follow();

  return { element, refresh };
}
