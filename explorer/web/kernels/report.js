/** What the page says of the result in words and numbers: its size, what was done to it, how fast, by which path. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { visited } from "../lib/conv.js";
import { peakOf } from "../lib/shading.js";
import { torchLine } from "../lib/listing.js";
import { multiplications } from "../lib/separable.js";
import { page } from "../parts/page.js";

/** Frames further apart than this belong to different gestures, ms. */
const PAUSE = 250;
const REMEMBERED = 90;
/** 7.86 million, 786万. */
const ROUGHLY = /** @type {const} */ ({ notation: "compact", compactDisplay: "long", maximumSignificantDigits: 3 });

/** Counts frames painted one after another. */
export function createMeter() {
  /** @type {number[]} */
  let times = [];
  return {
    /** @param {number} now ms */
    tick(now) {
      if (times.length && now - times[times.length - 1] > PAUSE) times = [];
      times = [...times.slice(1 - REMEMBERED), now];
    },
    /** Frames per second of the last gesture; null before there were enough to tell. */
    get rate() {
      return times.length < 6 ? null : (1000 * (times.length - 1)) / (times[times.length - 1] - times[0]);
    },
  };
}

export function createReport() {
  const [inputSize, missed, outputSize, separable, treated, speed, code] = [
    "input-size",
    "missed",
    "output-size",
    "separable",
    "treated",
    "speed",
    "code",
  ].map((name) => h(name === "code" ? "code" : "p", { class: `kernels-${name} note` }));
  /** @param {import("../lib/conv.js").Axis} axis */
  const windows = ({ size, before, after, span, stride, output }) =>
    `⌊(${size} + ${before} + ${after} − ${span}) / ${stride}⌋ + 1 = ${output}`;
  const counted = (/** @type {number} */ count) =>
    count < 1e5
      ? count.toLocaleString("en")
      : new Intl.NumberFormat(page.get("language") || "en", ROUGHLY).format(count);
  const share = (/** @type {number} */ part, /** @type {number} */ of) =>
    t("kernels.share", { share: part === 0 ? "0" : part / of < 0.001 ? "< 0.1" : ((100 * part) / of).toFixed(1) });

  /** How the values became what is painted: a key of the catalogue. @param {import("../lib/shading.js").Show} show @param {import("../lib/shading.js").Extent} extent @param {number} planes */
  function paintedAs(show, extent, planes) {
    if (peakOf(extent) === 0) return "nothing";
    if (show === "signed" && planes === 3) return "middle";
    if (show === "clamp" && extent.below + extent.above === 0) return "whole";
    if (show === "absolute" && peakOf(extent) <= 255) return "unsigned";
    return show;
  }

  return {
    inputSize,
    missed,
    outputSize,
    separable,
    treated,
    speed,
    code,

    /**
     * @param {import("../lib/conv.js").Geometry} geometry @param {import("../lib/kernels_state.js").Stage} stage
     * @param {ReturnType<typeof import("../lib/separable.js").separated>} found @param {number} planes
     */
    show({ rows, columns }, stage, { factors, rank, sizes }, planes) {
      const seen = [visited(rows), visited(columns)];
      inputSize.textContent = t("kernels.input.size", { height: rows.size, width: columns.size });
      missed.textContent =
        seen[0] < rows.size || seen[1] < columns.size
          ? t("kernels.input.missed", { rows: rows.size - seen[0], columns: columns.size - seen[1] })
          : "";
      outputSize.textContent = t("kernels.output.size", { height: rows.output, width: columns.output });
      outputSize.title = t("kernels.output.formula", { rows: windows(rows), columns: windows(columns) });
      const [two, all] = [rows.taps + columns.taps, rows.taps * columns.taps];
      const { direct, passes } = multiplications({ rows, columns, mode: stage.mode });
      const numbers = {
        two,
        all,
        rank,
        saved: Math.round(100 * (1 - passes / direct)),
        passes: counted(planes * passes),
        direct: counted(planes * direct),
        sizes: [...sizes.slice(0, 3).map((size) => short(size, 3)), ...(sizes.length > 3 ? ["…"] : [])].join(", "),
      };
      separable.textContent = t(`kernels.separable.${!factors ? "no" : passes < direct ? "yes" : "small"}`, numbers);
      separable.dataset.separable = String(factors !== null);
      code.textContent = torchLine(stage);
    },

    /** What was done to the sums before they were painted. @param {import("../lib/kernels_state.js").Stage} state @param {import("../lib/shading.js").Extent} extent @param {number} divisor @param {number} planes */
    tellTreatment(state, extent, divisor, planes) {
      const outside = { below: share(extent.below, extent.count), above: share(extent.above, extent.count) };
      const range = { lowest: short(extent.lowest, 4), highest: short(extent.highest, 4) };
      treated.textContent = [
        state.normalise
          ? t(divisor === 1 ? "kernels.treated.nosum" : "kernels.treated.divided", { divisor: short(divisor, 6) })
          : "",
        state.bias ? t("kernels.treated.bias", { bias: short(state.bias, 6) }) : "",
        t("kernels.treated.range", range),
        t(`kernels.treated.${paintedAs(state.show, extent, planes)}`, {
          ...outside,
          ...range,
          peak: short(peakOf(extent), 4),
        }),
      ]
        .filter(Boolean)
        .join(" ");
    },

    /**
     * @param {import("./engine.js").Work} work @param {number} ms a whole frame's work, until its pixels are there @param {number | null} rate
     * @param {number | null} most pixels a side that the card takes, where that is too little
     */
    tellSpeed(work, ms, rate, most) {
      const path = t(`kernels.path.${work.path}`, { taps: work.taps, all: work.allTaps });
      speed.textContent = `${rate === null ? "" : `${t("kernels.rate", { rate: Math.round(rate) })} · `}${t("kernels.ms", { ms: ms.toFixed(1) })} · ${path}${most === null ? "" : ` · ${t("kernels.by.large", { most })}`}`;
      Object.assign(speed.dataset, {
        path: work.path,
        ms: ms.toFixed(2),
        computeMs: work.ms.toFixed(2),
        rate: rate === null ? "" : rate.toFixed(1),
      });
    },

    /** The picture passes unchanged: the kernel is off, or stands behind one that has no result. @param {"off" | "blocked"} why @param {import("./engine.js").Field} input */
    tellNone(why, { width, height }) {
      treated.textContent = t(`kernels.treated.${why}`);
      missed.textContent = "";
      inputSize.textContent = why === "off" ? t("kernels.input.size", { height, width }) : "";
      outputSize.textContent = why === "off" ? t("kernels.output.size", { height, width }) : t("kernels.output.none");
      speed.textContent = "";
    },

    /** @param {import("../lib/conv.js").Refusal} refusal */
    refuse({ reason, axis, numbers }) {
      missed.textContent = "";
      treated.textContent = t(`kernels.refused.${reason}`, { ...numbers, axis: t(`kernels.axis.${axis}`) });
      outputSize.textContent = t("kernels.output.none");
      speed.textContent = "";
    },
  };
}
