/**
 * From a chain of kernels to what is seen of it: the picture before and after the kernel in view, the thumbnails, and what
 * is said of them. While something moves only what is in view is certain to follow; the rest does when the hand rests.
 */

import { extentAhead, paintAhead } from "../lib/ahead.js";
import { bytesOf, extentFrom, planesFrom } from "../lib/maps.js";
import { needsExtent, shade } from "../lib/shading.js";
import { separated } from "../lib/separable.js";
import { page } from "../parts/page.js";
import { createChain, extentOfLink } from "./chain.js";
import { createMeter } from "./report.js";
import { cardIsFaster } from "./race.js";
import { createPainter } from "./webgl.js";

/** What the kernels behind the one in view may take of a frame, ms. */
const BUDGET = 14;
/** Of so many frames by the card one is waited for and timed: the others are handed to it and done when they are. */
const TIMED = 8;
/** The range of a picture. */
const BYTES = { lowest: 0, highest: 255 };

/** @typedef {import("./chain.js").Link} Link */
/** @typedef {import("../lib/kernels_state.js").State} State */
/** How a picture's values become colours. @typedef {{ show: import("../lib/shading.js").Show, extent: { lowest: number, highest: number } }} Look */

/**
 * @param {{ input: import("./screen.js").Screen, output: import("./screen.js").Screen, strip: ReturnType<typeof import("./strip.js").createStrip>,
 *   report: ReturnType<typeof import("./report.js").createReport>, by: HTMLSelectElement, schedule: () => void }} parts
 */
export function createPainting({ input, output, strip, report, by, schedule }) {
  const chain = createChain();
  const meter = createMeter();
  /** @type {import("./webgl.js").Painter | null} */
  let painter = null;
  /** @type {import("../lib/pictures.js").Picture | import("../lib/maps.js").FeatureMap | null} */
  let picture = null;
  /** The picture's planes, and whether they are of its colours. */
  let [field, channels] = [/** @type {import("./engine.js").Field | null} */ (null), ""];
  /** @type {(Link | null)[]} */
  let links = [];
  /** @type {ImageData | null} */
  let image = null;
  /** What the input screen shows. */
  let drawn = /** @type {unknown[]} */ ([]);
  /** Frames by the card in a row, and whether it was chosen and is lost. */
  let [frames, away] = [0, false];
  /** What the last frame took, of those that are timed. @type {{ work: import("./engine.js").Work, ms: number } | null} */
  let spent = null;
  /** Pixels a side that the card takes, where the picture or its result has more. */
  let tooLarge = /** @type {number | null} */ (null);
  /** The values' range that is being looked for. @type {{ stage: import("../lib/kernels_state.js").Stage, divisor: number, extent: ReturnType<typeof extentAhead> } | null} */
  let telling = null;
  let [before, after] = [
    /** @type {Look} */ ({ show: "clamp", extent: BYTES }),
    /** @type {Look} */ ({ show: "clamp", extent: BYTES }),
  ];

  /** @param {State} state @returns {import("./engine.js").Field} */
  function fieldOf(state) {
    const of = /** @type {NonNullable<typeof picture>} */ (picture);
    if (!field || channels !== state.channels) {
      field = { width: of.width, height: of.height, planes: planesFrom(of, state.channels), version: 0 };
      channels = state.channels;
    }
    return field;
  }

  /** The last kernel before `at` that was applied, or −1. @param {State} state @param {number} at */
  const appliedBefore = (state, at) => state.stages.slice(0, at).findLastIndex(({ on }) => on);

  /** @param {Link} link @param {import("../lib/kernels_state.js").Stage} stage @returns {Look} */
  const lookOf = (link, stage) => ({ show: stage.show, extent: needsExtent(stage.show) ? extentOfLink(link) : BYTES });

  /** Show the picture that the kernel in view gets. @param {State} state @param {number} at */
  function paintInput(state, at) {
    const k = appliedBefore(state, at);
    const from = k < 0 ? null : links[k];
    const wanted = [picture, page.get("dark"), from?.sums, from?.out?.version, from && state.stages[k].show];
    if (wanted.every((value, n) => value === drawn[n])) return;
    drawn = wanted;
    if (from && !from.sums) return;
    const source = /** @type {NonNullable<typeof picture>} */ (picture);
    if (!from?.sums || !from.laid) {
      before = { show: "values" in source ? "signed" : "clamp", extent: extentFrom(source) };
      input.show(new ImageData(bytesOf(source, page.get("dark")), source.width, source.height));
      return;
    }
    before = lookOf(from, state.stages[k]);
    input.show(imageOf(from, before));
  }

  /** @param {Link} link @param {Look} look @param {ImageData | null} [reused] */
  function imageOf({ laid, sums, ahead, divisor, bias }, { show, extent }, reused = null) {
    const { surrounded, geometry } = /** @type {import("./engine.js").Layout} */ (laid);
    const [height, width] = [geometry.rows.output, geometry.columns.output];
    const made = reused?.width === width && reused.height === height ? reused : new ImageData(width, height);
    if (ahead)
      paintAhead(
        made.data,
        ahead.sums,
        surrounded,
        ahead.change,
        geometry,
        divisor,
        bias,
        /** @type {"clamp" | "absolute"} */ (show),
      );
    else shade(made.data, /** @type {Float64Array[]} */ (sums), divisor, bias, show, extent, page.get("dark"));
    return made;
  }

  /** @param {Link} link @param {import("../lib/kernels_state.js").Stage} stage */
  function paintOutput(link, stage) {
    if (!link.sums && !link.ahead) return;
    after = lookOf(link, stage);
    image = imageOf(link, after, image);
    output.show(image);
  }

  /** Say the values' range while the sums wait: it is looked for a part a frame, and said of the kernel at which that began. @param {Link} link @param {import("../lib/kernels_state.js").Stage} stage */
  function tellAhead({ laid, ahead, divisor, bias }, stage) {
    if (!laid || !ahead) return;
    telling ??= {
      stage,
      divisor,
      extent: extentAhead(ahead.sums, laid.surrounded, ahead.change, laid.geometry, divisor, bias),
    };
    const { value, done } = telling.extent.next();
    if (!done) return;
    report.tellTreatment(telling.stage, value, telling.divisor, laid.planes.length);
    telling = null;
  }

  /** Paint by WebGL2, which knows no lowest and highest value. @param {Link} link @param {import("../lib/kernels_state.js").Stage} stage */
  function paintByCard({ laid, divisor, bias }, stage) {
    if (!laid || !painter) return null;
    const started = performance.now();
    painter.paint(laid.surrounded, laid.kernel, laid.geometry, divisor, bias, stage.show === "absolute");
    const timed = frames++ % TIMED === 0;
    if (timed) painter.finish();
    output.show(painter.surface);
    after = { show: stage.show, extent: BYTES };
    if (!timed) return null;
    const all = laid.kernel.values.length;
    return { path: /** @type {const} */ ("webgl"), taps: all, allTaps: all, ms: performance.now() - started };
  }

  /** The card has gone, or is there again: the choice says what computes. */
  function follow() {
    const gone = painter?.lost ?? true;
    by.options[1].disabled = gone;
    if (gone && by.value === "webgl") [by.value, away] = ["arrays", true];
    else if (!gone && away) [by.value, away] = ["webgl", false];
    schedule();
  }

  /** @param {State} state */
  function paintStrip(state) {
    links.forEach((link, k) => {
      if (!link) return;
      if (!state.stages[k].on) strip.copyBefore(k);
      else strip.drawLink(k, link, state.stages[k], page.get("dark"));
    });
  }

  /** What is said when there is no result. @param {Link} link */
  function tellNone(link) {
    if (link.refusal) report.refuse(link.refusal);
    else if (link.blocked) report.tellNone("blocked", link.input);
    else report.tellNone("off", link.input);
  }

  return {
    get links() {
      return links;
    },
    /** How the picture before the kernel and the one after it are coloured. */
    get looks() {
      return { before, after };
    },
    get picture() {
      return picture;
    },

    /** Find out what this browser computes with. */
    start() {
      painter = createPainter(follow);
      by.value = painter && cardIsFaster(painter, imageOf) ? "webgl" : "arrays";
      by.options[1].disabled = !painter;
      by.addEventListener("change", () => (away = false));
    },

    /** @param {NonNullable<typeof picture>} next */
    take(next) {
      [picture, field] = [next, null];
    },

    /** One frame. @param {State} state @param {number} at the kernel in view @param {number} now ms */
    draw(state, at, now) {
      const started = performance.now();
      const [source, stage] = [fieldOf(state), state.stages[at]];
      const depth = needsExtent(stage.show) ? "summed" : "ahead";
      const chosen = by.value === "webgl" && painter !== null && !painter.lost && depth === "ahead" ? painter : null;
      links = chain.run(source, state.stages, at, chosen ? "laid" : depth, started + BUDGET);
      const geometry = links[at]?.laid?.geometry;
      const card = chosen !== null && geometry !== undefined && chosen.fits(geometry);
      tooLarge = chosen !== null && geometry !== undefined && !card ? chosen.most : null;
      if (chosen && !card) links = chain.run(source, state.stages, at, depth, started + BUDGET);
      if (!card) frames = 0;
      const link = /** @type {Link} */ (links[at]);
      paintInput(state, at);
      if (link.laid) {
        const work = card ? paintByCard(link, stage) : link.work;
        if (!card) paintOutput(link, stage);
        meter.tick(now);
        if (work) spent = { work, ms: performance.now() - started };
      }
      input.veil(link.laid?.geometry ?? null);
      if (link.ahead) tellAhead(link, stage);
      else telling = null;
      paintStrip(state);
      return link;
    },

    /** Say what was drawn. @param {State} state @param {number} at */
    tell(state, at) {
      const [link, stage] = [/** @type {Link} */ (links[at]), state.stages[at]];
      if (!link.laid) return tellNone(link);
      report.show(link.laid.geometry, stage, separated(stage.kernel), link.laid.planes.length);
      if (spent) report.tellSpeed(spent.work, spent.ms, meter.rate, tooLarge);
    },

    /** The hand rests: everything is computed, in float64, and the values' range is said. @param {State} state @param {number} at */
    rest(state, at) {
      const [source, stage] = [fieldOf(state), state.stages[at]];
      links = chain.run(source, state.stages, at, "summed", Infinity);
      telling = null;
      const link = /** @type {Link} */ (links[at]);
      paintInput(state, at);
      if (link.sums) {
        paintOutput(link, stage);
        report.tellTreatment(stage, extentOfLink(link), link.divisor, source.planes.length);
      } else if (!link.refusal && !link.blocked) output.copy(input);
      strip.drawSource(source, (bytes, planes) =>
        shade(
          bytes,
          planes,
          1,
          0,
          "values" in (picture ?? {}) ? "signed" : "clamp",
          extentFrom(/** @type {any} */ (picture)),
          page.get("dark"),
        ),
      );
      paintStrip(state);
      return link;
    },
  };
}
