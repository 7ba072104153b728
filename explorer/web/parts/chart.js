/** A line chart: several curves over one axis, with ticks, a legend and the values under the pointer. */

import { axisOf, nearest, placeOn, ticksOf } from "../lib/axes.js";
import { h } from "./dom.js";
import { short } from "../lib/numbers.js";

/**
 * @typedef {{ name: string, points: [number, number][], colour?: string, dashed?: boolean, faint?: [number, number][], dots?: boolean, hollow?: boolean[] }} Curve
 *   `faint`: the unsmoothed points behind the line; `dots`: mark each point; `hollow`: those marked as not measured
 * @typedef {{ x: string, y: string, xLog?: boolean, yLog?: boolean, zero?: boolean, xText?: (value: number) => string, yText?: (value: number) => string }} Axes
 */

/** Colours that stay apart for every common form of colour blindness (Okabe & Ito 2008), in light and dark. */
export const COLOURS = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#8c6bb1",
  "#7f7f7f",
  "#a6761d",
  "#1b7837",
  "#c51b7d",
  "#bcbd22",
];

const NAMESPACE = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP, BOTTOM] = [68, 12, 10, 38];

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function shape(tag, attributes, text) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A line down a chart of this height, with a head on top. @param {number} x not finite for none @param {number} height */
const markAt = (x, height) =>
  Number.isFinite(x)
    ? [
        shape("line", { class: "chart-mark", x1: x, x2: x, y1: TOP, y2: height - BOTTOM }),
        shape("path", { class: "chart-mark-head", d: `M${x - 5} ${TOP - 8}h10l-5 8z` }),
      ]
    : [];

/**
 * @param {{ height?: number, label: string, onpick?: (x: number) => void }} options
 *   `label`: a key of the catalogue that names the chart; `onpick`: a place of it was clicked, or chosen with Enter
 */
export function createChart({ height = 220, label, onpick }) {
  const kind = onpick ? "chart-picture pickable" : "chart-picture";
  const svg = /** @type {SVGSVGElement} */ (shape("svg", { class: kind, role: "img", tabindex: 0, height }));
  svg.dataset.i18nAria = label;
  const over = shape("g", {});
  const legend = h("div", { class: "chart-legend" });
  const reading = h("output", { class: "chart-reading note", "aria-live": "polite" });
  const element = h("figure", { class: "chart" }, svg, h("figcaption", {}, legend, reading));
  /** @type {Curve[]} */
  let curves = [];
  /** @type {Axes} */
  let axes = { x: "", y: "" };
  /** @type {Set<string>} */
  const off = new Set();
  let [pointed, marked, width] = [NaN, NaN, 0];
  /** @type {{ x: import("../lib/axes.js").Axis, y: import("../lib/axes.js").Axis }} */
  let laid = { x: axisOf([], false), y: axisOf([], false) };

  const onX = (/** @type {number} */ value) => LEFT + placeOn(laid.x, value) * (width - LEFT - RIGHT);
  const onY = (/** @type {number} */ value) => height - BOTTOM - placeOn(laid.y, value) * (height - TOP - BOTTOM);
  const drawable = (/** @type {[number, number]} */ [x, y]) =>
    Number.isFinite(x) && Number.isFinite(y) && !(axes.xLog && x <= 0) && !(axes.yLog && y <= 0);

  function draw() {
    width = Math.max(240, element.clientWidth);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("width", String(width));
    const shown = curves.filter(({ name }) => !off.has(name));
    const points = shown.flatMap((curve) => [...curve.points, ...(curve.faint ?? [])]).filter(drawable);
    laid = {
      x: axisOf(
        points.map(([x]) => x),
        axes.xLog ?? false,
      ),
      y: axisOf(
        points.map(([, y]) => y),
        axes.yLog ?? false,
        { zero: axes.zero },
      ),
    };
    const parts = [];
    for (const value of ticksOf(laid.y, 5)) {
      parts.push(
        shape("line", { class: "chart-grid", x1: LEFT, x2: width - RIGHT, y1: onY(value), y2: onY(value) }),
        shape(
          "text",
          { class: "chart-tick", x: LEFT - 6, y: onY(value), "text-anchor": "end", "dominant-baseline": "central" },
          (axes.yText ?? short)(value),
        ),
      );
    }
    for (const value of ticksOf(laid.x, Math.max(2, Math.floor(width / 90)))) {
      parts.push(
        shape("line", { class: "chart-grid", x1: onX(value), x2: onX(value), y1: TOP, y2: height - BOTTOM }),
        shape(
          "text",
          {
            class: "chart-tick",
            x: onX(value),
            y: height - BOTTOM + 14,
            "text-anchor": onX(value) > width - 3 * RIGHT ? "end" : "middle", // a long number would be cut off
          },
          (axes.xText ?? short)(value),
        ),
      );
    }
    parts.push(
      shape(
        "text",
        { class: "chart-axis", x: (LEFT + width - RIGHT) / 2, y: height - 6, "text-anchor": "middle" },
        axes.x,
      ),
      shape(
        "text",
        {
          class: "chart-axis",
          transform: `translate(12 ${(TOP + height - BOTTOM) / 2}) rotate(-90)`,
          "text-anchor": "middle",
        },
        axes.y,
      ),
    );
    for (const curve of shown) parts.push(...drawCurve(curve));
    svg.replaceChildren(...parts, over);
    drawOver();
  }

  /** What stands over the curves: they stay as they are while the pointer moves. */
  function drawOver() {
    const shown = curves.filter(({ name }) => !off.has(name));
    over.replaceChildren(...markAt(onX(marked), height), ...(Number.isFinite(pointed) ? drawPointed(shown) : []));
  }

  /** The line of some points, broken where one cannot be drawn. @param {[number, number][]} points */
  const path = (points) =>
    points
      .map((point, k) =>
        drawable(point)
          ? `${k > 0 && drawable(points[k - 1]) ? "L" : "M"}${onX(point[0]).toFixed(1)} ${onY(point[1]).toFixed(1)}`
          : "",
      )
      .join("");

  /** @param {Curve} curve */
  function drawCurve({ points, colour = "", dashed, faint, dots, hollow }) {
    const parts = faint ? [shape("path", { class: "chart-line faint", d: path(faint), stroke: colour })] : [];
    parts.push(shape("path", { class: dashed ? "chart-line dashed" : "chart-line", d: path(points), stroke: colour }));
    points.forEach((point, k) => {
      const alone = !drawable(points[k - 1] ?? [NaN, NaN]) && !drawable(points[k + 1] ?? [NaN, NaN]);
      if ((dots || alone) && drawable(point)) {
        parts.push(
          shape("circle", {
            class: hollow?.[k] ? "chart-dot hollow" : "chart-dot",
            cx: onX(point[0]),
            cy: onY(point[1]),
            r: 3.5,
            stroke: colour,
            fill: colour,
          }),
        );
      }
    });
    return parts;
  }

  /** @param {Curve[]} shown */
  function drawPointed(shown) {
    const found = shown
      .map((curve) => ({ curve, point: curve.points[nearest(curve.points, pointed)] }))
      .filter(({ point }) => point && drawable(point));
    if (!found.length) return [];
    const at = found.reduce((a, b) => (Math.abs(b.point[0] - pointed) < Math.abs(a.point[0] - pointed) ? b : a))
      .point[0];
    reading.textContent = [
      `${axes.x} ${(axes.xText ?? short)(at)}`,
      ...found.map(({ curve, point }) => `${curve.name} ${(axes.yText ?? short)(point[1])}`),
    ].join(" · ");
    return [
      shape("line", { class: "chart-pointer", x1: onX(at), x2: onX(at), y1: TOP, y2: height - BOTTOM }),
      ...found.map(({ curve, point }) =>
        shape("circle", { class: "chart-dot", cx: onX(point[0]), cy: onY(point[1]), r: 4, fill: curve.colour ?? "" }),
      ),
    ];
  }

  /** @param {number} value */
  function point(value) {
    pointed = value;
    if (!Number.isFinite(value)) reading.textContent = "";
    drawOver();
  }

  /** The value of the axis under the pointer. @param {MouseEvent} event */
  function under(event) {
    const box = svg.getBoundingClientRect();
    const t = ((event.clientX - box.x) * (width / box.width) - LEFT) / (width - LEFT - RIGHT);
    const { low, high, log } = laid.x;
    return log ? low * (high / low) ** t : low + t * (high - low);
  }

  svg.addEventListener("pointermove", (event) => point(under(event)));
  svg.addEventListener("pointerleave", () => point(NaN));
  svg.addEventListener("click", (event) => onpick?.(under(event)));
  svg.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && Number.isFinite(pointed)) onpick?.(pointed);
    const longest = curves
      .filter(({ name }) => !off.has(name))
      .reduce(
        (/** @type {[number, number][]} */ most, { points }) => (points.length > most.length ? points : most),
        [],
      );
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || !longest.length) return;
    const k = Number.isFinite(pointed) ? nearest(longest, pointed) + by : by > 0 ? 0 : longest.length - 1;
    point(longest[Math.min(longest.length - 1, Math.max(0, k))][0]);
    event.preventDefault();
  });
  svg.addEventListener("blur", () => point(NaN));
  new ResizeObserver(() => {
    if (Math.max(240, element.clientWidth) !== width) draw();
  }).observe(element);

  return {
    element,

    /** @param {Curve[]} given @param {Axes} on */
    show(given, on) {
      axes = on;
      curves = given.map((curve, k) => ({ colour: COLOURS[k % COLOURS.length], ...curve }));
      legend.replaceChildren(
        ...curves.map(({ name, colour, dashed }) =>
          h(
            "button",
            {
              type: "button",
              class: "chart-name",
              "aria-pressed": String(!off.has(name)),
              dataset: { curve: name },
              onclick: () => {
                if (!off.delete(name)) off.add(name);
                legend
                  .querySelector(`[data-curve="${CSS.escape(name)}"]`)
                  ?.setAttribute("aria-pressed", String(!off.has(name)));
                draw();
              },
            },
            h("span", { class: dashed ? "chart-swatch dashed" : "chart-swatch", style: { color: colour } }),
            name,
          ),
        ),
      );
      draw();
    },

    /** Mark a place of the x axis; NaN for none. @param {number} x */
    mark(x) {
      marked = x;
      drawOver();
    },
  };
}
