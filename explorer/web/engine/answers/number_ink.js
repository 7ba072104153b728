/** The ink as a value sees it: (x − x₀) · ∂value/∂x over the input (`number_ink` of explorer/draw/sources.py). */

import { gradientsFrom, INPUT } from "../network.js";
import { shownFor } from "../shown.js";
import { offsetOf, zeros } from "../tensor.js";
import { placeOf } from "./sources.js";
import { baselineOf } from "../prepare.js";
import { inkOf, mapBeside } from "./why.js";

/** @param {import("../shown.js").Library} library @param {import("../../lib/contract/draw.js").AtPlace} asked @returns {Promise<import("../../lib/contract/draw.js").NumberInk>} */
export async function numberInk(library, asked) {
  const shown = await shownFor(library, asked);
  const { trace } = shown;
  const place = placeOf(trace, asked);
  const ink = inkOf(shown);
  if (!place)
    return { ink, note: { reason: "no_layer", message: "only values that a step made are seen over the ink" } };
  const [step, cell] = place;
  const { shape } = trace.steps[step].output;
  const one = zeros(shape);
  one.data[offsetOf(shape, cell)] = 1;
  const slopes = gradientsFrom(trace, step, one).get(INPUT) ?? zeros(trace.input.shape);
  const baseline = baselineOf(shown.network, trace.input);
  const data = slopes.data.map((slope, k) => (trace.input.data[k] - baseline.data[k]) * slope);
  return { ink, ...mapBeside(baseline, trace.input, { shape: slopes.shape, data }) };
}
