/** How a lesson names things of the page: `arithmetic.value[output,0]`, a name and what it takes. */

/** What a name takes: at least and at most so many. @typedef {[number, number]} Takes */
/** @typedef {{ name: string, args: string[] }} Named */

const NAME = /^([a-z]+(?:\.[a-z]+)*)(?:\[([\w.:-]+(?:,[\w.:-]+)*)\])?$/;

/** @param {unknown} text @returns {Named | null} null where it is no name */
export function named(text) {
  const parts = typeof text === "string" ? NAME.exec(text) : null;
  return parts && { name: parts[1], args: parts[2]?.split(",") ?? [] };
}

/**
 * What a text names among some things, and what it gives it; null where there is no such thing, or it takes more, less or something else: `of`, the names that come first.
 * @template {{ takes: Takes, of?: import("./known.js").Known }} T @param {Record<string, T>} known @param {unknown} text @returns {{ thing: T, args: string[] } | null}
 */
export function thingOf(known, text) {
  const found = named(text);
  if (!found || !Object.hasOwn(known, found.name)) return null;
  const thing = known[found.name];
  const [least, most] = thing.takes;
  const [first] = found.args;
  const knows = first === undefined || !thing.of || thing.of().includes(first);
  return knows && found.args.length >= least && found.args.length <= most ? { thing, args: found.args } : null;
}
