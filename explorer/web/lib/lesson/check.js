/** Whether a lesson can be gone through, and what is wrong with it, line by line. */

import { readLink } from "../link.js";
import { readJson, Unreadable } from "./json_lines.js";
import { named, thingOf } from "./names.js";
import { RELATIONS } from "./question.js";
import { READINGS } from "./readings.js";
import { TARGETS } from "./targets.js";
import { keyIn, readingsIn, withoutReadings } from "./text.js";
import { WAITS } from "./waits.js";

/** @typedef {import("./question.js").Said} Said */
/** @typedef {import("./question.js").Ask} Ask */
/** Parts of a link by their names: texts, or what is written as JSON. @typedef {Record<string, unknown>} Open */
/**
 * One card. `open`: the state of the pages that it begins with; `at`: what it stands beside; `wait`: the act that it waits for; `ask`: a question, which `because` explains
 * once it was answered, and `then`, the act that shows the answer; `keep`: readings as they are before the act, by a name, for this card's question and later cards; `doors`: where to go from here.
 * @typedef {{ says: Said, at: string, open?: Open, wait?: string, ask?: Ask, then?: Said, because?: Said, keep?: Record<string, string>, doors?: { says: Said, open: Open }[] }} Card
 */
/** `flows`: a card makes way for the next as soon as its act is done, in a line on the page itself. @typedef {{ title: Said, about: Said, minutes: number, flows?: boolean, cards: Card[] }} Lesson */
/** What is wrong: a key of the page's words, and what stands in its places. @typedef {{ line: number, key: string, values: Record<string, string> }} Problem */

/** Largest lesson that is read, bytes; the server sends no larger one (`LARGEST` in explorer/learn/page.py). */
export const LARGEST = 200_000;

/** What is wrong with a file that is larger. @returns {Problem} */
const tooLarge = () => ({ line: 1, key: "lessons.check.large", values: { most: String(LARGEST / 1000) } });

const LANGUAGES = /** @type {const} */ (["en", "zh"]);
const OF_LESSON = ["title", "about", "minutes", "flows", "cards"];
const OF_CARD = ["says", "at", "open", "wait", "ask", "then", "because", "keep", "doors"];
const OF_CHOICE = ["text", "if"];

/** A digit that is no part of a name, such as the 18 of ResNet18. */
const NUMBER = /(?<![A-Za-z\d])\d/;

/** The link of what a card opens. @param {Open} open */
export const linkOf = (open) =>
  `#${new URLSearchParams(
    Object.entries(open).map(([part, value]) => [part, typeof value === "string" ? value : JSON.stringify(value)]),
  )}`;

/** @typedef {(string | number)[]} Path */
/** Says what is wrong at a place; `knows`: whether a key is one of the page's words. @typedef {((path: Path, key: string, values?: Record<string, string>) => void) & { knows: (key: string) => boolean }} Tell */
/** @typedef {Record<string, unknown>} Fields */

/** @param {unknown} value @returns {value is Fields} */
const isFields = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {Fields} given @param {string[]} known @param {Path} path @param {Tell} tell */
function checkNames(given, known, path, tell) {
  for (const name of Object.keys(given))
    if (!known.includes(name)) tell([...path, name], "lessons.check.unknown", { name, known: known.join(", ") });
}

/** @param {unknown} said @param {Path} path @param {Tell} tell */
function checkText(said, path, tell) {
  if (!isFields(said)) return tell(path, "lessons.check.text", { name: String(path.at(-1)) });
  for (const language of LANGUAGES) {
    const text = said[language];
    if (typeof text !== "string" || !text.trim()) {
      tell(path, "lessons.check.language", { name: String(path.at(-1)), language });
      continue;
    }
    const rest = withoutReadings(text);
    if (NUMBER.test(rest))
      tell([...path, language], "lessons.check.number", { number: rest.slice(rest.search(NUMBER)).slice(0, 12) });
    for (const name of readingsIn(text)) checkReading(name, [...path, language], tell);
  }
  checkNames(said, [...LANGUAGES], path, tell);
  const [english, chinese] = LANGUAGES.map((language) =>
    [...new Set(readingsIn(String(said[language] ?? "")))].sort().join(" "),
  );
  if (said.en && said.zh && english !== chinese) tell(path, "lessons.check.places", { english, chinese });
}

/** @param {unknown} name @param {Path} path @param {Tell} tell */
function checkReading(name, path, tell) {
  const key = keyIn(String(name));
  if (key !== null) {
    if (!tell.knows(key)) tell(path, "lessons.check.word", { name: key });
  } else checkThing(READINGS, name, "lessons.check.reading", path, tell);
}

/** A name of one of some things; where only what stands in its brackets is wrong, what may stand there is said. @param {Record<string, { takes: import("./names.js").Takes, of?: import("./known.js").Known }>} things @param {unknown} name @param {string} key @param {Path} path @param {Tell} tell */
function checkThing(things, name, key, path, tell) {
  if (thingOf(things, name)) return;
  const found = named(name);
  const of = found && Object.hasOwn(things, found.name) ? things[found.name].of?.() : undefined;
  if (found && of && !of.includes(found.args[0]))
    tell(path, "lessons.check.takes", { name: found.name, known: of.join(", ") });
  else tell(path, key, { name: String(name ?? "") });
}

/** @param {unknown} condition @param {Path} path @param {Tell} tell */
function checkCondition(condition, path, tell) {
  if (!Array.isArray(condition) || condition.length !== 3 || !RELATIONS.includes(condition[1]))
    return tell(path, "lessons.check.condition", { relations: RELATIONS.join(" ") });
  checkReading(condition[0], [...path, 0], tell);
  if (typeof condition[2] !== "number") checkReading(condition[2], [...path, 2], tell);
}

/** @param {unknown} ask @param {Path} path @param {Tell} tell */
function checkAsk(ask, path, tell) {
  const [kind, ...more] = isFields(ask) ? Object.keys(ask) : [];
  if (!isFields(ask) || more.length || !["number", "sign", "choose"].includes(kind))
    return tell(path, "lessons.check.ask");
  if (kind !== "choose") return checkReading(ask[kind], [...path, kind], tell);
  const choices = ask.choose;
  if (!Array.isArray(choices) || choices.length < 2) return tell([...path, kind], "lessons.check.choices");
  choices.forEach((choice, k) => {
    const place = [...path, kind, k];
    if (!isFields(choice)) return tell(place, "lessons.check.choices");
    checkNames(choice, OF_CHOICE, place, tell);
    checkText(choice.text, [...place, "text"], tell);
    checkCondition(choice.if, [...place, "if"], tell);
  });
}

/** @param {unknown} open @param {Path} path @param {Tell} tell */
function checkOpen(open, path, tell) {
  if (!isFields(open)) return tell(path, "lessons.check.open");
  for (const part of Object.keys(open))
    if (readLink(linkOf({ [part]: open[part] })).ignored.length) tell([...path, part], "lessons.check.part", { part });
}

/** @param {unknown} card @param {Path} path @param {Tell} tell */
function checkCard(card, path, tell) {
  if (!isFields(card)) return tell(path, "lessons.check.card");
  checkNames(card, OF_CARD, path, tell);
  checkText(card.says, [...path, "says"], tell);
  checkThing(TARGETS, card.at, "lessons.check.target", [...path, "at"], tell);
  if ("wait" in card) checkThing(WAITS, card.wait, "lessons.check.wait", [...path, "wait"], tell);
  if ("open" in card) checkOpen(card.open, [...path, "open"], tell);
  if ("ask" in card) {
    checkAsk(card.ask, [...path, "ask"], tell);
    checkText(card.because, [...path, "because"], tell);
    if ("wait" in card) checkText(card.then, [...path, "then"], tell);
  } else if ("because" in card || "then" in card) tell(path, "lessons.check.noask");
  if (isFields(card.keep))
    for (const [name, reading] of Object.entries(card.keep)) {
      if (!named(`kept[${name}]`)) tell([...path, "keep", name], "lessons.check.name", { name });
      checkReading(reading, [...path, "keep", name], tell);
    }
  if (Array.isArray(card.doors))
    card.doors.forEach((door, k) => {
      if (!isFields(door)) return tell([...path, "doors", k], "lessons.check.card");
      checkText(door.says, [...path, "doors", k, "says"], tell);
      checkOpen(door.open, [...path, "doors", k, "open"], tell);
    });
}

/** Numbers that no card before this one keeps. @param {Fields[]} cards @param {Tell} tell */
function checkKept(cards, tell) {
  const kept = new Set();
  cards.forEach((card, k) => {
    const own = isFields(card.keep) ? Object.keys(card.keep) : [];
    for (const [, name] of JSON.stringify(card).matchAll(/kept\[([\w.:-]+)\]/g))
      if (!kept.has(name) && !own.includes(name)) {
        tell(["cards", k], "lessons.check.kept", { name });
        kept.add(name); // said once
      }
    for (const name of own) kept.add(name);
  });
}

/** @param {string | null} text of the file, null where it is too large to be read @param {(key: string) => boolean} knows whether a key is one of the page's words @returns {{ lesson: Lesson, problems: [] } | { lesson: null, problems: Problem[] }} */
export function lessonIn(text, knows) {
  if (text === null || new TextEncoder().encode(text).length > LARGEST) return { lesson: null, problems: [tooLarge()] };
  /** @type {Problem[]} */
  const problems = [];
  try {
    const { value, lineOf } = readJson(text);
    const tell = Object.assign(
      (/** @type {Path} */ path, /** @type {string} */ key, /** @type {Record<string, string>} */ values = {}) => {
        problems.push({ line: lineOf(...path), key, values });
      },
      { knows },
    );
    if (!isFields(value)) tell([], "lessons.check.lesson");
    else {
      checkNames(value, OF_LESSON, [], tell);
      checkText(value.title, ["title"], tell);
      checkText(value.about, ["about"], tell);
      if (!(typeof value.minutes === "number" && value.minutes > 0)) tell(["minutes"], "lessons.check.minutes");
      if (!Array.isArray(value.cards) || !value.cards.length) tell(["cards"], "lessons.check.cards");
      else {
        value.cards.forEach((card, k) => checkCard(card, ["cards", k], tell));
        checkKept(value.cards.filter(isFields), tell);
      }
      if (!problems.length) return { lesson: /** @type {Lesson} */ (/** @type {unknown} */ (value)), problems: [] };
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    problems.push({ line: error.line, key: "lessons.check.json", values: {} });
  }
  return { lesson: null, problems: problems.sort((a, b) => a.line - b.line) };
}
