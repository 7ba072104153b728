/** An activation as a curve, with the number that came in on it: what it makes of larger and of smaller ones. */

import { numberOf } from "../lib/numbers.js";
import { FUNCTIONS } from "../lib/operators/activation.js";
import { createChart } from "../parts/chart.js";
import { fillWords, t } from "../parts/i18n.js";

/** How far the curve reaches at least, to both sides of 0. */
const REACH = 4;
const POINTS = 160;

/**
 * The curve of a value that an activation made of one number; null for other sums, and for activations that are set up (a slope).
 * @param {import("../lib/contract/draw.js").Summed} sum @param {string} operator its name on Arithmetic @param {string} op its own
 */
export function activationCurve(sum, operator, op) {
  const activation = FUNCTIONS[operator];
  const [input, output] = [numberOf(sum.reduced), numberOf(sum.shown)];
  if (!activation || activation.settings || sum.count !== 1 || !Number.isFinite(input) || !Number.isFinite(output))
    return null;
  const reach = Math.max(REACH, 1.25 * Math.abs(input));
  const points = Array.from({ length: POINTS + 1 }, (_, k) => {
    const x = reach * ((2 * k) / POINTS - 1);
    return /** @type {[number, number]} */ ([x, activation.value(x, {})]);
  });
  const chart = createChart({ label: "cell.curve", height: 150 });
  chart.element.classList.add("cell-curve");
  chart.show(
    [
      { name: op, points },
      { name: t("cell.curve.here"), points: [[input, output]], dots: true },
    ],
    { x: "x", y: "y" },
  );
  fillWords(chart.element);
  return chart.element;
}
