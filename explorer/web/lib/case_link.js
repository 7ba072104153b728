/** A walk through one operator as it travels in a link: its numbers, settings, pass, step. Whatever is read is checked. */

import { fitting, operatorOf, OPERATORS, passesOf, refusalOf, resultOf } from "./arithmetic.js";
import { numbersIn, oneOf, wholeIn } from "./decode.js";
import { size } from "./visits.js";
import { PRESETS, presetCase } from "./presets.js";

/** @typedef {import("./case.js").Case} Case */
/** @typedef {{ given: Case, pass: string, unit: import("./arithmetic.js").Unit, at: number }} Walked */

/** Largest whole number of a setting, most elements of a tensor, and most products of all passes together. */
const [LARGEST, MOST_ELEMENTS, MOST_PRODUCTS] = [64, 6000, 400_000];

/** Characters of what a sent element is called. */
const LONGEST_NAME = 200;

/** The example that the page begins with. */
export const FIRST = "edge";

/** What a link says, null for what the page begins with; an example that nobody changed is said by its name. @param {Walked} walked */
export function walkTold({ given: { op, settings, tensors, preset, origin }, pass, unit, at }) {
  if (preset === FIRST && pass === PRESETS[FIRST].pass && unit === "value" && at === 0) return null;
  const numbers = preset
    ? { preset }
    : {
        op,
        settings,
        tensors: Object.fromEntries(
          Object.entries(tensors).map(([name, { shape, values }]) => [name, [shape, values]]),
        ),
      };
  return {
    ...numbers,
    ...(origin ? { origin } : {}),
    pass,
    ...(unit === "value" ? {} : { unit }),
    ...(at ? { at } : {}),
  };
}

/** @param {any} told @returns {Walked} @throws {Error} what was expected and what came */
export function walkHeard(told) {
  const given =
    told.preset === undefined ? caseHeard(told) : presetCase(oneOf(told.preset, "preset", Object.keys(PRESETS)));
  const passes = refusalOf(given) ? {} : passesOf(given);
  const work = Object.values(passes).reduce(
    (all, { count, taps }) =>
      all + (typeof taps === "number" ? count * taps : taps.reduce((sum, each) => sum + each, 0)),
    0,
  );
  if (work > MOST_PRODUCTS) throw new Error(`the walk has ${work} products, at most ${MOST_PRODUCTS} are walked`);
  for (const [name, pass] of Object.entries(passes)) {
    for (const { values } of Object.values(resultOf(pass)))
      if (values.some(Number.isNaN)) throw new Error(`the tensors do not fit together: ${name} has no value`);
  }
  return {
    given,
    pass: refusalOf(given) ? "forward" : oneOf(told.pass ?? "forward", "pass", Object.keys(passes)),
    unit: oneOf(told.unit ?? "value", "unit", ["value", "product"]),
    at: wholeIn(told.at ?? 0, "at", 0, MOST_PRODUCTS),
  };
}

/** @param {any} told @returns {Case} */
function caseHeard(told) {
  const op = oneOf(told.op, "op", Object.keys(OPERATORS));
  const usual = operatorOf({ op }).begin(null);
  const settings = { ...usual.settings };
  for (const [name, value] of Object.entries(told.settings ?? {})) {
    if (!Object.hasOwn(settings, name)) throw new Error(`${op} has no setting ${name}`);
    settings[name] = settingHeard(value, name, settings[name]);
  }
  const tensors = { ...usual.tensors };
  for (const [name, [shape, values]] of Object.entries(told.tensors ?? {})) {
    const rank = tensors[name]?.shape.length;
    if (rank === undefined) throw new Error(`${op} has no tensor ${name}`);
    const sizes = numbersIn(shape, `shape of ${name}`, rank, rank).map((extent) =>
      wholeIn(extent, `shape of ${name}`, 1, MOST_ELEMENTS),
    );
    const count = size(sizes);
    if (count > MOST_ELEMENTS) throw new Error(`${name} has ${count} elements, at most ${MOST_ELEMENTS} are walked`);
    tensors[name] = { shape: sizes, values: numbersIn(values, name, count, count) };
  }
  const given = { op, settings, tensors, preset: null, origin: told.origin ? originHeard(told.origin) : null };
  for (const { parts } of operatorOf(given).settings) {
    for (const { key, kind, options, get } of parts)
      if (kind === "choice") oneOf(get(given), key, /** @type {string[]} */ (options?.(given)));
  }
  return fitting(given);
}

/** @param {any} told @returns {import("./case.js").Origin} */
function originHeard({ name, left }) {
  if (typeof name !== "string" || name.length > LONGEST_NAME)
    throw new Error(`origin is ${JSON.stringify(name)}, expected a name`);
  if (left === null) return { name, left };
  return {
    name,
    left: {
      count: wholeIn(left.count, "count", 1, Number.MAX_SAFE_INTEGER),
      sum: numbersIn([left.sum], "sum", 1, 1)[0],
    },
  };
}

/** A setting of the kind of the usual one; texts are names that controls offer. @param {any} value @param {string} name @param {any} usual */
function settingHeard(value, name, usual) {
  if (Array.isArray(value)) return numbersIn(value, name, 2, 2).map((each) => wholeIn(each, name, 0, LARGEST));
  if (
    typeof value === "string" &&
    /^[A-Za-z]{1,20}$/.test(value) &&
    (typeof usual === "string" || Array.isArray(usual))
  )
    return value;
  if (
    typeof value !== typeof usual ||
    !["number", "boolean"].includes(typeof value) ||
    (typeof value === "number" && !(Math.abs(value) <= 1e6))
  ) {
    throw new Error(`${name} is ${JSON.stringify(value)}, expected something like ${JSON.stringify(usual)}`);
  }
  return value;
}
