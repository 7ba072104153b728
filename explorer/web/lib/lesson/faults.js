/** What is wrong with a lesson's file, as compilers say it: a line of text for each fault. */

import { lessonIn } from "./check.js";

/** @param {string} file its name, which begins each line @param {string} text @param {Record<string, string>} words of a language, by their keys @returns {string[]} */
export const faultsIn = (file, text, words) =>
  lessonIn(text, (key) => Object.hasOwn(words, key)).problems.map(
    ({ line, key, values }) => `${file}:${line}: ${words[key].replace(/\{(\w+)\}/g, (_, name) => values[name])}`,
  );
