/** The Kernels page: a picture, a chain of kernels and the results, computed here in the browser at display rate. */

import { h } from "../parts/dom.js";
import { createHelp } from "../parts/help.js";
import { createHistory } from "../lib/history.js";
import { fillWords, t } from "../parts/i18n.js";
import { withValue } from "../lib/kernels.js";
import { ask as askServer } from "../lib/live.js";
import { separated } from "../lib/separable.js";
import { page } from "../parts/page.js";
import { createCombined } from "./combined.js";
import { kernelControls, pictureControls, resultControls, travelControls, windowControls } from "./controls.js";
import { createEditor } from "./editor.js";
import { createExports } from "./exports.js";
import { createLab } from "./lab.js";
import { createLearned } from "./learned.js";
import { createLearning } from "./learning.js";
import { createLooking } from "./looking.js";
import { createMagnifier } from "./magnifier.js";
import { createPainting } from "./painting.js";
import { createReport } from "./report.js";
import { createScreen } from "./screen.js";
import { createSource } from "./source.js";
import {
  differing,
  INITIAL,
  withAdded,
  withKernel,
  withLearned,
  withMoved,
  withOwnShow,
  withoutStage,
  withStage,
} from "../lib/kernels_state.js";
import { createStrip } from "./strip.js";

/** A gesture is over when nothing changed for so long, ms. */
const REST = 120;
/** Numbers that follow the hand more often than this cannot be read, ms: what is seen goes first. */
const READABLE = 64;
/** During a longer one, and under the webcam, what is said of all values is brought up to date this often, ms. */
const LONGEST_GESTURE = 1000;

const KEYS = [
  { keys: "← → ↑ ↓", words: "kernels.help.arrows" },
  { keys: "Enter", words: "kernels.help.enter" },
  { keys: "Esc", words: "kernels.help.escape" },
  { keys: "PageUp PageDown", words: "kernels.help.pages" },
  { keys: "Delete", words: "kernels.help.delete" },
  { keys: "Ctrl+Z Ctrl+Y", words: "kernels.help.undo" },
  { keys: "Alt+← Alt+→", words: "kernels.help.move" },
  { keys: "Space Home End", words: "kernels.help.learning" },
];

/** @param {HTMLElement} element @param {{ server: import("../lib/contract/kernels.js").Server }} gradio */
export async function mount(element, { server }) {
  const history = createHistory(page.get("kernelChain") ?? INITIAL);
  let at = Math.min(page.get("kernelStage"), history.now.stages.length - 1);
  let [frame, resting, rested, told] = [0, 0, 0, 0];
  const stage = () => history.now.stages[at];

  /** @param {import("../lib/kernels_state.js").State} next @param {unknown} [gesture] @param {number} [view] the kernel in view from now on */
  function change(next, gesture = null, view = at) {
    history.change(next, gesture);
    look(view);
  }
  /** @param {(stage: import("../lib/kernels_state.js").Stage) => import("../lib/kernels_state.js").Stage} edit @param {unknown} [gesture] */
  const ask = (edit, gesture = null) => change(withStage(history.now, at, edit), gesture);
  /** @param {"undo" | "redo"} direction */
  function travel(direction) {
    const before = history.now;
    history[direction]();
    look(differing(before, history.now) ?? at);
  }
  /** @param {number} view */
  function look(view) {
    at = Math.max(0, Math.min(view, history.now.stages.length - 1));
    page.set({ kernelChain: history.now, kernelStage: at });
    schedule();
  }

  const report = createReport();
  const source = createSource({
    onpicture: take,
    askMap: (place) => askServer(server.feature_map, { ...request(), ...place }, t("error.unreachable")),
  });
  const strip = createStrip({
    onpick: look,
    onadd: () => change(withAdded(history.now, at), null, at + 1),
    onswitch: (place, on) =>
      change(
        withStage(history.now, place, (given) => ({ ...given, on })),
        null,
        place,
      ),
    onmove: (place, by) => change(withMoved(history.now, place, by), null, place + by),
    onremove: (place) => change(withoutStage(history.now, place), null, place <= at ? at - 1 : at),
  });
  const combined = createCombined({
    onmerge: (first, second, both) =>
      change(
        withStage(withoutStage(history.now, second), first, () => both),
        null,
        first,
      ),
  });
  const learned = createLearned({
    server,
    onkernel: (kernel, name) => ask((given) => withLearned(given, kernel, name)),
  });
  const controls = {
    picture: pictureControls(ask, (channels) => change({ ...history.now, channels })),
    kernel: kernelControls(ask, () => {
      void learned.begin();
      schedule(); // until the kernel comes, the present one is in view
    }),
    window: windowControls(ask),
    travel: travelControls(travel),
    result: resultControls(ask),
  };
  const editor = createEditor({
    onedit: (index, value, gesture) =>
      ask((given) => withKernel(given, withValue(given.kernel, index, value)), gesture),
    ontravel: travel,
  });
  const magnifier = createMagnifier({ onlight: light });
  const by = h(
    "select",
    { dataset: { control: "by", i18nAria: "kernels.by" }, onchange: schedule },
    ...["arrays", "webgl"].map((value) => h("option", { value, dataset: { i18n: `kernels.by.${value}` } })),
  );
  const screens = {
    input: createScreen({
      name: "input",
      onpoint: (row, column) => looking.pointUnder(row, column),
      onkey: (event) => looking.walk(event),
      onpin: () => looking.pin(),
    }),
    output: createScreen({
      name: "output",
      onpoint: (row, column) => looking.point(row, column),
      onkey: (event) => looking.walk(event),
      onpin: () => looking.pin(),
    }),
  };
  const painting = createPainting({ ...screens, strip, report, by, schedule });
  const looking = createLooking({
    painting,
    magnifier,
    screens: () => screens,
    view: () => ({ stage: stage(), link: painting.links[at] ?? null }),
    busy: () => frame !== 0,
    onhold: (cell) => page.set({ kernelPixel: cell && `${cell.y}.${cell.x}` }),
  });
  const learning = createLearning({
    view: () => ({ stage: stage(), link: painting.links[at] ?? null }),
    onuse: (kernel, bias) => ask((given) => ({ ...withKernel(given, kernel), flip: false, normalise: false, bias })),
  });
  const exports = createExports({
    state: () => history.now,
    view: () => ({ stage: stage(), link: painting.links[at] ?? null, picture: painting.picture, screens }),
  });
  const help = createHelp("kernels", KEYS);
  const note = (/** @type {string} */ id, /** @type {string} */ words) =>
    h("p", { class: "note", id, dataset: { i18n: words } });
  const view = (
    /** @type {"input" | "kernel" | "output"} */ name,
    /** @type {HTMLElement[]} */ head,
    /** @type {HTMLElement[]} */ body,
  ) =>
    h(
      "section",
      { class: `kernels-view of-${name}` },
      h("header", {}, h("h3", { class: "kernels-title", dataset: { i18n: `kernels.${name}` } }), ...head),
      ...body,
    );
  const controlsOf = (/** @type {"input" | "kernel" | "output"} */ name, /** @type {HTMLElement[]} */ ...parts) =>
    h("div", { class: `kernels-controls of-${name}` }, ...parts);

  const root = h(
    "div",
    { class: "kernels", "aria-busy": "true" },
    h(
      "div",
      { class: "kernels-top" },
      source.element,
      strip.element,
      h("div", { class: "kernels-tools" }, controls.travel.element, exports.element, help.element),
    ),
    h(
      "div",
      { class: "kernels-flow", tabindex: -1, dataset: { main: "kernels" } },
      view("input", [report.inputSize, controls.picture.head], [screens.input.element, report.missed]),
      view(
        "kernel",
        [controls.kernel.head],
        [
          learned.element,
          editor.element,
          note("kernels-editor-keys", "kernels.editor.keys"),
          report.separable,
          controls.kernel.element,
        ],
      ),
      view("output", [report.outputSize, controls.result.head], [screens.output.element, report.treated]),
    ),
    magnifier.element,
    combined.element,
    note("kernels-keys", "kernels.keys"),
    h(
      "div",
      { class: "kernels-flow kernels-settings" },
      controlsOf("input", controls.picture.element),
      controlsOf("kernel", controls.window.element, report.code),
      controlsOf(
        "output",
        controls.result.element,
        h(
          "div",
          { class: "computed" },
          h(
            "label",
            { class: "setting", dataset: { i18nTitle: "kernels.by.why" } },
            h("span", { class: "setting-name", dataset: { i18n: "kernels.by" } }),
            by,
          ),
          report.speed,
        ),
      ),
    ),
    learning.element,
    createLab({ server }).element,
  );
  element.replaceChildren(h("h2", { class: "spoken", dataset: { i18n: "tab.kernels" } }), root);

  /** What the server needs to know to run the model on what is on the pad. */
  const request = () => ({
    model: page.get("model"),
    strokes: page.get("ink"),
    brush: page.get("pen"),
    centred: page.get("centred"),
    edits: page.get("edits"),
    source: page.get("source"),
    perturbation: page.get("perturbation"),
  });

  /** @param {NonNullable<typeof painting.picture>} next */
  function take(next) {
    const { picture } = painting;
    if (picture && (next.width !== picture.width || next.height !== picture.height)) looking.forget();
    painting.take(next);
    const signed = "values" in next;
    if (picture && signed !== "values" in picture)
      change({
        ...history.now,
        stages: history.now.stages.map((given) => (signed ? { ...given, show: "signed" } : withOwnShow(given))),
      });
    schedule();
  }

  function schedule() {
    root.setAttribute("aria-busy", "true");
    if (!frame) frame = requestAnimationFrame(draw);
  }

  /** @param {number} now ms */
  function draw(now) {
    frame = 0;
    const { picture } = painting;
    if (!picture) return;
    const started = performance.now();
    clearTimeout(resting);
    strip.show(history.now.stages, at, t(`kernels.picture.${page.get("kernelPicture").split(".")[0]}`));
    const link = painting.draw(history.now, at, now);
    if (started - rested > LONGEST_GESTURE && !(link.ahead && history.now.stages.length === 1))
      rest(); // a single kernel's range is said as it goes
    else resting = setTimeout(rest, REST);
    editor.show(stage().kernel, separated(stage().kernel).factors);
    controls.picture.show(stage(), history.now.channels, !("values" in picture));
    controls.kernel.show(stage());
    controls.window.show(stage());
    controls.travel.show(history);
    controls.result.show(stage(), at < history.now.stages.length - 1);
    void learned.show(stage());
    element.querySelector(".kernels-view.of-output")?.classList.toggle("none", link.refusal !== null || link.blocked);
    if (started - told > READABLE) tell();
  }

  /** Say in numbers what is seen. */
  function tell() {
    told = performance.now();
    painting.tell(history.now, at);
    looking.open();
  }

  /** A gesture is over or takes long. */
  function rest() {
    if (!painting.picture) return;
    rested = performance.now();
    painting.rest(history.now, at);
    combined.show(history.now.stages, at, painting.links);
    learning.follow();
    tell();
    if (frame) return;
    root.setAttribute("aria-busy", "false");
    root.classList.add("shown");
  }

  /** @param {number} tap of the kernel as applied, -1 for none */
  function light(tap) {
    looking.light(tap);
    editor.light(tap >= 0 && stage().flip ? stage().kernel.values.length - 1 - tap : tap);
  }

  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    void source.take(event.dataTransfer?.files[0]);
  });
  page.on(["kernelChain", "kernelStage", "kernelPixel"], () => {
    const [chain, view] = [page.get("kernelChain") ?? INITIAL, page.get("kernelStage")];
    if (chain !== history.now)
      change(chain, null, view); // somebody else chose it
    else if (view !== at) look(view);
    looking.follow(cellNamed(page.get("kernelPixel")));
  });
  page.on(["language"], () => {
    fillWords(element);
    source.tell();
    magnifier.rest();
    learning.relabel();
    editor.repaint();
    schedule();
  });
  page.on(["dark"], () => {
    editor.repaint();
    learning.relabel();
    schedule();
  });
  fillWords(element);
  magnifier.rest();
  whenSeen(element, () => {
    painting.start();
    looking.follow(cellNamed(page.get("kernelPixel")));
    source.start(page.get("kernelPicture"));
  });
}

/** The output pixel of a link. @param {string | null} pixel row and column @returns {{ y: number, x: number } | null} */
function cellNamed(pixel) {
  if (!pixel) return null;
  const [y, x] = pixel.split(".").map(Number);
  return { y, x };
}

/** Call `start` once the element has a size: the tab's content is mounted before it is opened. @param {HTMLElement} element @param {() => void} start */
function whenSeen(element, start) {
  const observer = new ResizeObserver(() => {
    if (!element.clientWidth) return;
    observer.disconnect();
    start();
  });
  observer.observe(element);
}
