/** The Draw page: pad, preprocessing, prediction and the network with its real activations, live. */

import { h } from "./lib/dom.js";
import { fillWords, t } from "./lib/i18n.js";
import { ask, newestOnly } from "./lib/live.js";
import { page } from "./lib/store.js";
import { createPad } from "./draw/pad.js";
import { createStrip } from "./draw/strip.js";
import { createPrediction } from "./draw/prediction.js";
import { createNetwork } from "./draw/network.js";
import { createCellPanel } from "./draw/cell.js";
import { padRectangle } from "./lib/field.js";

/** @param {HTMLElement} element @param {{ server: any }} gradio */
export async function mount(element, { server }) {
  const examples = await (await fetch(new URL("./examples.json", import.meta.url))).json();
  const pad = createPad({ ink: page.get("ink"), pen: page.get("pen"), onchange: send });
  const strip = createStrip();
  const prediction = createPrediction();
  const network = createNetwork({ onwant: () => send(performance.now(), false), onopen: (place) => cell.open([place]), onfield: outlineInk });
  const cell = createCellPanel({ name: network.name, onopen: explain, onlight: network.light });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const replay = h("div", { class: "examples", role: "group", dataset: { i18nAria: "examples.title" } },
    h("span", { class: "note", dataset: { i18n: "examples.title" } }),
    ...examples.map((/** @type {any} */ example) => h("button", {
      type: "button", class: "tool", dataset: { example: example.label }, onclick: () => pad.play(example.strokes),
    }, String(example.label))));

  element.replaceChildren(h("div", { class: "draw" },
    h("div", { class: "draw-top" },
      h("div", { class: "draw-pad" }, pad.element),
      h("div", { class: "draw-answer" }, prediction.element, h("div", { class: "draw-why" }, strip.element, replay))),
    problem, network.element, cell.element));

  /** @type {any} */
  let answered = null;
  /** When each change happened that is not on screen yet. @type {number[]} */
  let unpainted = [];

  const post = newestOnly(
    ({ asked, version, ...input }) => ask(server.observe, input, t("error.unreachable")),
    (answer, input) => {
      if (input.model !== page.get("model")) return;
      problem.hidden = answer.problem === null;
      problem.textContent = answer.problem ?? "";
      answered = { answer, input };
      explain();
      if (answer.description) page.set({ description: { ...page.get("description"), ...answer.description } });
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

  /** What the server needs to know of the drawing. */
  const drawing = () => ({ model: page.get("model"), strokes: pad.strokes, brush: pad.brush, centred: page.get("centred"), label: page.get("label"), edits: page.get("edits") });

  /** @param {number} [at] when what is to be sent changed, ms @param {boolean} [changed] false if only other maps are wanted */
  function send(at = performance.now(), changed = true) {
    const description = page.get("description");
    if (!description) return;
    if (changed) {
      unpainted.push(at);
      network.expire();
    }
    page.set({ ink: pad.strokes, pen: pad.brush });
    post({ ...drawing(), wanted: network.wanted, version: network.version, sort: page.get("sort"), structure: description.structure, asked: at });
  }

  /** Publish how long each change up to `asked` took to reach the screen, as User Timing measures named "stroke". @param {number} asked */
  function measurePaint(asked) {
    const done = unpainted.filter((at) => at <= asked);
    unpainted = unpainted.filter((at) => at > asked);
    requestAnimationFrame(() => setTimeout(() => {
      for (const start of done) performance.measure("stroke", { start });
      performance.clearMeasures("stroke");
    }));
  }

  const askForCell = newestOnly(
    (/** @type {any} */ input) => ask(server.explain, input, t("error.unreachable")),
    (sum, { cell: index }) => {
      if (page.get("cells").at(-1)?.cell === index) cell.show(sum);
    },
    fail,
  );

  /** Ask for the sum behind the opened cell, for what is on the pad now. */
  function explain() {
    const last = page.get("cells").at(-1);
    if (last) askForCell({ ...drawing(), ...last });
  }

  /** Outline on the pad the ink that a cell is made of. @param {import("./lib/field.js").Block[] | null} blocks of input cells */
  function outlineInk(blocks) {
    pad.outline(blocks && answered ? padRectangle(blocks, answered.answer.stages) : null);
  }

  function show() {
    if (!answered) return;
    const { answer, input } = answered;
    network.show(answer, input.version);
    strip.show(answer.stages, input.strokes, input.brush);
    prediction.show(answer.prediction, answer.before);
  }

  function describe() {
    const description = page.get("description");
    answered = null;
    network.element.hidden = !description;
    if (description) network.describe(description);
    fillWords(element);
    send();
  }

  page.on(["description"], describe);
  page.on(["centred", "label", "edits"], () => send());
  page.on(["modelError"], () => {
    problem.textContent = page.get("modelError") ?? "";
    problem.hidden = page.get("modelError") === null;
  });
  page.on(["language"], () => {
    fillWords(element);
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

  describe();
}
