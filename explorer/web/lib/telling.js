/** What a training run told, gathered for the views: see `core/training/events.py` for the events. */

/** @typedef {[number, number]} Point  step, value */
/**
 * @typedef {{ step: number, epoch: number, validation: Score | null, activations: { name: string, units: number, dead: number[], mean: number, std: number }[] }} Kept
 * @typedef {{ pictures: number, loss: number | null, accuracy: number, confusion: number[][], wrong: [number, number, number, number][] }} Score
 * @typedef {{ started: any, batches: any[], epochs: any[], kept: Kept[], tested: { step: number, name: string, score: Score }[], rates: Point[], notes: string[], compiled: number | null, ended: any }} Telling
 */

/** @returns {Telling} */
export const nothing = () => ({
  started: null,
  batches: [],
  epochs: [],
  kept: [],
  tested: [],
  rates: [],
  notes: [],
  compiled: null,
  ended: null,
});

/** What is known after more events; nothing is changed in place. @param {Telling} telling @param {any[]} events @returns {Telling} */
export function heard(telling, events) {
  let now = { ...telling };
  for (const event of events) {
    if (event.event === "started") now.started = event;
    else if (event.event === "batch") now.batches = [...now.batches, event];
    else if (event.event === "epoch") now.epochs = [...now.epochs, event];
    else if (event.event === "checkpoint") now.kept = [...now.kept, event];
    else if (event.event === "tested") now.tested = [...now.tested, event];
    else if (event.event === "rate") now.rates = [...now.rates, [event.step, event.learning_rate]];
    else if (event.event === "note") now.notes = [...now.notes, event.text];
    else if (event.event === "compiled") now.compiled = event.seconds;
    else if (event.event === "ended") now.ended = event;
    else if (event.event === "resumed") now = without(now, event.step);
  }
  return now;
}

/** What a run that goes on after `step` does not take back. @param {Telling} telling @param {number} step @returns {Telling} */
function without(telling, step) {
  const before = (/** @type {{ step: number }} */ event) => event.step <= step;
  const { batches, epochs, kept, tested, rates } = telling;
  return {
    ...telling,
    batches: batches.filter(before),
    epochs: epochs.filter(before),
    kept: kept.filter(before),
    tested: tested.filter(before),
    rates: rates.filter(([at]) => at <= step),
    ended: null,
  };
}

const number = (/** @type {number | null} */ value) => value ?? NaN;

/** The curves of a run: training by batch, validation by checkpoint. @param {Telling} telling */
export function curvesOf({ batches, kept }) {
  const judged = kept.filter(({ validation }) => validation !== null);
  const points = (/** @type {any[]} */ events, /** @type {(event: any) => number | null} */ of) =>
    events.map((event) => /** @type {Point} */ ([event.step, number(of(event))]));
  return {
    loss: points(batches, (event) => event.loss),
    accuracy: points(batches, (event) => event.accuracy),
    rate: points(batches, (event) => event.learning_rate),
    heldLoss: points(judged, (event) => event.validation.loss),
    heldAccuracy: points(judged, (event) => event.validation.accuracy),
  };
}

/** The gradient's norm of each module, by step. @param {Telling} telling @returns {{ name: string, points: Point[] }[]} */
export function gradientsOf({ batches }) {
  const names = [...new Set(batches.flatMap((event) => Object.keys(event.gradient_norms)))];
  return names.map((name) => ({
    name,
    points: batches
      .filter((event) => name in event.gradient_norms)
      .map((event) => [event.step, number(event.gradient_norms[name])]),
  }));
}

/** A set's scores before and after: the first and the last that were told. @param {{ step: number, score: Score | null }[]} scores */
export function beforeAfter(scores) {
  const told = scores.filter(({ score }) => score !== null);
  return told.length ? { before: told[0], after: /** @type {any} */ (told.at(-1)) } : null;
}
