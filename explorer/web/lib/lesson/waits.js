/** What a lesson's card can wait for: an act of the person, as the pages' state shows it afterwards. */

import { lastPhase, momentCount, operatorOf } from "../arithmetic.js";
import { withChoice, withOperator } from "../case.js";
import { walkTold } from "../case_link.js";
import { PRESETS } from "../presets.js";
import { largestOf } from "../numbers.js";
import { stepOf, walkOf } from "./world.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./world.js").Linked} Linked */
/** What is known of the state; `example`: the digit whose strokes are on the pad. @typedef {Partial<Linked> & { example?: string }} Known */
/**
 * `met`: whether it was done, from the world now and as it was when the card came up; `after`: what the act makes of the state, where that
 * follows from the state alone: a work sheet knows its numbers by it, and a lesson can be opened at any card.
 * @typedef {{ takes: import("./names.js").Takes, met: (now: World, before: World, ...args: string[]) => boolean, after?: (state: Linked, ...args: string[]) => Known }} Wait
 */

/** Something is done that the state does not show. @param {string} name @returns {Wait} */
const act = (name) => ({
  takes: [0, 0],
  met: (now, before) => (now.acts[name] ?? 0) > (before.acts[name] ?? 0),
});

/** The state of the drawing, once it was answered. @param {(input: import("../contract/draw.js").Drawing, before: World, ...args: string[]) => boolean} met @param {Wait["after"]} after @param {import("./names.js").Takes} [takes] @returns {Wait} */
const drawn = (met, after, takes = [0, 0]) => ({
  takes,
  after,
  met: (now, before, ...args) => now.observed !== null && met(now.observed.input, before, ...args),
});

/** Numbers of a walk without its step. @param {World} world */
const numbersOf = (world) => JSON.stringify(walkOf(world)?.given.tensors);

/** The control of an operator by its key. @param {import("../case.js").Case} given @param {string} key */
const partOf = (given, key) =>
  operatorOf(given)
    .settings.flatMap(({ parts }) => parts)
    .find((part) => part.key === key);

/** @param {Linked} state @param {(walk: import("./world.js").Walk) => { given: import("../case.js").Case, pass: string } | null} change @returns {Partial<Linked>} */
function walked(state, change) {
  const walk = walkOf({ state });
  const next = walk && change(walk);
  return next ? { walk: walkTold({ ...next, unit: "value", at: 0 }) ?? undefined } : {};
}

/** @type {Record<string, Wait>} */
export const WAITS = {
  /** A page is in front. */
  tab: { takes: [1, 1], met: ({ state }, _, name) => state.tab === name, after: (_, tab) => ({ tab }) },
  /** A model is explored, and is there. */
  model: {
    takes: [1, 1],
    met: ({ state, description }, _, name) => state.model === name && description?.name === name,
  },

  "draw.drawn": { ...act("draw"), after: () => ({ example: "3" }) },
  "draw.pointed": act("point"),
  "draw.played": act("play"),
  "draw.meant": act("meant"),
  /** A number was opened, of a step by its path or operation where one is named. */
  "draw.opened": {
    takes: [0, 1],
    met(now, before, name) {
      const { opened } = now;
      if (!opened || opened.place === before.opened?.place || opened.place.step < 0) return false;
      return name === undefined || stepOf(now, name)?.index === opened.place.step;
    },
  },
  /** A class's probability was opened: softmax, loss and p − y. */
  "draw.class": { takes: [0, 0], met: ({ opened }) => opened?.place.of === "class" },
  /** The drawing is read as a class. */
  "draw.read": {
    takes: [1, 1],
    after: (_, example) => ({ example }),
    met({ observed }, _, name) {
      if (!observed) return false;
      const { classes, probabilities } = observed.answer.prediction;
      return classes[probabilities.indexOf(largestOf(probabilities))] === name;
    },
  },
  /** All maps of a step are shown. */
  "draw.layer": { takes: [1, 1], met: (now, _, name) => now.state.layer === stepOf(now, name)?.index },
  "draw.raw": drawn(
    ({ centred }) => !centred,
    () => ({ centred: false }),
  ),
  "draw.centred": drawn(
    ({ centred }) => centred,
    () => ({ centred: true }),
  ),
  "draw.perturbed": drawn(
    ({ perturbation }) => Object.keys(perturbation ?? {}).length > 0,
    () => ({ perturbation: { right: 3 } }),
  ),
  "draw.unperturbed": drawn(
    ({ perturbation }) => Object.keys(perturbation ?? {}).length === 0,
    () => ({ perturbation: {} }),
  ),
  /** A class is taken for true; which one, where it is named. */
  "draw.label": drawn(
    ({ label }, _, name) => label !== null && (name === undefined || String(label) === name),
    (_, label) => (label === undefined ? {} : { label: Number(label) }),
    [0, 1],
  ),
  /** A step of gradient descent was taken. */
  "draw.stepped": drawn(
    ({ edits }, before) => edits.length > before.state.edits.length && edits.at(-1)?.kind === "sgd",
    undefined,
  ),
  "draw.changed": drawn(({ edits }, before) => edits.length > before.state.edits.length, undefined),
  "draw.undone": drawn(
    ({ edits }) => edits.length === 0,
    () => ({ edits: [] }),
  ),
  "draw.why": { takes: [0, 0], met: ({ state }) => state.why !== null },

  /** A part of the Arithmetic page is in front. */
  "arithmetic.section": {
    takes: [1, 1],
    met: ({ state }, _, name) => state.tab === "arithmetic" && state.section === name,
    after: (_, section) => ({ section }),
  },
  "arithmetic.preset": {
    takes: [1, 1],
    met: (now, _, name) => walkOf(now)?.given.preset === name,
    after: (_, preset) => ({ walk: { preset, pass: PRESETS[preset]?.pass } }),
  },
  "arithmetic.op": {
    takes: [1, 1],
    met: (now, _, name) => walkOf(now)?.given.op === name,
    after: (state, op) => walked(state, ({ given }) => ({ given: withOperator(given, op), pass: "forward" })),
  },
  "arithmetic.pass": {
    takes: [1, 1],
    met: (now, _, name) => walkOf(now)?.name === name,
    after: (state, pass) => walked(state, ({ given }) => ({ given, pass })),
  },
  /** A control has a value: `stride.rows,2`. */
  "arithmetic.set": {
    takes: [2, 2],
    met(now, _, key, value) {
      const given = walkOf(now)?.given;
      const part = given && partOf(given, key);
      return given !== undefined && part !== undefined && String(part.get(given)) === value;
    },
    after: (state, key, value) =>
      walked(state, ({ given, name }) => {
        const part = partOf(given, key);
        if (!part) return null;
        const wanted = {
          count: Number,
          number: Number,
          switch: (/** @type {string} */ on) => on === "true",
          choice: String,
        };
        return { given: withChoice(given, part, wanted[part.kind](value)), pass: name };
      }),
  },
  /** The walk went on, or was moved. */
  "arithmetic.stepped": {
    takes: [0, 0],
    met: (now, before) => walkOf(now)?.at !== walkOf(before)?.at && walkOf(now)?.name === walkOf(before)?.name,
  },
  /** The walk is at its last step. */
  "arithmetic.ended": {
    takes: [0, 0],
    met(now) {
      const walk = walkOf(now);
      if (!walk?.pass) return false;
      const unit = walk.unit === "product" ? "product" : "value";
      return walk.at === momentCount(walk.pass, unit) - 1 && lastPhase(walk.pass, walk.pass.count - 1) >= 0;
    },
  },
  /** A number of a matrix was changed. */
  "arithmetic.edited": { takes: [0, 0], met: (now, before) => numbersOf(now) !== numbersOf(before) },
  /** What the properties are shown on was changed: a number, the shift, the flip. */
  "properties.edited": {
    takes: [0, 0],
    met: (now, before) => JSON.stringify(now.state.signals) !== JSON.stringify(before.state.signals),
  },

  "kernels.preset": {
    takes: [1, 1],
    met: ({ state }, _, name) => state.kernelChain?.stages[state.kernelStage]?.preset === name,
  },
  "kernels.edited": {
    takes: [0, 0],
    met: ({ state }, before) =>
      state.kernelChain?.stages[state.kernelStage]?.preset === null && state.kernelChain !== before.state.kernelChain,
  },
  /** An output pixel is kept open. */
  "kernels.pixel": { takes: [0, 0], met: ({ state }) => state.kernelPixel !== null },
  "lab.opened": { takes: [0, 0], met: ({ state }) => state.lab !== null },
  /** A measurement of the speed lab is over. */
  "lab.measured": { takes: [0, 0], met: ({ measured }) => measured?.over === true },

  /** A starting point of a run is chosen. */
  "train.preset": {
    takes: [1, 1],
    met: (now, _, name) => /** @type {{ from?: string } | null} */ (now.state.form)?.from === name,
  },
  "train.started": act("train"),
  /** The run that was started last is over. */
  "train.ended": {
    takes: [0, 0],
    met: ({ telling, acts }) => (acts.train ?? 0) > 0 && telling !== null && telling.ended !== null,
  },
};
