/** The Arithmetic page: small operators walked through number by number, forward and backward, checked against autograd. */

import { largestDifference, lastPhase, momentAt, momentCount, numberAt, operatorOf, passesOf, refusalOf, resultOf } from "./lib/arithmetic.js";
import { h } from "./lib/dom.js";
import { createHistory } from "./lib/history.js";
import { fillWords, t } from "./lib/i18n.js";
import { ask, newestOnly } from "./lib/live.js";
import { numberOf, short } from "./lib/numbers.js";
import { linked, page } from "./lib/store.js";
import { advanced, afterKey, paceOf, sought, startOf } from "./lib/transport.js";
import { createBar } from "./arithmetic/bar.js";
import { createChain } from "./arithmetic/chain.js";
import { chainHeard, INITIAL as NETWORK } from "./arithmetic/chain_state.js";
import { createControls } from "./arithmetic/controls.js";
import { createExport, stepTable } from "./arithmetic/export.js";
import { FIRST, walkHeard, walkTold } from "./arithmetic/linked.js";
import { createLowering } from "./arithmetic/lowering.js";
import { createNotes } from "./arithmetic/notes.js";
import { listenToTables, withTable } from "./arithmetic/paste.js";
import { createProperties } from "./arithmetic/properties.js";
import { heard, INITIAL, told } from "./arithmetic/properties_state.js";
import { PRESETS, presetCase } from "./arithmetic/presets.js";
import { createSections } from "./arithmetic/sections.js";
import { createStage } from "./arithmetic/stage.js";
import { randomised, withValue } from "./arithmetic/state.js";
import { targetName } from "./arithmetic/terms.js";
import { createTexts } from "./arithmetic/texts.js";
import { refusedWords } from "./arithmetic/words.js";
import { createTwoPasses } from "./arithmetic/two_passes.js";

/** How long a step takes at speed 1, ms. */
const PACE = { value: 900, product: 450 };

/** Differences up to this part of a number are rounding: sums in another order. */
const TOLERANCE = 1e-9;

/** @param {HTMLElement} element @param {{ server: any, options: { listings: any, films: string[] } }} gradio */
export function mount(element, { server, options }) {
  const opened = linked("walk", walkHeard, { given: presetCase(FIRST), pass: "forward", unit: "value", at: 0 });
  const history = createHistory(opened.given);
  let [unit, passName] = [opened.unit, opened.pass];
  /** @type {ReturnType<typeof computed> | null} */
  let now = null;
  let walk = { ...startOf(1), at: opened.at };
  /** The visit that is pointed at. @type {number | null} */
  let preview = null;
  let [frame, last] = [0, 0];

  const controls = createControls({
    ask: (change) => edit(change(history.now)),
    onpreset: start,
    onpass: choose,
    onrandom: (seed) => edit(randomised(history.now, seed)),
    ontravel: travel,
  });
  const bar = createBar({
    onmove: (key) => move(afterKey(key, walk)), onseek: (at) => move({ ...sought(walk, at), playing: false }),
    onspeed: (speed) => move({ ...walk, speed }), onunit: stepBy,
  });
  const stage = createStage({
    onpreview: (visit) => { preview = visit; show(); },
    onpick: (visit) => now && move({ ...sought(walk, numberOfVisit(now.pass, visit)), playing: false }),
    onedit: (name, index, value, gesture) => edit(withValue(history.now, name, index, value), gesture),
  });
  const texts = createTexts(options.listings);
  const views = [createLowering(), createTwoPasses()];
  const notes = createNotes({ onstep: (visit) => now && move(sought(walk, numberOfVisit(now.pass, visit))) });
  const taken = createExport({
    picture: () => stage.element, name: () => `${history.now.op}-${passName}`, films: options.films, animate: server.animate,
    table: () => now && stepTable(now.pass, now.pass.visit(preview ?? momentAt(now.pass, unit, walk.at).visit)),
    at: () => walk.at, count: () => walk.count, seek: (at) => move({ ...sought(walk, at), playing: false }), pace: () => paceOf(PACE[unit], walk.count) / walk.speed,
  });
  const said = h("p", { class: "spoken", "aria-live": "polite" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const body = h("div", { class: "arithmetic-body" }, notes.article, bar.element, stage.element, texts.element, ...views.map((view) => view.element), notes.chains);
  const root = h("div", { class: "arithmetic", tabindex: -1 },
    h("div", { class: "arithmetic-top" }, controls.head, h("div", { class: "arithmetic-asked" }, controls.passes, notes.badge, taken.element)),
    controls.settings, notes.sizes, problem, body,
    h("p", { class: "note arithmetic-keys", dataset: { i18n: "arithmetic.keys" } }), said);
  const sections = createSections({
    operators: () => ({ element: root }),
    chain: () => createChain({
      initial: linked("chain", chainHeard, { network: NETWORK, unit: "value", at: 0 }), listings: options.listings, films: options.films, check: server.check_chain, animate: server.animate, onchange: (told) => page.set({ chain: told }),
    }),
    properties: () => createProperties({ initial: linked("signals", heard, INITIAL), onchange: (state) => page.set({ signals: told(state) }) }),
  }, (name) => page.set({ section: name }));
  element.replaceChildren(sections.element);
  page.on(["section"], () => sections.choose(page.get("section")));
  sections.choose(page.get("section"));

  const check = newestOnly(
    (/** @type {any} */ { request }) => ask(server.check, request, t("arithmetic.check.unreachable")),
    (answer, { given }) => { if (given === history.now) compare(answer); },
    (error, { given }) => { if (given === history.now) notes.check("failed", { message: error.message }); },
  );

  /** Everything that follows from the numbers, each pass computed when it is first read; null where the settings are impossible. */
  function computed() {
    const given = history.now;
    if (refusalOf(given)) return null;
    const passes = passesOf(given);
    const pass = passes[passName] ?? passes.forward;
    /** @type {import("./arithmetic/stage.js").Tensors} */
    const tensors = { ...given.tensors };
    for (const each of Object.values(passes)) {
      /** @type {ReturnType<typeof resultOf> | undefined} */
      let result;
      for (const name of each.targets) {
        tensors[name] = { shape: /** @type {number[]} */ (each.shapes[name]), get values() { return (result ??= resultOf(each))[name].values; } };
      }
    }
    return { given, passes, pass, tensors };
  }

  /** The moment at which a visit is complete. @param {import("./lib/arithmetic.js").Pass} pass @param {number} visit */
  const numberOfVisit = (pass, visit) => numberAt(pass, unit, { visit, phase: lastPhase(pass, visit) });

  /** The numbers or the pass changed. */
  function update() {
    now = computed();
    const given = history.now;
    controls.show(given, now?.passes ?? {}, now?.pass.name ?? passName, history);
    body.hidden = !now;
    problem.hidden = now !== null;
    notes.badge.hidden = notes.sizes.hidden = !now;
    if (!now) {
      const refusal = refusalOf(given);
      if (refusal) problem.textContent = refusedWords(refusal);
      walk = { ...walk, playing: false };
      return;
    }
    passName = now.pass.name;
    walk = sought({ ...walk, count: momentCount(now.pass, unit) }, walk.at);
    notes.show(given, now.pass, now.tensors);
    show();
  }

  /** @param {import("./arithmetic/state.js").Case} next @param {unknown} [gesture] */
  function edit(next, gesture = null) {
    history.change(next, gesture);
    update();
    send();
  }

  /** @param {"undo" | "redo"} direction */
  function travel(direction) {
    history[direction]();
    update();
    send();
  }

  /** @param {string} name of a preset */
  function start(name) {
    passName = PRESETS[name].pass;
    walk = startOf(1, walk.speed);
    preview = null;
    edit(presetCase(name));
  }

  /** A walk that another page sends. @param {import("./arithmetic/linked.js").Walked} sent */
  function arrive({ given, pass, unit: step, at }) {
    [unit, passName] = [step, pass];
    walk = { ...startOf(1, walk.speed), at };
    preview = null;
    edit(given);
  }

  /** @param {string} name of a pass */
  function choose(name) {
    passName = name;
    walk = startOf(1, walk.speed);
    preview = null;
    update();
  }

  /** @param {"value" | "product"} next */
  function stepBy(next) {
    if (!now) return;
    const { visit } = momentAt(now.pass, unit, walk.at);
    unit = next;
    walk = { ...startOf(momentCount(now.pass, unit), walk.speed), at: numberOfVisit(now.pass, visit) };
    show();
  }

  /** @param {import("./lib/transport.js").Walk | null} next */
  function move(next) {
    if (!next || !now) return;
    walk = next;
    preview = null;
    show();
    if (walk.playing && !frame) {
      last = performance.now();
      frame = requestAnimationFrame(play);
    }
  }

  /** @param {number} time ms */
  function play(time) {
    frame = 0;
    const before = walk;
    walk = element.clientWidth ? advanced(walk, Math.max(0, time - last), paceOf(PACE[unit], walk.count)) : { ...walk, playing: false };
    last = time;
    if (walk.at !== before.at || walk.playing !== before.playing) show();
    if (walk.playing) frame = requestAnimationFrame(play);
  }

  function show() {
    if (!now) return;
    const { given, passes, pass, tensors } = now;
    const moment = momentAt(pass, unit, walk.at);
    const visit = pass.visit(preview ?? moment.visit);
    stage.show({ given, passes, pass, tensors, moment, preview, single: unit === "product" });
    const phase = preview === null ? moment.phase : lastPhase(pass, preview);
    texts.show(given, pass, visit, phase);
    for (const view of views) view.show(given, pass.name === "forward" ? pass : undefined, preview ?? moment.visit, phase);
    bar.show(walk, unit);
    if (preview === null) page.set({ walk: walkTold({ given, pass: pass.name, unit, at: walk.at }) });
    if (walk.playing) return;
    const words = { cell: targetName(given, pass, visit), value: short(visit.value, 7) };
    said.textContent = preview === null ? t("arithmetic.spoken", { ...words, at: walk.at + 1, count: walk.count }) : t("arithmetic.cell", words);
  }

  function send() {
    if (!now) return;
    const { given } = now;
    notes.check("asked", {});
    check({ given, request: { op: given.op, settings: given.settings, tensors: given.tensors } });
  }

  /** @param {Record<string, (number | string)[]>} answer autograd's results by name */
  function compare(answer) {
    if (!now) return;
    let [largest, count, agrees] = [0, 0, true];
    for (const [name, values] of Object.entries(answer)) {
      const theirs = values.map(numberOf);
      const ours = now.tensors[name].values;
      const difference = largestDifference(ours, theirs);
      const scale = Math.max(1, ...theirs.filter(Number.isFinite).map(Math.abs));
      agrees &&= difference <= TOLERANCE * scale;
      largest = Math.max(largest, difference);
      count += values.length;
    }
    notes.check(agrees ? "agrees" : "differs", { count, difference: short(largest, 2) });
  }

  root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.altKey || target.closest("input:not(.scrub), select, summary, .listing")) return;
    if (event.ctrlKey || event.metaKey) {
      const key = event.key.toLowerCase();
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      travel(key === "y" || event.shiftKey ? "redo" : "undo");
      return;
    }
    if (target.closest("button") && event.key === " ") return;
    const next = afterKey(event.key, walk);
    if (!next) return;
    event.preventDefault();
    move(next);
  });
  listenToTables(root, {
    tensorOf: (name) => now?.tensors[name],
    onplane(name, plane, rows) {
      if (!operatorOf(history.now).inputs.includes(name)) return t("arithmetic.table.computed");
      const { given, refused } = withTable(history.now, name, plane, rows);
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
    for (const view of views) view.repaint();
    for (const { repaint } of sections.all) repaint?.();
  });
  fillWords(element);
  update();
  send();
}
