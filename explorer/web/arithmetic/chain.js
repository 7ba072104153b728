/** The chain: a whole small network walked forward, then backward, then one step, number by number. */

import { agreementOf, lastPhase, operatorOf, writersOf } from "../lib/arithmetic.js";
import { countOf, EDITED, legsOf, lossAfter, numberOfPlace, placeAt, stagesOf } from "../lib/chain.js";
import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { numberOf, short } from "../lib/numbers.js";
import { accepts, chainTold, withNumber, withNumbers } from "./chain_state.js";
import { createEdits } from "./edits.js";
import { createExport, stepTable } from "./export.js";
import { planesOf } from "../lib/planes.js";
import { createOverview } from "./overview.js";
import { listenToTables, sizeRefused } from "./paste.js";
import { createPlayer } from "../parts/player.js";
import { pytorchLines } from "./pytorch_lines.js";
import { createStage } from "./stage.js";
import { targetName } from "./terms.js";
import { createTexts } from "./texts.js";
import { letterOf, refusedWords } from "./words.js";

/** @typedef {import("../lib/chain.js").Network} Network */
/** @typedef {import("../lib/chain.js").StageName} StageName */

/** How long a step takes at speed 1, ms. */
const PACE = { value: 450, product: 350 };

/** @param {{ initial: { network: Network, unit: "value" | "product", at: number }, listings: import("../lib/contract/arithmetic.js").Options["listings"], formulas: Record<string, string>, films: string[], check: import("../lib/contract/arithmetic.js").Server["check_chain"], animate: import("../lib/contract/arithmetic.js").Animate, onchange: (told: any) => void }} options */
export function createChain({ initial, listings, formulas, films, check, animate, onchange }) {
  let unit = initial.unit;
  const edits = createEdits(initial.network, () => {
    update();
    send();
  });
  const { edit } = edits;
  let stages = stagesOf(edits.now);
  let legs = legsOf(stages);
  /** The visit of the present leg that is pointed at. @type {number | null} */
  let preview = null;

  const player = createPlayer({ pace: () => PACE[unit], onshow: show, onunit: stepBy });
  const overview = createOverview({
    onpick(stage, name, index) {
      const at = legs.findIndex((leg) => leg.stage.name === stage && leg.pass?.targets.includes(name));
      const pass = legs[at]?.pass;
      if (!pass) return;
      const [visit] = writersOf(pass, name, index);
      if (visit !== undefined) player.seek(numberOfPlace(legs, unit, at, { visit, phase: lastPhase(pass, visit) }));
    },
    onstage(name) {
      const [stage, pass] =
        name === "input" ? ["conv", "forward"] : name === "softmax" ? ["loss", "logP"] : [name, "forward"];
      go(
        legs.findIndex(
          (leg) => leg.stage.name === stage && leg.direction === "forward" && (!leg.pass || leg.pass.name === pass),
        ),
      );
    },
  });
  const stage = createStage({
    onpreview(visit) {
      preview = visit;
      show(player.at);
    },
    onpick(visit) {
      const {
        at,
        leg: { pass },
      } = placeAt(legs, unit, player.at);
      if (pass) player.seek(numberOfPlace(legs, unit, at, { visit, phase: lastPhase(pass, visit) }));
    },
    onedit(name, index, value, gesture) {
      const key = EDITED[placeAt(legs, unit, player.at).leg.stage.name]?.[name];
      if (key && accepts(edits.now, key, value)) edit(withNumber(edits.now, key, index, value), gesture);
      else show(player.at);
    },
    editable: (_, name) => EDITED[placeAt(legs, unit, player.at).leg.stage.name]?.[name] !== undefined,
  });
  const texts = createTexts(listings, formulas);
  const [badge, here, moved, outcome] = [
    h("p", { class: "badge", role: "status" }),
    h("h2", { class: "part-title chain-here" }),
    h("p", { class: "chain-flat" }),
    h("p", { class: "chain-outcome" }),
  ];
  const said = h("p", { class: "spoken", "aria-live": "polite" });
  const taken = createExport({
    picture: () => body,
    film: { title: () => t("arithmetic.section.chain"), parts: () => [overview.element] },
    name: () => "network",
    films,
    animate,
    walk: player,
    table() {
      const {
        leg: { pass },
        moment,
      } = placeAt(legs, unit, player.at);
      return pass && stepTable(pass, pass.visit(moment.visit));
    },
    lines() {
      const {
        leg: {
          stage: { given, passes },
          pass,
        },
      } = placeAt(legs, unit, player.at);
      return given && pass && pytorchLines(given, passes, pass);
    },
    result() {
      const {
        leg: {
          stage: { tensors },
          pass,
        },
      } = placeAt(legs, unit, player.at);
      return pass && tensors[pass.targets[0]];
    },
  });
  const target = h(
    "select",
    {
      dataset: { control: "target", i18nTitle: "chain.target.why" },
      onchange: () => edit(withNumber(edits.now, "target", 0, Number(target.value))),
    },
    ...edits.now.offset.values.map((_, value) => h("option", { value }, String(value))),
  );
  const turns = /** @type {const} */ (["forward", "backward", "step"]).map((direction) =>
    h("button", {
      type: "button",
      class: "tool wide",
      dataset: { turn: direction, i18n: `chain.${direction}`, i18nTitle: `chain.${direction}.why` },
      onclick: () => go(legs.findIndex((leg) => leg.direction === direction)),
    }),
  );
  const detail = h("div", { class: "arithmetic-body" }, stage.element, texts.element);
  const body = h("div", { class: "arithmetic-body" }, overview.element, here, moved, detail);
  const root = h(
    "div",
    { class: "arithmetic network-walk", tabindex: -1 },
    h(
      "div",
      { class: "arithmetic-head" },
      ...edits.tools,
      h("div", { class: "chain-turns" }, ...turns),
      h("label", { class: "setting" }, h("span", { class: "setting-name", dataset: { i18n: "chain.target" } }), target),
      badge,
      taken.element,
    ),
    player.element,
    body,
    outcome,
    h("p", { class: "note", dataset: { i18n: "chain.keys" } }),
    said,
  );

  const post = newestOnly(
    (/** @type {Network} */ network) => ask(check, network, t("arithmetic.check.unreachable")),
    (answer, network) => {
      if (network === edits.now) compare(answer);
    },
    (error, network) => {
      if (network === edits.now) tell("failed", { message: error.message });
    },
  );
  /** @type {[string, Record<string, string | number>]} */
  let told = ["asked", {}];

  /** @param {string} kind @param {Record<string, string | number>} values */
  function tell(kind, values) {
    told = [kind, values];
    badge.className = `badge ${kind}`;
    badge.textContent = t(`arithmetic.check.${kind}`, values);
  }

  /** @param {Record<string, Record<string, (number | string)[]>>} answer autograd's results by stage and name */
  function compare(answer) {
    const { agrees, largest, count } = agreementOf(
      stages.flatMap(({ name, tensors }) =>
        Object.entries(answer[name]).map(([key, values]) => ({
          ours: tensors[key].values,
          theirs: values.map(numberOf),
        })),
      ),
    );
    tell(agrees ? "agrees" : "differs", { count, difference: short(largest, 2) });
  }

  /** @param {number} at of the leg whose first moment is wanted */
  function go(at) {
    if (at >= 0) player.seek(countOf(legs.slice(0, at), unit));
  }

  /** @param {"value" | "product"} next */
  function stepBy(next) {
    const {
      at,
      leg: { pass },
      moment,
    } = placeAt(legs, unit, player.at);
    unit = next;
    player.extend(
      countOf(legs, unit),
      numberOfPlace(legs, unit, at, { visit: moment.visit, phase: pass ? lastPhase(pass, moment.visit) : 0 }),
    );
  }

  /** @param {number} k @param {boolean} [went] */
  function show(k, went = false) {
    if (went) preview = null;
    const { playing } = player;
    const place = placeAt(legs, unit, k);
    const {
      leg: {
        stage: { name, given, tensors, passes },
        pass,
        direction,
      },
      moment,
    } = place;
    overview.show(stages, legs, place, playing);
    for (const turn of turns) turn.setAttribute("aria-pressed", String(turn.dataset.turn === direction));
    here.textContent = `${t(`chain.stage.${name}`)}: ${t(`chain.${direction}`)}`;
    Object.assign(here.dataset, { stage: name, pass: pass?.name ?? "flatten", direction });
    moved.hidden = pass !== null;
    detail.hidden = pass === null;
    if (pass && given) {
      const visit = pass.visit(preview ?? moment.visit);
      const phase = preview === null ? moment.phase : lastPhase(pass, preview);
      stage.show({
        given: { ...given, preset: null },
        passes,
        pass,
        tensors,
        moment,
        preview,
        single: unit === "product",
      });
      texts.show({ ...given, preset: null }, pass, visit, phase);
      if (!playing)
        said.textContent = t("arithmetic.spoken", {
          cell: targetName(given, pass, visit),
          value: short(visit.value, 7),
          at: k + 1,
          count: countOf(legs, unit),
        });
    } else {
      const shape = (/** @type {string} */ key) => tensors[key].shape.join(" × ");
      moved.textContent = t(`chain.flat.${direction}`, {
        from: shape(direction === "forward" ? "input" : "gradOutput"),
        to: shape(direction === "forward" ? "output" : "gradInput"),
      });
      if (!playing) said.textContent = moved.textContent;
    }
    onchange(chainTold(edits.now, unit, k));
  }

  /** The numbers changed. */
  function update() {
    stages = stagesOf(edits.now);
    legs = legsOf(stages);
    target.value = String(edits.now.target.values[0]);
    const loss = stages[stages.length - 1].tensors.output.values[0];
    const next = lossAfter(edits.now, stages);
    outcome.textContent = t("chain.outcome", { loss: short(loss, 5), next: short(next, 5), lr: edits.now.lr });
    Object.assign(outcome.dataset, { loss, next });
    player.extend(countOf(legs, unit));
  }

  function send() {
    tell("asked", {});
    post(edits.now);
  }

  root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!edits.onkey(event)) player.onkey(event);
  });
  listenToTables(root, {
    tensorOf: (name) => placeAt(legs, unit, player.at).leg.stage.tensors[name],
    onplane(name, plane, table) {
      const { given, name: stageName, tensors } = placeAt(legs, unit, player.at).leg.stage;
      const key = EDITED[stageName]?.[name];
      if (!key || !given) return t("arithmetic.table.computed");
      const [{ rows, columns }, numbers] = [planesOf(tensors[name].shape), table.flat()];
      if (table.length !== rows || table[0].length !== columns)
        return sizeRefused(table, letterOf(given, name), [rows, columns]);
      const refused = numbers.map((value) => operatorOf(given).accepts?.(given, name, value)).find(Boolean);
      if (refused) return refusedWords(refused);
      edit(withNumbers(edits.now, key, plane * numbers.length, numbers));
      return null;
    },
  });
  fillWords(root);
  player.unit = unit;
  update();
  player.seek(initial.at);
  send();
  return {
    element: root,
    relabel() {
      fillWords(root);
      texts.relabel();
      tell(...told);
      update();
    },
    repaint() {
      overview.repaint();
      stage.repaint();
      update();
    },
  };
}
