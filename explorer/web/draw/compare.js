/** The panel "Compare": the drawing and model on the page against another model, a kept drawing, or the model before its changes. */

import { h } from "../parts/dom.js";
import { ask, newestOnly } from "../lib/live.js";
import { t } from "../parts/i18n.js";
import { complain } from "../parts/server.js";
import { page } from "../parts/page.js";
import { createCompareMaps } from "./compare_maps.js";
import { createCompareShares } from "./compare_shares.js";
import { compared, createSide, otherSide } from "./compare_side.js";
import { createCompareSteps } from "./compare_steps.js";
import { REST_MS } from "./why.js";

/** @typedef {import("../lib/contract/draw.js").Comparison} Comparison */
/** @typedef {NonNullable<import("./compare_side.js").Compared>} Compared */

/** What the two sides are called. @param {Comparison} answer */
function namesOf({ sides }) {
  const now = compared();
  if (now?.with !== "model") return [t(`compare.first.${now?.with}`), t(`compare.second.${now?.with}`)];
  const titles = sides.map(({ title }) => title);
  return titles[0] === titles[1] ? [page.get("model"), now.model ?? ""] : titles;
}

/** @param {{ server: import("../lib/contract/draw.js").Server, drawing: () => import("../lib/contract/draw.js").Drawing }} options  `drawing`: the request for what is on the pad now */
export function createCompare({ server, drawing }) {
  const side = createSide({
    comparable: server.comparable,
    onchange: change,
    onfail: (error) => complain(problem, error),
  });
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
    side.bar,
    side.hint,
    problem,
    result,
  );
  let channel = 0;
  let due = 0;
  /** @type {Comparison | null} */
  let answered = null;

  /** @param {Partial<Compared>} part */
  function change(part) {
    const now = compared();
    channel = 0;
    if (now) page.set({ compare: { ...now, ...part } });
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
      complain(problem, error);
      result.hidden = true;
    },
  );

  function show() {
    if (!answered) return;
    result.hidden = false;
    const [one, another] = namesOf(answered);
    shares.show(answered.sides, [one, another]);
    steps.show(answered.rows, answered.chosen);
    maps.show(answered.maps, [one, another, t("compare.apart")]);
  }

  function follow() {
    if (!compared()) return;
    side.follow();
    refresh(0);
  }

  /** Compare what is on the pad now, once it rests. @param {number} [rest] ms */
  function refresh(rest = REST_MS) {
    clearTimeout(due);
    if (!compared()) return;
    due = window.setTimeout(() => {
      side.tell();
      const [second, step] = [otherSide(drawing()), compared()?.step ?? null];
      if (!second) result.hidden = true;
      else if (page.get("description"))
        post({ first: drawing(), second, drawn: step === null ? null : [step, channel] });
    }, rest);
  }

  page.on(["compare"], follow);
  page.on(["language"], () => {
    side.tell();
    show();
  });
  page.on(["dark"], () => maps.redraw());
  follow();

  return { element, refresh };
}
