/** What a lesson needs that not every place has which shows the pages: a folder of files measures nothing, and trains little. */

import { smallestOf } from "../numbers.js";
import { isTrained } from "../run_form.js";
import { thingOf } from "./names.js";
import { statesOf } from "./states.js";
import { readingsIn } from "./text.js";
import { WAITS } from "./waits.js";

/** @typedef {import("./check.js").Card} Card */
/** @typedef {import("./check.js").Lesson} Lesson */

/** Parts of the Train page that only a server answers: one's own handwriting. */
const BY_HAND = ["train.hand", "train.teach", "train.before"];

/** @typedef {import("../run_form.js").Told} Told */

/**
 * The pages that have to be there, the models, and what only a server does: measure speed (`lab`), or train what no browser trains (`train`).
 * @param {Lesson} lesson @returns {{ tabs: Set<string>, models: Set<string>, served: "lab" | "train" | null }}
 */
export function needsOf(lesson) {
  const cards = lesson.cards.filter(({ doors }) => !doors);
  const states = statesOf(lesson).flatMap(({ before, after }) => [before, after]);
  const forms = states.flatMap(({ form }) => (form ? [/** @type {Told} */ ({ from: "first", ...form })] : []));
  const trains = cards.some(({ at }) => at.startsWith("train."));
  const beyond = cards.some(({ at }) => BY_HAND.includes(at)) || !forms.every(isTrained);
  return {
    tabs: new Set([...states.map(({ tab }) => tab ?? "draw"), ...(trains ? ["train"] : [])]),
    models: new Set([...states, ...forms].flatMap(({ model }) => (model ? [model.replace(/:untrained$/, "")] : []))),
    served: cards.some(({ at }) => at.startsWith("lab.")) ? "lab" : beyond ? "train" : null,
  };
}

/** @param {Card} card */
const waitOf = ({ wait }) => (wait === undefined ? undefined : thingOf(WAITS, wait)?.thing);

/** Every number that a card says, asks for or keeps. @param {Card} card */
function readingsOf({ says, ask, because, keep = {} }) {
  const asked = !ask
    ? []
    : "choose" in ask
      ? ask.choose.flatMap(({ if: [left, , right] }) => [left, right])
      : Object.values(ask);
  return [...readingsIn(says.en), ...readingsIn(because?.en ?? ""), ...asked, ...Object.values(keep)].map(String);
}

/** The card, at or before one, whose act makes what a reading tells; −1 where none does. @param {Card[]} cards @param {number} at @param {string} reading @returns {number} */
function makerOf(cards, at, reading) {
  const kept = /^kept\[([^\]]+)\]$/.exec(reading)?.[1];
  if (kept !== undefined) {
    const keeper = cards.findIndex(({ keep }) => keep && Object.hasOwn(keep, kept));
    return keeper < 0 || keeper >= at ? -1 : makerOf(cards, keeper, String(cards[keeper].keep?.[kept]));
  }
  const place = reading.split(/[.[]/)[0];
  return cards.findLastIndex((card, k) => k < at && waitOf(card)?.makes === place);
}

/**
 * The card that a person has to begin with, because what this one speaks of was not made yet: a run or a measurement that a link to the card cannot bring; null where all is there.
 * @param {Lesson} lesson @param {number} at the card @param {import("./question.js").Read} read @param {import("./world.js").World} world @returns {number | null}
 */
export function lackOf({ cards }, at, read, world) {
  const makes = waitOf(cards[at])?.makes;
  const lacking = readingsOf(cards[at])
    .filter((reading) => read(reading) === null && !(makes && reading.startsWith(`${makes}.`)))
    .map((reading) => makerOf(cards, at, reading));
  const ends = waitOf(cards[at])?.ends;
  if (ends && !world.acts[ends]) lacking.push(makerOf(cards, at, ends));
  const found = lacking.filter((maker) => maker >= 0);
  if (!found.length) return null;
  const undrawn = cards.findIndex((card) => {
    const drawn = waitOf(card)?.makes === "hand" && thingOf(WAITS, card.wait);
    return drawn && !drawn.thing.met(world, world, ...drawn.args);
  });
  const first = smallestOf(found);
  return undrawn >= 0 && undrawn < first ? undrawn : first; // a run that learns drawings needs them
}
