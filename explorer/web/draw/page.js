/** The Draw page: pad, preprocessing, prediction and the network with its real activations, live. */

import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { opensFresh, page } from "../parts/page.js";
import { createInput } from "./input.js";
import { createInputPlace } from "./input_place.js";
import { shownInput } from "../parts/input_state.js";
import { createPad } from "../parts/pad.js";
import { createPerturbation } from "./perturb.js";
import { createStrip } from "./strip.js";
import { createPrediction } from "../parts/prediction.js";
import { createNetwork } from "../parts/network/network.js";
import { createPopover } from "../parts/popover.js";
import { createCellPanel } from "./cell.js";
import { mapRows } from "./cell_export.js";
import { createTable } from "./cell_table.js";
import { createCompare } from "./compare.js";
import { createDrawer } from "./drawer.js";
import { createGuide } from "./guide.js";
import { createLevels } from "./levels.js";
import { createMeantChip } from "./meant.js";
import { createWhy } from "./why.js";
import { createTakeAlong } from "./take_along.js";
import { createHelp } from "../parts/help.js";

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

/** @param {HTMLElement} element @param {{ server: import("../lib/contract/draw.js").Server, options: { slim: boolean } }} gradio `slim`: with a slim band for the input, the network right below */
export async function mount(element, { server, options: { slim } }) {
  const examples = await (await fetch(new URL("../examples.json", import.meta.url))).json();
  const pad = createPad({
    ink: page.get("ink"),
    pen: page.get("pen"),
    onchange: send,
    onrelease: () => page.set({ source: null }),
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
    onpin: (place) => {
      page.set({ pin: place });
      guide.did("point");
    },
    ongrow: (step) => page.set({ layer: page.get("layer") === step ? null : step, cells: [] }),
    onfield: outlineInk,
  });
  const cell = createCellPanel({ name: network.name, onopen: open, onlight: network.light, request });
  const takeAlong = createTakeAlong({
    request,
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
  const why = createWhy({ request, predicted });
  const compare = createCompare({ server, drawing });
  const drawer = createDrawer({
    panels: [
      { name: "why", words: "why.title", title: "why.title.why", element: why.element },
      { name: "compare", words: "compare.title", title: "compare.title.why", element: compare.element },
    ],
    onopen: openPanel,
  });
  const levels = createLevels({
    onlayer: () => page.set({ layer: (page.get("pin") ?? { step: 0 }).step, cells: [] }),
    onnumber: () => {
      const place = page.get("pin") ?? network.strongest(page.get("layer"));
      if (place && place.step >= 0) openCell(place);
    },
  });
  const help = createHelp("draw", KEYS);
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const replay = h(
    "div",
    { class: "examples", role: "group", dataset: { i18nAria: "examples.title" } },
    h("span", { class: "note", dataset: { i18n: "examples.title" } }),
    ...examples.map((/** @type {any} */ example) =>
      h(
        "button",
        {
          type: "button",
          class: "tool",
          dataset: { example: example.label },
          onclick: () => pad.play(example.strokes),
        },
        String(example.label),
      ),
    ),
  );
  const inputs = createPopover({
    words: "input.more",
    title: "input.more.why",
    name: "inputs",
    children: [
      input.element,
      h("label", { class: "brush-row" }, h("span", { dataset: { i18n: "pad.brush.word" } }), pad.width),
      perturbation.element,
    ],
  });
  const prepared = createPopover({
    words: "strip.more",
    title: "strip.more.why",
    name: "prepared",
    children: [strip.element, numbers.element],
  });
  const view = createPopover({
    words: "view.title",
    title: "view.title.why",
    name: "view",
    children: [network.controls.arrangement, h("div", { class: "view-end" }, takeAlong.element, help.element)],
  });
  const meant = createMeantChip({
    onchoose: (label) => {
      page.set({ label });
      openPanel("why");
      guide.did("meant");
    },
  });
  const guide = createGuide({
    doors: [
      { words: "guide.door.why", open: () => openPanel("why") },
      { words: "guide.door.hand", open: () => page.set({ tab: "arithmetic" }) },
      { words: "guide.door.learn", open: () => page.set({ tab: "train" }) },
    ],
  });
  const play = h(
    "button",
    {
      type: "button",
      class: "tool play-flow",
      dataset: { i18nTitle: "flow.play.why", i18nAria: "flow.play" },
      onclick: flow,
    },
    h("span", { "aria-hidden": "true" }, "▶"),
    h("span", { class: "word", dataset: { i18n: "flow.play" } }),
  );
  const whyChip = h("button", { type: "button", class: "chip", onclick: () => openPanel("why") });
  const place = createInputPlace({ pad, input, strip, inputs, slim });

  element.replaceChildren(
    h("h2", { class: "spoken", dataset: { i18n: "tab.draw" } }),
    h(
      "div",
      { class: slim ? "draw slim" : "draw" },
      h(
        "div",
        { class: "draw-top" },
        place.element,
        h(
          "div",
          { class: "draw-ink" },
          strip.brief,
          prepared.element,
          ...(slim ? [inputs.element, place.opener] : []),
          input.told,
        ),
        h(
          "section",
          { class: "prediction", dataset: { i18nAria: "prediction.title" } },
          h(
            "div",
            { class: "draw-verdict" },
            prediction.headline,
            prediction.words,
            h("div", { class: "chips" }, whyChip, meant.element, guide.start),
            h("div", { class: "examples-or-guide" }, replay, guide.element),
            network.controls.learning,
          ),
          prediction.list,
          prediction.map,
        ),
      ),
      h(
        "div",
        { class: "flow" },
        levels.element,
        play,
        network.controls.direction,
        view.element,
        network.controls.reading,
      ),
      network.element,
      cell.element,
      input.gallery,
      drawer.body,
      h("div", { class: "draw-foot" }, drawer.tabs, network.controls.legend),
      problem,
      input.problem,
    ),
  );

  /** @type {{ answer: import("../lib/contract/draw.js").Observed, input: import("../lib/contract/draw.js").Shown & { version: number } } | null} */
  let answered = null;
  /** When each change happened that is not on screen yet. @type {number[]} */
  let unpainted = [];

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

  const post = newestOnly(
    ({ asked, version, ...input }) => ask(server.observe, input, t("error.unreachable")),
    (answer, input) => {
      if (input.model !== page.get("model")) return;
      problem.hidden = true; // what the model raised is the headline
      answered = { answer, input };
      if (greets && answer.fed.takes === "ink" && !answer.fed.example) greet();
      explain();
      why.refresh();
      compare.refresh();
      const known = page.get("description");
      if (answer.description && known) page.set({ description: { ...known, ...answer.description } });
      else show();
      measurePaint(input.asked);
    },
    (error) => {
      problem.textContent = error.message;
      problem.hidden = false;
    },
  );

  /** @param {Error} error */
  function fail(error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }

  /** Ask a function of the server about what is on the pad. @type {import("../lib/contract/draw.js").Request} */
  function request(name, more) {
    const asked = /** @type {import("../lib/live.js").Asked<unknown, never>} */ (server[name]);
    return ask(asked, { ...drawing(), ...more }, t("error.unreachable"));
  }

  /** What the server needs to know of the drawing. @returns {import("../lib/contract/draw.js").Drawing} */
  function drawing() {
    return { model: page.get("model"), ...shownInput(), label: page.get("label"), edits: page.get("edits") };
  }

  /** @param {number} [at] when what is to be sent changed, ms @param {boolean} [changed] false if only other maps are wanted */
  function send(at = performance.now(), changed = true) {
    const description = page.get("description");
    if (!description) return;
    if (changed) {
      unpainted.push(at);
      network.expire();
    }
    network.hold(pad.busy);
    if (changed && pad.strokes.length && !pad.busy && !pad.guest) guide.did("draw");
    page.set({ ink: pad.strokes, pen: pad.brush });
    post({
      ...drawing(),
      wanted: network.wanted,
      version: network.version,
      sort: page.get("sort"),
      structure: description.structure,
      asked: at,
    });
  }

  /** Publish how long each change up to `asked` took to reach the screen, as User Timing measures named "stroke". @param {number} asked */
  function measurePaint(asked) {
    const done = unpainted.filter((at) => at <= asked);
    unpainted = unpainted.filter((at) => at > asked);
    publish("stroke", done);
  }

  /** A User Timing measure from each start to the next painted frame; it is seen by whoever observes, and not kept. @param {string} name @param {number[]} starts */
  function publish(name, starts) {
    requestAnimationFrame(() =>
      setTimeout(() => {
        for (const start of starts) performance.measure(name, { start });
        performance.clearMeasures(name);
      }),
    );
  }

  const askForCell = newestOnly(
    (/** @type {import("../lib/contract/draw.js").AtPlace} */ input) =>
      ask(server.explain, input, t("error.unreachable")),
    (sum, { cell: index }) => {
      if (page.get("cells").at(-1)?.cell !== index) return;
      cell.show(sum);
      if (opened) publish("cell", [opened]);
      opened = 0;
    },
    fail,
  );

  /** When somebody opened the cell whose sum is not on screen yet; 0: nobody waits. */
  let opened = 0;

  /** Open a cell of the network; maps of gradients may still be seen when it runs forward again. @param {Place} place */
  function openCell(place) {
    cell.open([page.get("label") === null ? { ...place, of: "" } : place]);
  }

  /** Open the sum behind the last of the cells; how long that took is published as a User Timing measure named "cell". */
  function open() {
    opened = performance.now();
    explain();
  }

  /** Ask for the sum behind the opened cell, for what is on the pad now. */
  function explain() {
    const last = page.get("cells").at(-1);
    if (last) askForCell({ ...drawing(), ...last });
  }

  /** Outline on the pad the ink that a cell is made of. @param {import("../lib/field.js").Block[] | null} blocks of input cells */
  function outlineInk(blocks) {
    if (blocks && network.pointing) guide.did("point");
    place.outline(blocks, answered?.answer.stages);
  }

  /** Open a panel of the drawer, or close it. @param {string | null} name */
  function openPanel(name) {
    page.set({
      why: name === "why" ? (page.get("why") ?? { target: null, layer: null }) : null,
      compare:
        name === "compare"
          ? (page.get("compare") ?? { with: page.get("edits").length ? "changes" : "model", step: null })
          : null,
    });
  }

  const showPanel = () => drawer.show(page.get("why") ? "why" : page.get("compare") ? "compare" : null);

  /** Let light run through the network, from the ink to the scores. */
  function flow() {
    page.set({ layer: null, cells: [] });
    network.lightUp();
    guide.did("play");
  }

  /** One level up: from a number to the one before or its layer, from a layer to the network; then nothing is pinned. */
  function goUp() {
    const cells = page.get("cells");
    if (cells.length) page.set({ cells: cells.slice(0, -1) });
    else if (page.get("layer") !== null) page.set({ layer: null });
    else if (guide.running) guide.end();
    else page.set({ pin: null });
  }

  /** Show the network at the level that the page's state says, with what is pinned. */
  function follow() {
    const cells = page.get("cells");
    const last = cells.at(-1);
    element.dataset.level = cells.length ? "number" : page.get("layer") === null ? "network" : "layer";
    network.grow(cells.length ? null : page.get("layer"));
    network.pin(last ? (last.of === "class" ? null : last) : page.get("pin"));
    if (last) network.reveal(last.step);
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
    whyChip.textContent = best ? t("chip.why", { name: best }) : t("why.title");
  }

  function describe() {
    const description = page.get("description");
    answered = null;
    network.element.classList.toggle("waiting", !description);
    if (description) {
      network.describe(description);
      element.dataset.takes = description.takes;
      place.follow(description.takes);
      if (description.takes !== "ink" && pad.guest) pad.clear();
    }
    meant.describe(description?.classes ?? []);
    fillWords(element);
    tellChips();
    send();
  }

  page.on(["description"], describe);
  page.on(["centred", "label", "edits", "source", "perturbation"], () => send());
  page.on(["cells", "layer", "pin", "description"], follow);
  page.on(["cells"], () => {
    const last = page.get("cells").at(-1);
    if (last && last.of !== "class") page.set({ pin: last });
    if (last) guide.did("open");
  });
  page.on(["why", "compare"], showPanel);
  page.on(["modelError"], () => {
    problem.textContent = page.get("modelError") ?? "";
    problem.hidden = page.get("modelError") === null;
  });
  page.on(["language"], () => {
    fillWords(element);
    guide.tell();
    network.relabel();
    cell.redraw();
    show();
  });
  page.on(["dark"], () => {
    pad.redraw();
    show();
    cell.redraw();
    network.repaint();
  });

  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && page.get("tab") === "draw" && !event.defaultPrevented) goUp();
  });
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    void input.take(event.dataTransfer?.files[0]);
  });

  describe();
  showPanel();
  follow();
}
