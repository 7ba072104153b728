/** The Arithmetic page: small operators walked through number by number, forward and backward, checked against autograd. */

import {
  lastPhase,
  momentAt,
  momentCount,
  numberAt,
  operatorOf,
  passesOf,
  refusalOf,
  resultOf,
} from "../lib/arithmetic.js";
import { h } from "../parts/dom.js";
import { createHelp } from "../parts/help.js";
import { fillWords, t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { linked, page, shared } from "../parts/page.js";
import { createChain } from "./chain.js";
import { chainHeard, INITIAL as NETWORK } from "./chain_state.js";
import { createCheck } from "./check.js";
import { createControls } from "./controls.js";
import { createEdits } from "./edits.js";
import { animate } from "./film.js";
import { createExport, stepTable } from "./export.js";
import { FIRST, walkHeard, walkTold } from "../lib/case_link.js";
import { createLowering } from "./lowering.js";
import { createNotes } from "./notes.js";
import { listenToTables, withTable } from "./paste.js";
import { createPanels } from "./panels.js";
import { createPlayer } from "../parts/player.js";
import { createProperties } from "./properties.js";
import { heard, INITIAL, told } from "../lib/properties_state.js";
import { createPresent } from "./present.js";
import { PRESETS, presetCase } from "../lib/presets.js";
import { pytorchLines } from "./pytorch_lines.js";
import { createSections } from "./sections.js";
import { createStage } from "./stage.js";
import { randomised, withOperator, withValue } from "../lib/case.js";
import { targetName } from "./terms.js";
import { createTexts } from "./texts.js";
import { refusedWords, titleOf } from "./words.js";
import { createTwoPasses } from "./two_passes.js";

/** Where a walk begins. @type {Omit<import("../lib/case_link.js").Walked, "given">} */
const BEGIN = { pass: "forward", unit: "value", at: 0 };
/** How long a step takes at speed 1, ms. */
const PACE = { value: 900, product: 450 };

const KEYS = [
  { keys: "Space", words: "arithmetic.help.play" },
  { keys: "← →", words: "arithmetic.help.step" },
  { keys: "Home End", words: "arithmetic.help.ends" },
  { keys: "+ −", words: "arithmetic.help.speed" },
  { keys: "← → ↑ ↓", words: "arithmetic.help.arrows" },
  { keys: "0–9 Enter", words: "arithmetic.help.type" },
  { keys: "Esc", words: "arithmetic.help.escape" },
  { keys: "PageUp PageDown", words: "arithmetic.help.pages" },
  { keys: "Delete", words: "arithmetic.help.delete" },
  { keys: "Ctrl+Z Ctrl+Y", words: "arithmetic.help.undo" },
  { keys: "Ctrl+V", words: "arithmetic.help.paste" },
];

/** @param {HTMLElement} element @param {{ server: import("../lib/contract/arithmetic.js").Server, options: import("../lib/contract/arithmetic.js").Options }} gradio */
export function mount(element, { server, options }) {
  const opened = linked("walk", walkHeard, { ...BEGIN, given: presetCase(FIRST) });
  const edits = createEdits(opened.given, () => {
    update();
    send();
  });
  const { edit } = edits;
  let { unit, pass: passName } = opened;
  /** @type {ReturnType<typeof computed> | null} */
  let now = null;
  /** The visit that is pointed at. @type {number | null} */
  let preview = null;

  const controls = createControls({
    ask: (change) => edit(change(edits.now)),
    onoperator: operate,
    onpreset: start,
    onpass: choose,
    onrandom: (seed) => edit(randomised(edits.now, seed)),
    tools: edits.tools,
  });
  const player = createPlayer({
    pace: () => PACE[unit],
    onunit: stepBy,
    onshow(_, moved) {
      if (moved) preview = null;
      show();
    },
  });
  const stage = createStage({
    onpreview: (visit) => {
      preview = visit;
      show();
    },
    onpick: goTo,
    onedit: (name, index, value, gesture) => edit(withValue(edits.now, name, index, value), gesture),
  });
  const texts = createTexts(options.listings, options.formulas);
  const views = [createLowering(), createTwoPasses()];
  const notes = createNotes({ onstep: goTo });
  const taken = createExport({
    picture: () => stage.element,
    film: { title: () => title.textContent ?? "", parts: () => [stage.element, texts.worked] },
    name: () => `${edits.now.op}-${passName}`,
    films: options.films,
    animate,
    table: () => now && stepTable(now.pass, now.pass.visit(preview ?? momentAt(now.pass, unit, player.at).visit)),
    lines: () => now && pytorchLines(now.given, now.passes, now.pass),
    result: () => now && now.tensors[now.pass.targets[0]],
    walk: player,
  });
  const title = h("h3", { class: "walk-title" });
  const said = h("p", { class: "spoken", "aria-live": "polite" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const body = h(
    "div",
    { class: "arithmetic-body" },
    notes.origin,
    notes.article,
    title,
    player.element,
    stage.element,
    texts.element,
    ...views.map((view) => view.element),
    notes.chains,
  );
  const root = h(
    "div",
    { class: "arithmetic", tabindex: -1 },
    h(
      "div",
      { class: "arithmetic-top" },
      h("div", { class: "arithmetic-head" }, ...controls.head, taken.element),
      h("div", { class: "arithmetic-asked" }, controls.passes, notes.badge),
    ),
    controls.settings,
    notes.sizes,
    problem,
    body,
    h("p", { class: "note arithmetic-keys", dataset: { i18n: "arithmetic.keys" } }),
    said,
  );
  const sections = createSections(
    {
      operators: () => ({ element: root }),
      chain: () =>
        createChain({
          initial: linked("chain", chainHeard, { network: NETWORK, unit: "value", at: 0 }),
          listings: options.listings,
          formulas: options.formulas,
          films: options.films,
          check: server.check_chain,
          animate,
          onchange: (told) => page.set({ chain: told }),
        }),
      properties: () => {
        const signals = () => linked("signals", heard, { state: INITIAL, at: 0 });
        const keep = shared("signals", () => properties.arrive(signals()));
        const properties = createProperties({
          initial: signals(),
          films: options.films,
          animate,
          onchange: (state, at) => keep(told(state, at)),
        });
        return properties;
      },
    },
    (name) => page.set({ section: name }),
  );
  sections.corner.append(createPresent(), createPanels().element, createHelp("arithmetic", KEYS).element);
  element.replaceChildren(h("h2", { class: "spoken", dataset: { i18n: "tab.arithmetic" } }), sections.element);
  page.on(["section"], () => sections.choose(page.get("section")));
  sections.choose(page.get("section"));

  const check = createCheck({
    check: server.check,
    tensors: (given) => (given === edits.now ? (now?.tensors ?? null) : null),
    onsaid: notes.check,
  });

  /** Everything that follows from the numbers, each pass computed when it is first read; null where the settings are impossible. */
  function computed() {
    const given = edits.now;
    if (refusalOf(given)) return null;
    const passes = passesOf(given);
    const pass = passes[passName] ?? passes.forward;
    /** @type {import("./stage.js").Tensors} */
    const tensors = { ...given.tensors };
    for (const each of Object.values(passes)) {
      /** @type {ReturnType<typeof resultOf> | undefined} */
      let result;
      for (const name of each.targets) {
        tensors[name] = {
          shape: /** @type {number[]} */ (each.shapes[name]),
          get values() {
            return (result ??= resultOf(each))[name].values;
          },
        };
      }
    }
    return { given, passes, pass, tensors };
  }

  /** The moment at which a visit is complete. @param {import("../lib/arithmetic.js").Pass} pass @param {number} visit */
  const numberOfVisit = (pass, visit) => numberAt(pass, unit, { visit, phase: lastPhase(pass, visit) });

  /** Go to the moment at which a visit is complete. @param {number} visit */
  function goTo(visit) {
    if (now) player.seek(numberOfVisit(now.pass, visit));
  }

  /** The numbers or the pass changed. @param {number} [at] where the walk goes on, if elsewhere */
  function update(at) {
    now = computed();
    const given = edits.now;
    controls.show(given, now?.passes ?? {}, now?.pass.name ?? passName);
    body.hidden = !now;
    problem.hidden = now !== null;
    notes.badge.hidden = notes.sizes.hidden = !now;
    if (!now) {
      const refusal = refusalOf(given);
      if (refusal) problem.textContent = refusedWords(refusal);
      player.pause();
      return;
    }
    passName = now.pass.name;
    title.textContent = titleOf(given, now.pass);
    notes.show(given, now.pass, now.tensors);
    player.extend(momentCount(now.pass, unit), at);
  }

  /** The walk to come goes through another pass. @param {string} name @param {number} [at] */
  function begin(name, at = 0) {
    passName = name;
    preview = null;
    player.pause(at);
  }

  /** Another operator: from where its numbers come in, or on the same way back. @param {string} op */
  function operate(op) {
    const given = withOperator(edits.now, op);
    const passes = refusalOf(given) ? {} : passesOf(given);
    begin(passes[passName]?.direction === "backward" ? passName : (Object.keys(passes)[0] ?? "forward"));
    edit(given);
  }

  /** @param {string} name of a preset */
  function start(name) {
    begin(PRESETS[name].pass);
    edit(presetCase(name));
  }

  /** A walk that another page sends. @param {import("../lib/case_link.js").Walked} sent */
  function arrive({ given, pass, unit: step, at }) {
    player.unit = unit = step;
    begin(pass, at);
    edit(given);
  }

  /** @param {string} name of a pass */
  function choose(name) {
    begin(name);
    update();
  }

  /** @param {"value" | "product"} next */
  function stepBy(next) {
    if (!now) return;
    const { visit } = momentAt(now.pass, unit, player.at);
    unit = next;
    player.pause();
    player.extend(momentCount(now.pass, unit), numberOfVisit(now.pass, visit));
  }

  function show() {
    if (!now) return;
    const { given, passes, pass, tensors } = now;
    const { at, count, playing } = player;
    const moment = momentAt(pass, unit, at);
    const visit = pass.visit(preview ?? moment.visit);
    stage.show({ given, passes, pass, tensors, moment, preview, single: unit === "product" });
    const phase = preview === null ? moment.phase : lastPhase(pass, preview);
    texts.show(given, pass, visit, phase);
    for (const view of views)
      view.show(given, pass.name === "forward" ? pass : undefined, preview ?? moment.visit, phase);
    if (preview === null) page.set({ walk: walkTold({ given, pass: pass.name, unit, at }) });
    if (playing) return;
    const words = { cell: targetName(given, pass, visit), value: short(visit.value, 7) };
    said.textContent =
      preview === null ? t("arithmetic.spoken", { ...words, at: at + 1, count }) : t("arithmetic.cell", words);
  }

  function send() {
    if (now) check(now.given);
  }

  root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!edits.onkey(event) && now) player.onkey(event);
  });
  listenToTables(root, {
    tensorOf: (name) => now?.tensors[name],
    onplane(name, plane, rows) {
      if (!operatorOf(edits.now).inputs.includes(name)) return t("arithmetic.table.computed");
      const { given, refused } = withTable(edits.now, name, plane, rows);
      if (given) edit(given);
      return refused;
    },
  });
  page.on(["language"], () => {
    fillWords(element);
    texts.relabel();
    update();
    notes.recheck();
    for (const { relabel } of sections.all) relabel?.();
  });
  page.on(["sent"], () => arrive(walkHeard(page.get("sent"))));
  page.on(["dark"], () => {
    stage.repaint();
    for (const view of views) view.redraw();
    for (const { repaint } of sections.all) repaint?.();
  });
  fillWords(element);
  player.unit = unit;
  update(opened.at);
  send();
}
