/** The Draw page: pad, preprocessing, prediction and the network with its real activations, live. */

import { Refusal } from "../lib/live.js";
import { h, hide, say } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { complain } from "../parts/server.js";
import { opensFresh, page } from "../parts/page.js";
import { createAsking, drawing, publish } from "./asking.js";
import { createInput } from "./input.js";
import { createInputPlace } from "./input_place.js";
import { locally } from "../parts/locally.js";
import { createPad } from "../parts/pad.js";
import { createPerturbation } from "./perturb.js";
import { createStrip } from "./strip.js";
import { createPrediction } from "../parts/prediction.js";
import { createNetwork } from "../parts/network/network.js";
import { createCellPanel } from "./cell.js";
import { mapRows } from "./cell_export.js";
import { createTable } from "./cell_table.js";
import { createLevels, goUp, levelNow } from "./levels.js";
import { createMeantChip } from "./meant.js";
import { createOpening } from "./opening.js";
import { createPanels, openPanel } from "./panels.js";
import { createPopovers, exampleButtons, playButton, screen } from "./screen.js";
import { createTakeAlong } from "./take_along.js";
import { createHelp } from "../parts/help.js";
import { did, onscreen } from "../parts/onscreen.js";

const KEYS = [
  { keys: "← → ↑ ↓", words: "draw.help.arrows" },
  { keys: "Space", words: "draw.help.space" },
  { keys: "D E", words: "draw.help.tools" },
  { keys: "Ctrl+Z Ctrl+Y", words: "draw.help.undo" },
  { keys: "Delete", words: "draw.help.delete" },
  { keys: "Ctrl+V", words: "draw.help.paste" },
  { keys: "Tab", words: "draw.help.tab" },
  { keys: "PageUp PageDown", words: "draw.help.maps" },
  { keys: "Enter", words: "draw.help.enter" },
  { keys: "Esc", words: "draw.help.escape" },
  { keys: "?", words: "draw.help.help" },
];

/** @typedef {import("../lib/link.js").Place} Place */

/** The digit that is written on a page that was opened without a link. */
const GREETING = 3;
/** The lesson that is offered beside the verdict. */
const FIRST_MINUTE = "first";

/** @param {HTMLElement} element @param {{ server: import("../lib/contract/draw.js").Server, options: { slim: boolean, local?: boolean } }} gradio `slim`: with a slim band for the input, the network right below; `local`: the browser may compute drawings itself */
export async function mount(element, { server: remote, options: { slim, local } }) {
  const server = local ? locally(remote, () => pad.busy) : remote;
  const examples = await (await fetch(new URL("../examples.json", import.meta.url))).json();
  const pad = createPad({
    ink: page.get("ink"),
    pen: page.get("pen"),
    onchange: send,
    onrelease: () => page.set({ source: null }),
  });
  const asking = createAsking(server, {
    onobserved: receive,
    onexplained: (sum) => {
      opening.end(); // before the panel asks for the focus, which would lay out what is laid out anew
      cell.show(sum);
      onscreen.set({ opened: { sum, place: /** @type {Place} */ (page.get("cells").at(-1)) } });
    },
    onunexplained: (error) => {
      opening.end();
      const refused = error instanceof Refusal;
      cell.wait(refused ? error : null);
      if (!refused) fail(error);
    },
    onsources: (levels) => network.contribute(levels),
    onrested: (levels) => network.preview(levels),
    busy: () => pad.busy,
    onlayer: (step, layer, of) => network.tellLayer(step, layer, of),
    onfail: fail,
  });
  const input = createInput({
    server,
    ongallery: (on) => {
      if (on) inputs.open(false);
      else inputs.button.focus({ preventScroll: true });
    },
  });
  const strip = createStrip();
  const perturbation = createPerturbation();
  const prediction = createPrediction({ onopen: (k) => cell.open([{ step: -1, of: "class", cell: [0, k] }]) });
  const network = createNetwork({
    apart: true,
    onwant: () => send(performance.now(), false),
    onopen: openCell,
    onrest: (place) => asking.rest(place && opens(place)),
    onpin: (place) => {
      page.set({ pin: place });
      if (place.step >= 0) asking.rest(opens(place)); // a second touch opens it
      did("point");
    },
    ongrow: (step) => page.set({ layer: page.get("layer") === step ? null : step, cells: [] }),
    onfield: outlineInk,
  });
  const cell = createCellPanel({
    name: network.name,
    onopen: () => {
      opening.begin();
      asking.open();
    },
    onclose: () => opening.stop(),
    onlight: network.light,
    request: asking.request,
  });
  const opening = createOpening({ onwait: cell.wait, onroom: follow });
  const takeAlong = createTakeAlong({
    request: asking.request,
    network,
    strip: async (draw) => {
      prepared.open(true);
      try {
        return await draw(strip.element);
      } finally {
        prepared.open(false);
      }
    },
    prediction: () => answered?.answer.prediction ?? { classes: [], probabilities: [] },
    onfail: fail,
  });
  const numbers = createTable({
    words: "strip.table",
    load: async () => {
      const { shape, values } = await takeAlong.input();
      return mapRows(
        { shape, values },
        shape.map(() => 0),
      );
    },
  });
  const panels = createPanels({ server, request: asking.request, predicted });
  const levels = createLevels({
    onlayer: () => page.set({ layer: (page.get("pin") ?? { step: 0 }).step, cells: [] }),
    onnumber: () => {
      const place = page.get("pin") ?? network.strongest(page.get("layer"));
      if (place && place.step >= 0) openCell(place);
    },
  });
  const help = createHelp("draw", KEYS);
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const replay = exampleButtons(examples, (strokes) => pad.play(strokes));
  const brush = h("span", { dataset: { i18n: "pad.brush.word" } });
  const { inputs, prepared, view } = createPopovers(
    {
      inputs: [input.element, h("label", { class: "brush-row" }, brush, pad.width), perturbation.element],
      prepared: [strip.element, numbers.element],
      view: [network.controls.arrangement, h("div", { class: "view-end" }, takeAlong.element, help.element)],
    },
    strip.open,
  );
  const meant = createMeantChip({
    onchoose: (label) => {
      page.set({ label });
      openPanel("why");
      did("meant");
    },
  });
  const start = h("button", {
    type: "button",
    class: "chip",
    dataset: { i18n: "guide.start", i18nTitle: "guide.start.why" },
    onclick: () => page.set({ lesson: { name: FIRST_MINUTE, card: 0 } }),
  });
  const play = playButton(flow);
  const whyChip = h("button", { type: "button", class: "chip", onclick: () => openPanel("why") });
  const place = createInputPlace({ pad, input, strip, inputs, slim });
  place.follow("ink"); // as most models, until this one is described: nothing moves then

  element.replaceChildren(
    h("h2", { class: "spoken", dataset: { i18n: "tab.draw" } }),
    screen({
      slim,
      pad: place.element,
      ink: [strip.brief, prepared.element, ...(slim ? [inputs.element, place.opener] : []), input.told],
      verdict: [prediction.headline, prediction.words],
      shares: [prediction.list, prediction.map],
      chips: [whyChip, meant.element, start],
      guide: [replay, h("div", { class: "lesson-row" })],
      flow: [levels.element, play, network.controls.direction, view.element, network.controls.reading],
      network,
      cell: cell.element,
      gallery: input.gallery,
      drawer: panels,
      problems: [problem, input.problem],
    }),
  );

  /** @type {{ answer: import("../lib/contract/draw.js").Observed, input: import("./asking.js").Sent } | null} */
  let answered = null;
  /** Whether the page is still to show itself alive: it was opened without a link, and nobody has done anything. */
  let greets = opensFresh && !pad.strokes.length;

  /** Write a digit, so that the whole network is seen at work. */
  function greet() {
    greets = false;
    if (pad.busy || pad.strokes.length || page.get("source")) return;
    const { strokes } = examples.find((/** @type {{ label: number }} */ { label }) => label === GREETING);
    network.lightUp();
    pad.play(strokes, true);
  }

  /** @param {import("../lib/contract/draw.js").Observed} answer @param {import("./asking.js").Sent} input */
  function receive(answer, input) {
    hide(problem, true); // what the model raised is the headline
    const another = input.version !== answered?.input.version; // or else only more maps of the same drawing came
    answered = { answer, input };
    onscreen.set({ observed: answered });
    if (greets && answer.fed.takes === "ink" && !answer.fed.example) greet();
    if (another) {
      asking.explain();
      asking.around();
      panels.refresh();
    }
    const known = page.get("description");
    if (answer.description && known) page.set({ description: { ...known, ...answer.description } });
    else if (another) show();
    else network.show(answer, input.version);
    if (another) asking.ahead(); // another cell may be under the pointer now
  }

  /** @param {Error} error */
  function fail(error) {
    complain(problem, error);
  }

  /** @param {number} [at] when what is to be sent changed, ms @param {boolean} [changed] false if only other maps are wanted */
  function send(at = performance.now(), changed = true) {
    const description = page.get("description");
    if (!description) return;
    if (changed) network.expire();
    network.hold(pad.busy);
    if (changed && pad.strokes.length && !pad.busy && !pad.guest) did("draw");
    page.set({ ink: pad.strokes, pen: pad.brush });
    const { wanted, version } = network;
    const sort = page.get("sort");
    asking.observe({ ...drawing(), wanted, version, sort, structure: description.structure, asked: at }, changed);
  }

  /** What a cell of the network opens; maps of gradients may still be seen when it runs forward again. @param {Place} place */
  const opens = (place) => (place.of === "output" && page.get("label") === null ? { ...place, of: "" } : place);

  /** Open a cell of the network. @param {Place} place */
  function openCell(place) {
    cell.open([opens(place)]);
  }

  /** Outline on the pad the ink that a cell is made of. @param {import("../lib/field.js").Block[] | null} blocks of input cells */
  function outlineInk(blocks) {
    if (blocks && network.pointed) did("point");
    place.outline(blocks, answered?.answer.stages);
  }

  /** Let light run through the network, from the ink to the scores. */
  function flow() {
    page.set({ layer: null, cells: [] });
    network.lightUp();
    did("play");
  }

  /** Show the network at the level that the page's state says, with what is pinned; how long another level takes is published as a User Timing measure named "level". @param {number} [asked] when it was asked for, ms */
  function follow(asked = performance.now()) {
    const cells = page.get("cells");
    const last = cells.at(-1);
    if (last && last.of !== "class" && page.get("pin") !== last) {
      page.set({ pin: last }); // which is followed
      return;
    }
    if (opening.waits) return;
    if (element.dataset.level && element.dataset.level !== levelNow()) publish("level", [asked]);
    element.dataset.level = levelNow();
    levels.tell();
    network.contribute([]);
    network.fit();
    network.grow(cells.length ? null : page.get("layer"));
    network.pin(last ? (last.of === "class" ? null : last) : page.get("pin"));
    if (last) network.reveal(last.step);
    asking.around();
  }

  function show() {
    if (!answered) return;
    const { answer, input: sent } = answered;
    network.show(answer, sent.version);
    strip.show(answer.stages, sent.strokes, sent.brush, answer.fed);
    place.show(answer.stages, answer.fed.example);
    input.show(answer.stages, answer.fed);
    numbers.refresh();
    prediction.show(answer.prediction, answer.before);
    if (pad.guest && !pad.busy) prediction.words.textContent = t("prediction.over");
    tellChips();
  }

  /** The class that the drawing is read as; null where nothing is said of it. */
  function predicted() {
    const { classes = [] } = page.get("description") ?? {};
    const best = classes.indexOf(prediction.headline.dataset.best ?? "");
    return best < 0 ? null : best;
  }

  function tellChips() {
    const best = prediction.headline.dataset.best;
    say(whyChip, best ? t("chip.why", { name: best }) : t("why.title"));
  }

  function describe() {
    const description = page.get("description");
    answered = null;
    network.element.classList.toggle("waiting", !description);
    if (description) {
      network.describe(description);
      element.dataset.takes = description.takes;
      place.follow(description.takes);
      meant.describe(description.classes);
      if (description.takes !== "ink" && pad.guest) pad.clear();
    }
    fillWords(element);
    tellChips();
    send();
  }

  page.on(["description"], describe);
  page.on(["ink"], () => {
    if (!pad.busy && page.get("ink") !== pad.strokes) pad.play(page.get("ink")); // somebody else laid it there
  });
  page.on(["centred", "label", "edits", "source", "perturbation", "local"], () => send());
  page.on(["cells", "layer", "pin", "description"], () => follow());
  page.on(["modelError"], () => {
    problem.textContent = page.get("modelError") ?? "";
    hide(problem, page.get("modelError") === null);
  });
  page.on(["language"], () => {
    fillWords(element);
    network.relabel();
    cell.redraw();
    tellChips();
    show();
  });
  page.on(["dark"], () => {
    pad.redraw();
    show();
    cell.redraw();
    network.repaint();
  });

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || page.get("tab") !== "draw" || event.defaultPrevented) return;
    if (page.get("lesson")?.name === FIRST_MINUTE && levelNow() === "network") page.set({ lesson: null });
    else goUp();
  });
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    void input.take(event.dataTransfer?.files[0]);
  });

  describe();
  follow();
}
