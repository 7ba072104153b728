/** A formula with numbers, or other formulas, in the place of its letters; what this makes needless is left out. */

import { isSign, parsed, partsOf, rowOf, splitAt } from "./tree.js";
import { latexOf } from "./write.js";

/** @typedef {import("./tree.js").Formula} Formula */
/** A formula as `core` gives it. @typedef {{ latex: string, letters: Values }} Given */
/** What stands for a letter, by its LaTeX: a number, a formula in LaTeX, or null where an index is left out. @typedef {Record<string, number | string | null>} Values */

const RELATIONS = ["=", "<", ">", "≤", "≥", "←", "∈", "+="];
const isNumber = (/** @type {Formula | undefined} */ part, /** @type {number} */ value) =>
  part?.kind === "number" && Number(part.text) === value;
/** @param {number} value @returns {Formula} */
const number = (value) => ({ kind: "number", text: String(value), latex: String(value) });
/** @param {string} text @returns {Formula} */
const sign = (text) => ({ kind: "sign", text, latex: text === "−" ? "-" : text });

/** The formula of a step. @param {Given} given */
export const formulaOf = ({ latex, letters }) => filled(parsed(latex), letters);

/** @param {Formula} formula @param {Values} values @returns {Formula} */
export const filled = (formula, values) =>
  replaced(formula, Object.fromEntries(Object.entries(values).map(([key, value]) => [latexOf(parsed(key)), value])));

/** @param {Formula} formula @param {Values} values by LaTeX as it is written here @returns {Formula} */
function replaced(formula, values) {
  const value = values[latexOf(formula)];
  if (value !== undefined && value !== null) return parsed(String(value));
  const inside = (/** @type {Formula} */ part) => replaced(part, values);
  switch (formula.kind) {
    case "row":
      return simplified(formula.parts.map((part, k) => asFactor(inside(part), part, k, formula.parts)));
    case "scripts": {
      const { base, sub, sup } = formula;
      const indexed = sub && sup && values[latexOf({ ...formula, sup: null })];
      if (indexed) return { kind: "scripts", base: parsed(String(indexed)), sub: null, sup: inside(sup) };
      const [kept, index] = [inside(base), sub && indexOf(sub, values)];
      if (base.kind === "big" && !index) return { kind: "row", parts: [] };
      return index || sup ? { kind: "scripts", base: kept, sub: index, sup: sup && inside(sup) } : kept;
    }
    case "fraction": {
      const [above, below] = [inside(formula.above), inside(formula.below)];
      return isNumber(below, 1) ? above : { kind: "fraction", above, below };
    }
    case "root":
    case "accent":
      return { ...formula, of: inside(formula.of) };
    case "fence": {
      const of = inside(formula.of);
      return partsOf(of).length === 1 && partsOf(formula.of).length > 1 && formula.open === "("
        ? of
        : { ...formula, of };
    }
    case "cases":
      return { kind: "cases", rows: formula.rows.map((row) => row.map(inside)) };
    default:
      return formula;
  }
}

/** What stands for a letter, in brackets where it is longer than that and a factor. @param {Formula} found @param {Formula} letter @param {number} k @param {Formula[]} parts @returns {Formula} */
function asFactor(found, letter, k, parts) {
  const multiplied = [parts[k - 1], parts[k + 1]].some((beside) => beside?.kind === "times");
  return multiplied && partsOf(found).length > 1 && partsOf(letter).length === 1 && letter.kind !== "fence"
    ? { kind: "fence", open: "(", close: ")", of: found }
    : found;
}

/** An index without the letters that are left out, null where none remains. @param {Formula} index @param {Values} values @returns {Formula | null} */
function indexOf(index, values) {
  const kept = splitAt(partsOf(index), (part) => isSign(part, ","))
    .map((parts) => replaced(rowOf(parts), values))
    .map((part) => (part.kind === "fence" && part.open === "(" ? part.of : part))
    .filter((part) => values[latexOf(part)] !== null);
  return kept.length ? rowOf(kept.flatMap((part, k) => (k ? [sign(","), part] : [part]))) : null;
}

/** Parts beside one another without 1 · and + 0. @param {Formula[]} given @returns {Formula} */
function simplified(given) {
  const parts = given.flatMap(partsOf);
  /** @type {Formula[]} */
  const written = [];
  /** @type {Formula[]} */
  let sum = [];
  const end = () => {
    written.push(...summed(sum));
    sum = [];
  };
  for (const part of parts) {
    if (part.kind === "gap" || isSign(part, ",", ";", ...RELATIONS)) {
      end();
      written.push(part);
    } else sum.push(part);
  }
  end();
  return rowOf(written);
}

/** A sum without terms of 0 and brackets that need not be, its whole numbers added up. @param {Formula[]} parts @returns {Formula[]} */
function summed(parts) {
  if (!parts.length) return [];
  const kept = termsOf(parts);
  if (!kept.length) return [number(0)];
  return added(kept).flatMap(({ minus, factors }, k) => [...(minus ? [sign("−")] : k ? [sign("+")] : []), ...factors]);
}

/** @typedef {{ minus: boolean, factors: Formula[] }} Term */

/** The terms of a sum that are not 0, those in brackets that are added to others among them. @param {Formula[]} parts @returns {Term[]} */
function termsOf(parts) {
  /** @type {Term[]} */
  const terms = [{ minus: false, factors: [] }];
  for (const part of parts) {
    const last = terms[terms.length - 1];
    if (!isSign(part, "+", "−")) last.factors.push(part);
    else if (last.factors.length) terms.push({ minus: isSign(part, "−"), factors: [] });
    else last.minus = last.minus !== isSign(part, "−");
  }
  return terms
    .map(({ minus, factors }) => positive({ minus, factors: multiplied(factors) }))
    .filter(({ factors }) => !isNumber(factors[0], 0))
    .flatMap((term) => {
      const [first, ...more] = term.factors;
      const opens = first.kind === "fence" && first.open === "(" && !more.length && !term.minus && terms.length > 1;
      return opens ? termsOf(partsOf(first.of)) : [term];
    });
}

/** A term without a first factor below 0: its sign is the term's. @param {Term} term @returns {Term} */
function positive({ minus, factors: [first, ...more] }) {
  const inside = first.kind === "fence" && first.open === "(" ? partsOf(first.of) : [];
  return inside.length === 2 && isSign(inside[0], "−")
    ? { minus: !minus, factors: [inside[1], ...more] }
    : { minus, factors: [first, ...more] };
}

/** Terms whose whole numbers are one number, where the first of them stood. @param {Term[]} terms @returns {Term[]} */
function added(terms) {
  const valueOf = (/** @type {Term} */ { minus, factors: [first, ...more] }) =>
    more.length || first.kind !== "number" ? null : (minus ? -1 : 1) * Number(first.text);
  const whole = terms.filter((term) => Number.isInteger(valueOf(term)));
  if (whole.length < 2) return terms;
  const total = whole.reduce((sum, term) => sum + Number(valueOf(term)), 0);
  return terms
    .map((term) => (term === whole[0] ? { minus: total < 0, factors: [number(Math.abs(total))] } : term))
    .filter((term) => !whole.includes(term) && !isNumber(term.factors[0], 0));
}

/** A product without factors of 1; 0 where one is 0. @param {Formula[]} factors @returns {Formula[]} */
function multiplied(factors) {
  const pieces = splitAt(factors, ({ kind }) => kind === "times");
  if (pieces.length > 1 && pieces.some((piece) => piece.length === 1 && isNumber(piece[0], 0))) return [number(0)];
  const kept = pieces
    .map((piece) =>
      isSign(piece[piece.length - 2], "/") && isNumber(piece[piece.length - 1], 1) ? piece.slice(0, -2) : piece,
    )
    .filter((piece) => pieces.length === 1 || piece.length !== 1 || !isNumber(piece[0], 1));
  if (!kept.length) return [number(1)];
  return kept.flatMap((piece, k) => (k ? [/** @type {Formula} */ ({ kind: "times" }), ...piece] : piece));
}
