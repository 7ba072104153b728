/**
 * The text of a lesson: numbers stand in it only by name, `{arithmetic.value[output,0]}`, and come from the page; so do the names of controls,
 * `{word train.start}`, by the key of the page's words.
 */

import { short } from "../numbers.js";

/** @typedef {import("./progress.js").Value} Value */

/** A place in a text: the reading's name, and after "|" how it is written: "%" as a percentage, a digit for that many significant ones. */
const PLACE = /\{([^{}|]+)(?:\|(%|[1-9]))?\}/g;

/** Significant digits of a number in a text. */
const DIGITS = 5;

/** What stands before the key of words of the page. */
const WORD = "word ";

/** The key that a place of a text names, null where it names a reading. @param {string} name */
export const keyIn = (name) => (name.startsWith(WORD) ? name.slice(WORD.length) : null);

/** The readings and words that a text names. @param {string} text */
export const readingsIn = (text) => [...text.matchAll(PLACE)].map(([, name]) => name);

/** What a text says of itself, without what it takes from the page. @param {string} text */
export const withoutReadings = (text) => text.replace(PLACE, "");

/** @param {Value | null} value @param {string} [form] */
export function written(value, form) {
  if (value === null) return "…";
  if (typeof value === "string") return value;
  if (form === "%") return `${short(100 * value, 4)} %`;
  return short(value, form ? Number(form) : DIGITS);
}

/** A text with the page's numbers and words in it. @param {string} text @param {(name: string) => Value | null} read @param {(key: string) => string} say */
export const filled = (text, read, say) =>
  text.replace(PLACE, (_, /** @type {string} */ name, /** @type {string | undefined} */ form) => {
    const key = keyIn(name);
    return key === null ? written(read(name), form) : say(key);
  });
