/**
 * Pictures to choose an input from, those of MNIST that were published or what a run of this browser holds back: by class, or what a network
 * gets wrong. The twin of `explorer/draw/gallery.py`.
 */

import { toBase64 } from "../encode.js";
import { run, scoresOf } from "../network.js";
import { Refused } from "../place.js";
import { largestOf } from "../../lib/numbers.js";
import { feeding, pick } from "./pictures.js";
import { together } from "./training.js";
import { turn } from "./turn.js";

/** @typedef {import("../network.js").Network} Network */
/** @typedef {import("./sheet.js").Named} Named */
/** Labelled pictures with the words for their labels. @typedef {{ pictures: Named, classes: string[] }} Collection */
/** What a network says of the pictures so far: `guesses`, −1 where it was not asked yet; `done`: how many were judged, from the first on. @typedef {{ guesses: Int16Array, done: number, problem: Error | null }} Verdicts */
/** @typedef {import("../../lib/contract/draw.js").BrowseRequest} BrowseRequest */
/** @typedef {import("../../lib/contract/draw.js").Pictures} Page */

/** Pictures that are shown at once. */
const PER_PAGE = 60;
/** Pictures that a network is asked about at once: others may ask between them. */
const BATCH = 50;

/** Ask a network about every picture, a few at a time. @param {Network} network @param {Collection} found @param {Verdicts} verdicts */
async function judge({ facts, ...network }, { pictures, classes }, verdicts) {
  const count = network.card.classes.length;
  if (network.card.classes.join() !== classes.join())
    throw new Refused(`${facts.name} tells other things apart`, "told.gallery.classes", { model: String(facts.name) });
  const feed = feeding(network.card, pictures);
  for (let first = 0; first < pictures.labels.length; first = verdicts.done) {
    const chosen = Array.from({ length: Math.min(BATCH, pictures.labels.length - first) }, (_, k) => first + k);
    const { data } = scoresOf(run(together({ facts, ...network }, chosen.length), feed(chosen)));
    for (const [row, k] of chosen.entries()) {
      const z = data.subarray(row * count, (row + 1) * count);
      verdicts.guesses[k] = z.indexOf(largestOf(z));
    }
    verdicts.done = first + chosen.length;
    await turn();
  }
}

/**
 * @param {{ library: import("../shown.js").Library, examples: () => Promise<Named>, held: (run: string) => Promise<Collection> }} place
 *   `held`: what a run holds back
 */
export function createGallery({ library, examples, held }) {
  /** By network and run. @type {Map<string, Verdicts>} */
  const known = new Map();

  /** @param {string} name @returns {Promise<Collection>} */
  async function collection(name) {
    return name ? held(name) : { pictures: await examples(), classes: Array.from("0123456789") };
  }

  /** What is known of a network's guesses; the first call starts asking it about every picture. @param {string} key @param {string} model @param {Collection} found */
  function judged(key, model, found) {
    const its = known.get(key);
    if (its && !its.problem) return its;
    /** @type {Verdicts} */
    const verdicts = { guesses: new Int16Array(found.pictures.labels.length).fill(-1), done: 0, problem: null };
    known.set(key, verdicts);
    void library(model)
      .then((network) => judge(network, found, verdicts))
      .catch((error) => (verdicts.problem = error));
    return verdicts;
  }

  return {
    /** @param {BrowseRequest} asked @returns {Promise<Page>} */
    async browse({ model, run: name, label, wrong, first }) {
      const found = await collection(name);
      const { pictures, classes } = found;
      const key = JSON.stringify([model, name]);
      const before = known.get(key);
      if (wrong && before?.problem) throw before.problem;
      const verdicts = wrong ? judged(key, model, found) : before;
      const all = Array.from(pictures.labels.keys());
      const chosen = all.filter((k) => {
        const own = label === null || pictures.labels[k] === label;
        const guess = verdicts?.guesses[k] ?? -1;
        return own && (!wrong || (guess >= 0 && guess !== pictures.labels[k]));
      });
      const page = chosen.slice(first, first + PER_PAGE);
      return {
        total: chosen.length,
        first,
        perPage: PER_PAGE,
        size: all.length,
        judged: verdicts?.done ?? 0,
        indices: page.map((k) => pictures.indices[k]),
        labels: page.map((k) => pictures.labels[k]),
        guesses: verdicts ? page.map((k) => verdicts.guesses[k]) : null,
        classes,
        side: pictures.side,
        channels: 1,
        data: toBase64(pick(pictures, page).bytes),
      };
    },

    /** One of MNIST's test pictures, by its place there. @param {{ digit: number }} asked @returns {Promise<{ label: number, data: string }>} */
    async test_picture({ digit }) {
      const pictures = await examples();
      const k = pictures.indices.indexOf(digit);
      if (k < 0) throw new Refused(`picture ${digit} of MNIST did not come along`, "engine.digit", { index: digit });
      const { labels, bytes } = pick(pictures, [k]);
      return { label: labels[0], data: toBase64(bytes) };
    },
  };
}
