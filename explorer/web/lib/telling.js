/** What a training run told, gathered for the views: see `core/training/events.py` for the events. */

/** @typedef {[number, number]} Point  step, value */
/** @typedef {import("./contract/train.js").Event} Event */
/** @typedef {import("./contract/train.js").Batch} Batch */
/** @typedef {import("./contract/train.js").Checkpoint} Kept */
/** @typedef {import("./contract/train.js").Score} Score */
/**
 * @typedef {{
 *   started: import("./contract/train.js").Started | null, batches: Batch[], epochs: import("./contract/train.js").Epoch[], kept: Kept[],
 *   tested: import("./contract/train.js").Tested[], rates: Point[], notes: string[], compiled: number | null,
 *   ended: import("./contract/train.js").Ended | null,
 * }} Telling
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

/** A run that told more batches than this since it was read is read anew: the server thins what is long. */
const MOST_BATCHES = 2000;

/**
 * What is known of a run that is read again and again. `since`: where the next reading begins; `every`: how many batches each of
 * the first reading stands for; `over`: it was read after it had ended.
 * @typedef {{ telling: Telling, since: number, every: number, over: boolean }} Followed
 */

/** Of a run that was not read yet. @returns {Followed} */
export const unread = () => ({ telling: nothing(), since: 0, every: 1, over: false });

/** Where the next reading of a run begins. @param {Followed} followed */
export const sinceOf = ({ telling, since }) => (telling.batches.length > MOST_BATCHES ? 0 : since);

/** What is known after a reading from `since` on. @param {Followed} before @param {number} since @param {import("./contract/train.js").Reading} reading @param {boolean} over @returns {Followed} */
export const followed = (before, since, { events, next, every }, over) =>
  since
    ? { telling: heard(before.telling, events), since: next, every: before.every, over }
    : { telling: heard(nothing(), events), since: next, every, over };

/** What is known after more events; nothing is changed in place. @param {Telling} telling @param {Event[]} events @returns {Telling} */
export function heard(telling, events) {
  const { batches, epochs, kept, tested, rates, notes } = telling;
  let now = {
    ...telling,
    batches: [...batches],
    epochs: [...epochs],
    kept: [...kept],
    tested: [...tested],
    rates: [...rates],
    notes: [...notes],
  };
  for (const event of events) {
    if (event.event === "resumed") now = without(now, event.step);
    else take(now, event);
  }
  return now;
}

/** @param {Telling} now lists that are this one's own @param {Event} event */
function take(now, event) {
  if (event.event === "started") now.started = event;
  else if (event.event === "batch") now.batches.push(event);
  else if (event.event === "epoch") now.epochs.push(event);
  else if (event.event === "checkpoint") now.kept.push(event);
  else if (event.event === "tested") now.tested.push(event);
  else if (event.event === "rate") now.rates.push([event.step, event.learning_rate]);
  else if (event.event === "note") now.notes.push(event.text);
  else if (event.event === "compiled") now.compiled = event.seconds;
  else if (event.event === "ended") now.ended = event;
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
  const judged = kept.flatMap(({ step, validation }) => (validation ? [{ step, ...validation }] : []));
  return {
    loss: pointsOf(batches, (event) => event.loss),
    accuracy: pointsOf(batches, (event) => event.accuracy),
    rate: pointsOf(batches, (event) => event.learning_rate),
    heldLoss: pointsOf(judged, (score) => score.loss),
    heldAccuracy: pointsOf(judged, (score) => score.accuracy),
  };
}

/** @template {{ step: number }} E @param {E[]} events @param {(event: E) => number | null} of @returns {Point[]} */
const pointsOf = (events, of) => events.map((event) => [event.step, number(of(event))]);

/** The gradient's norm of each module, by step. @param {Telling} telling @returns {{ name: string, points: Point[] }[]} */
export function gradientsOf({ batches }) {
  const names = new Set(batches.flatMap(({ gradient_norms: norms }) => Object.keys(norms)));
  return [...names].map((name) => ({
    name,
    points: pointsOf(
      batches.filter(({ gradient_norms: norms }) => name in norms),
      ({ gradient_norms: norms }) => norms[name],
    ),
  }));
}

/**
 * A set's scores before and after: the first and the last that were told.
 * @param {{ step: number, score: Score | null }[]} scores
 */
export function beforeAfter(scores) {
  const told = scores.flatMap(({ step, score }) => (score ? [{ step, score }] : []));
  return told.length ? { before: told[0], after: told[told.length - 1] } : null;
}
