/** The panel "Why": what in the drawing speaks for a class, by four methods side by side. */

import { h } from "../parts/dom.js";
import { csv } from "../lib/export.js";
import { save } from "../parts/save.js";
import { createMenu } from "../parts/menu.js";
import { short } from "../lib/numbers.js";
import { pngFile } from "../parts/snapshot.js";
import { t } from "../parts/i18n.js";
import { complain } from "../parts/server.js";
import { page } from "../parts/page.js";
import { createMeant } from "./meant.js";
import { createWhyMap } from "./why_map.js";

/** Quick ones first. */
const METHODS = ["saliency", "grad_cam", "occlusion", "integrated_gradients"];
/** How long the drawing has to rest before it is explained, ms. */
export const REST_MS = 300;

/** What the panel asks about, null while it is closed. @typedef {import("../lib/link.js").Question | null} Question */

/**
 * @param {{ request: import("../lib/contract/draw.js").Request, predicted: () => number | null }} options
 *   `request` asks the server about what is on the pad; `predicted`: the class that it is read as
 */
export function createWhy({ request, predicted }) {
  const meant = createMeant({ request, predicted });
  const maps = METHODS.map((method) =>
    createWhyMap({ method, onlayer: method === "grad_cam" ? (layer) => change({ layer }) : undefined }),
  );
  const choice = h("select", {
    class: "why-class",
    dataset: { i18nTitle: "why.class" },
    onchange: () => change({ target: choice.value === "" ? null : Number(choice.value) }),
  });
  const score = h("output", { class: "why-score", dataset: { i18nTitle: "why.score.why" } });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const grid = h("div", { class: "why-maps" }, ...maps.map(({ element: map }) => map));
  const menu = createMenu({
    words: "draw.save",
    onfail: fail,
    choices: [
      { words: "why.save.png", run: async () => save(await pngFile(grid), "convscope-why.png") },
      {
        words: "why.save.csv",
        run: () =>
          save(
            csv([
              ["method", "row", "column", "value"],
              ...maps.flatMap((map, k) =>
                map.rows().flatMap((row, y) => row.map((value, x) => [METHODS[k], y, x, value])),
              ),
            ]),
            "convscope-why.csv",
          ),
      },
    ],
  });
  const element = h(
    "section",
    { class: "draw-panel why", id: "why", hidden: true, dataset: { i18nAria: "why.title" } },
    h("div", { class: "why-bar" }, choice, score, menu.element),
    problem,
    meant.element,
    grid,
  );
  let latest = 0;
  let due = 0;
  /** The score of the last answer and its class. @type {{ target: number, score: number } | null} */
  let scored = null;
  let model = page.get("model");

  /** @param {Partial<NonNullable<Question>>} part */
  function change(part) {
    page.set({ why: { target: null, layer: null, ...page.get("why"), ...part } });
  }

  /** @param {Error} error */
  function fail(error) {
    complain(problem, error);
  }

  /** Ask method after method; whoever asks later takes over. */
  async function ask() {
    const turn = ++latest;
    const question = page.get("why");
    if (!question || !page.get("description")) return;
    grid.setAttribute("aria-busy", "true");
    problem.hidden = true;
    try {
      await meant.ask(() => turn === latest);
      if (turn !== latest) return;
      for (const [k, map] of maps.entries()) {
        const layer = METHODS[k] === "grad_cam" ? question.layer : null;
        const answer = await request("why", { method: METHODS[k], target: question.target, layer });
        if (turn !== latest) return;
        map.show(answer);
        const { target, score: found } = answer;
        scored = target === null || found === undefined ? null : { target, score: found };
        tell();
      }
    } catch (error) {
      if (turn === latest) fail(/** @type {Error} */ (error));
    }
    if (turn === latest) grid.removeAttribute("aria-busy");
  }

  function tell() {
    const classes = page.get("description")?.classes ?? [];
    score.textContent = scored
      ? t("why.score", { name: classes[scored.target] ?? scored.target, score: short(scored.score) })
      : "";
  }

  function listClasses() {
    const classes = page.get("description")?.classes ?? [];
    choice.replaceChildren(
      h("option", { value: "" }, t("why.predicted")),
      ...classes.map((/** @type {string} */ name, /** @type {number} */ k) =>
        h("option", { value: k }, t("why.for", { name })),
      ),
    );
    const target = page.get("why")?.target ?? null;
    if (target !== null && classes.length && target >= classes.length) change({ target: null });
    choice.value = target !== null && target < classes.length ? String(target) : "";
  }

  function follow() {
    listClasses();
    refresh(0);
  }

  /** Explain what is on the pad now, once it rests. @param {number} [rest] ms */
  function refresh(rest = REST_MS) {
    clearTimeout(due);
    if (page.get("why")) due = window.setTimeout(ask, rest);
  }

  page.on(["why"], follow);
  page.on(["model"], () => {
    if (model && page.get("why")) change({ layer: null });
    model = page.get("model");
  });
  page.on(["description"], listClasses);
  page.on(["language"], () => {
    listClasses();
    tell();
    for (const map of [...maps, meant]) map.redraw();
  });
  page.on(["dark"], () => [...maps, meant].forEach((map) => map.redraw()));
  follow();

  return { element, refresh };
}
