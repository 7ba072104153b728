/** The Kernels page: a picture, a kernel and the result, computed here in the browser at display rate. */

import { h } from "./lib/dom.js";
import { termsOf } from "./lib/conv.js";
import { createHistory } from "./lib/history.js";
import { fillWords } from "./lib/i18n.js";
import { sumOf, withValue } from "./lib/kernels.js";
import { factors } from "./lib/separable.js";
import { divisorOf, extentOf, shade, shown } from "./lib/shading.js";
import { page } from "./lib/store.js";
import { kernelControls, pictureControls, resultControls } from "./kernels/controls.js";
import { createEditor } from "./kernels/editor.js";
import { createEngine } from "./kernels/engine.js";
import { createMagnifier } from "./kernels/magnifier.js";
import { createMeter, createReport } from "./kernels/report.js";
import { createScreen } from "./kernels/screen.js";
import { createSource } from "./kernels/source.js";
import { INITIAL } from "./kernels/state.js";
import { createPainter } from "./kernels/webgl.js";

/** The cell opened at first, in parts of the picture: the edge of the landscape's sun. */
const FIRST = [0.3, 0.722];

/** A gesture is over when nothing changed for so long, ms. */
const REST = 120;
/** During a longer one, and under the webcam, what is said of all values is brought up to date this often, ms. */
const LONGEST_GESTURE = 1000;

/** @param {HTMLElement} element */
export async function mount(element) {
  const history = createHistory(INITIAL);
  const engine = createEngine();
  const meter = createMeter();
  const report = createReport();
  const source = createSource({ onpicture: take });
  /** @type {import("./lib/pictures.js").Picture | null} */
  let picture = null;
  /** @type {import("./kernels/engine.js").Layout | null} */
  let laid = null;
  /** @type {import("./kernels/webgl.js").Painter | null} */
  let painter = null;
  /** Of the present sums when they are rescaled, else of earlier ones. @type {import("./lib/shading.js").Extent} */
  let extent = { lowest: 0, highest: 0, below: 0, above: 0, count: 0 };
  /** @type {ImageData | null} */
  let image = null;
  /** The opened output cell; it follows the pointer until it is pinned. @type {{ y: number, x: number } | null} */
  let cell = null;
  let [pinned, lit, frame, resting, rested] = [false, -1, 0, 0, 0];

  /** @param {(state: import("./kernels/state.js").State) => import("./kernels/state.js").State} change @param {unknown} [gesture] */
  const ask = (change, gesture = null) => {
    history.change(change(history.now), gesture);
    schedule();
  };
  const travel = (/** @type {"undo" | "redo"} */ direction) => {
    history[direction]();
    schedule();
  };

  const controls = { picture: pictureControls(ask), kernel: kernelControls(ask, travel), result: resultControls(ask) };
  const editor = createEditor({
    onedit: (index, value, gesture) => ask((state) => ({ ...state, preset: null, kernel: withValue(state.kernel, index, value) }), gesture),
    ontravel: travel,
  });
  const magnifier = createMagnifier({ onlight: light });
  const screens = {
    input: createScreen({ name: "input", onpoint: (row, column) => point(under(row, "rows"), under(column, "columns")), onkey: walk, onpin: pin }),
    output: createScreen({ name: "output", onpoint: point, onkey: walk, onpin: pin }),
  };
  const by = h("select", { dataset: { control: "by", i18nAria: "kernels.by" }, onchange: schedule },
    ...["arrays", "webgl"].map((value) => h("option", { value, dataset: { i18n: `kernels.by.${value}` } })));
  const title = (/** @type {string} */ key) => h("h3", { class: "kernels-title", dataset: { i18n: `kernels.${key}` } });

  element.replaceChildren(h("div", { class: "kernels" },
    source.element,
    h("div", { class: "kernels-flow" },
      h("section", { class: "kernels-part" },
        h("div", { class: "kernels-view of-input" }, h("header", {}, title("input"), report.inputSize), screens.input.element),
        h("div", { class: "kernels-controls of-input" }, controls.picture.element)),
      h("section", { class: "kernels-part" },
        h("div", { class: "kernels-view of-kernel" }, title("kernel"), controls.kernel.head, editor.element,
          h("p", { class: "note", id: "kernels-editor-keys", dataset: { i18n: "kernels.editor.keys" } }), report.separable),
        h("div", { class: "kernels-controls of-kernel" }, controls.kernel.element, report.code)),
      h("section", { class: "kernels-part" },
        h("div", { class: "kernels-view of-output" }, h("header", {}, title("output"), report.outputSize), screens.output.element),
        h("div", { class: "kernels-controls of-output" }, controls.result.element, report.treated,
          h("div", { class: "computed" }, h("label", { class: "setting", dataset: { i18nTitle: "kernels.by.why" } }, h("span", { class: "setting-name", dataset: { i18n: "kernels.by" } }), by), report.speed)))),
    magnifier.element,
    h("p", { class: "note", id: "kernels-keys", dataset: { i18n: "kernels.keys" } })));

  /** The output cell whose window has its centre at or before an input element. @param {number} at @param {"rows" | "columns"} axis */
  function under(at, axis) {
    if (!laid) return 0;
    const { before, span, stride, output: count } = laid.geometry[axis];
    return Math.min(count - 1, Math.max(0, Math.round((at + before - Math.floor((span - 1) / 2)) / stride)));
  }

  /** @param {import("./lib/pictures.js").Picture} next */
  function take(next) {
    if (!picture || next.width !== picture.width || next.height !== picture.height) [cell, pinned] = [null, false];
    picture = next;
    screens.input.show(new ImageData(/** @type {any} */ (picture.data), picture.width, picture.height));
    schedule();
  }

  function schedule() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  /** @param {number} now ms */
  function draw(now) {
    frame = 0;
    if (!picture) return;
    const state = history.now;
    const started = performance.now();
    const answer = engine.lay(picture, state);
    laid = "reason" in answer ? null : answer;
    const factored = factors(state.kernel);
    clearTimeout(resting);
    if ("reason" in answer) report.refuse(answer);
    else {
      const work = (by.value === "webgl" && paintByCard(answer, state)) || paint(answer, state);
      meter.tick(now);
      report.show(answer.geometry, state, factored !== null);
      report.tellSpeed(work, performance.now() - started, meter.rate);
      if (started - rested > LONGEST_GESTURE) rest();
      else resting = setTimeout(rest, REST);
    }
    editor.show(state.kernel, factored);
    controls.picture.show(state);
    controls.kernel.show(state, history);
    controls.result.show(state);
    element.querySelector(".of-output")?.classList.toggle("none", !laid);
    open();
  }

  /** A gesture is over or takes long: what the card painted is computed in float64, and the values' range is said. */
  function rest() {
    if (!laid) return;
    const state = history.now;
    const divisor = divisorOf(state.normalise, sumOf(state.kernel));
    rested = performance.now();
    paint(laid, state);
    report.tellTreatment(state, extentOf(engine.sum(laid).sums, divisor, state.bias), divisor);
  }

  /** @param {import("./kernels/engine.js").Layout} layout @param {import("./kernels/state.js").State} state */
  function paint(layout, state) {
    const { sums, work } = engine.sum(layout);
    const { rows, columns } = layout.geometry;
    const divisor = divisorOf(state.normalise, sumOf(state.kernel));
    if (image?.width !== columns.output || image.height !== rows.output) image = new ImageData(columns.output, rows.output);
    if (state.show === "rescale") extent = extentOf(sums, divisor, state.bias);
    shade(image.data, sums, divisor, state.bias, state.show, extent);
    screens.output.show(image);
    return work;
  }

  /**
   * Paint by WebGL2, which knows no lowest and highest value to rescale to; null where it cannot.
   * @param {import("./kernels/engine.js").Layout} layout @param {import("./kernels/state.js").State} state
   */
  function paintByCard({ surrounded, geometry, kernel }, state) {
    if (!painter || painter.lost || state.show === "rescale") return null;
    const started = performance.now();
    painter.paint(surrounded, kernel, geometry, divisorOf(state.normalise, sumOf(state.kernel)), state.bias, state.show === "absolute");
    screens.output.show(painter.surface);
    const all = kernel.values.length;
    return { path: /** @type {const} */ ("webgl"), taps: all, allTaps: all, ms: performance.now() - started };
  }

  /** Open the cell that is pointed at: its window, its terms, its value. */
  function open() {
    if (!laid || !picture) {
      magnifier.show(null);
      return;
    }
    const { geometry, kernel, planes } = laid;
    const { rows, columns } = geometry;
    cell ??= { y: under(Math.round(FIRST[0] * rows.size), "rows"), x: under(Math.round(FIRST[1] * columns.size), "columns") };
    const [y, x] = [Math.min(cell.y, rows.output - 1), Math.min(cell.x, columns.output - 1)];
    const state = history.now;
    const divisor = divisorOf(state.normalise, sumOf(state.kernel));
    const each = planes.map((plane) => termsOf(plane, kernel, geometry, y, x));
    const values = each.map(({ sum }) => sum / divisor + state.bias);
    const colours = each[0].terms.map((_, k) => (each.length === 3 ? each.map(({ terms }) => terms[k].value) : Array(3).fill(each[0].terms[k].value)));
    const spot = lit < 0 ? null : each[0].terms[lit];
    const [top, left] = [y * rows.stride - rows.before, x * columns.stride - columns.before];
    screens.input.mark(spot ? { row: spot.row, column: spot.column, rows: 1, columns: 1 } : { row: top, column: left, rows: rows.span, columns: columns.span }, pinned);
    screens.output.mark({ row: y, column: x, rows: 1, columns: 1 }, pinned);
    magnifier.show({
      y, x, pinned, terms: each.map(({ terms }) => terms), sums: each.map(({ sum }) => sum), values,
      levels: values.map((value) => shown(value, state.show, extent)), colours,
      divisor, bias: state.bias, rows: kernel.rows, columns: kernel.columns, flip: state.flip,
    });
  }

  /** @param {number} y @param {number} x */
  function point(y, x) {
    if (pinned || !laid) return;
    cell = { y, x };
    schedulePoint();
  }

  let pointing = 0;
  function schedulePoint() {
    pointing ||= requestAnimationFrame(() => {
      pointing = 0;
      if (!frame) open();
    });
  }

  function pin() {
    pinned = !pinned;
    schedulePoint();
  }

  /** @param {number} tap of the kernel as applied, -1 for none */
  function light(tap) {
    lit = tap;
    editor.light(tap >= 0 && history.now.flip ? history.now.kernel.values.length - 1 - tap : tap);
    schedulePoint();
  }

  /** @param {KeyboardEvent} event */
  function walk(event) {
    if (!laid || !cell) return;
    const step = event.shiftKey ? 10 : 1;
    const { rows, columns } = laid.geometry;
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowLeft: [0, -step], ArrowRight: [0, step], ArrowUp: [-step, 0], ArrowDown: [step, 0], PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -columns.output], End: [0, columns.output] };
    const move = moves[event.key];
    if (move) {
      cell = { y: Math.min(rows.output - 1, Math.max(0, cell.y + move[0])), x: Math.min(columns.output - 1, Math.max(0, cell.x + move[1])) };
      pinned = true;
      schedulePoint();
    } else if (event.key === "Enter" || event.key === " ") pin();
    else if (event.key === "Escape") {
      pinned = false;
      schedulePoint();
    } else return;
    event.preventDefault();
  }

  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    void source.take(event.dataTransfer?.files[0]);
  });
  page.on(["language"], () => {
    fillWords(element);
    source.relabel();
    magnifier.rest();
    schedule();
  });
  page.on(["dark"], () => {
    editor.repaint();
    schedule();
  });
  fillWords(element);
  magnifier.rest();
  whenSeen(element, () => {
    painter = createPainter();
    by.value = painter?.hardware ? "webgl" : "arrays";
    by.options[1].disabled = !painter;
    source.start();
  });
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
