/** Questions whose right answer is the page's number: what is asked, which answer is right now, whether a guess was. */

/** @typedef {import("./progress.js").Value} Value */
/** Text in both languages. @typedef {{ en: string, zh: string }} Said */
/** Two readings, or a reading and a number, and how they must stand to each other. @typedef {[string, "<" | ">" | "=" | "≠", string | number]} Condition */
/** `number`: a number is typed; `sign`: below, at or above 0; `choose`: the first choice whose condition holds is right. @typedef {{ number: string } | { sign: string } | { choose: { text: Said, if: Condition }[] }} Ask */
/** Reads a name off the page; null while there is nothing. @typedef {(name: string) => Value | null} Read */

export const RELATIONS = /** @type {const} */ (["<", ">", "=", "≠"]);
/** The signs of a number, in the order in which they are offered. */
export const SIGNS = /** @type {const} */ (["negative", "zero", "positive"]);

/** Numbers that differ by less than this part are one: sums in another order. */
const ROUNDING = 1e-9;
/** A number with decimals was guessed right within this part of it. */
const CLOSE = 0.01;

/** @param {Value} a @param {Value} b */
function same(a, b) {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Math.abs(a - b) <= ROUNDING * Math.max(1, Math.abs(a), Math.abs(b));
}

/** Whether a condition holds; null while one of its readings is not there. @param {Condition} condition @param {Read} read @returns {boolean | null} */
export function holds([left, relation, right], read) {
  const [a, b] = [read(left), typeof right === "number" ? right : read(right)];
  if (a === null || b === null) return null;
  if (relation === "=") return same(a, b);
  if (relation === "≠") return !same(a, b);
  return !same(a, b) && (relation === "<" ? a < b : a > b);
}

/** The right answer now: the number itself, or the place of the right choice; null while the page does not tell. @param {Ask} ask @param {Read} read @returns {number | null} */
export function rightOf(ask, read) {
  if ("number" in ask) {
    const value = read(ask.number);
    return typeof value === "number" ? value : null;
  }
  if ("sign" in ask) {
    const value = read(ask.sign);
    return typeof value === "number" ? 1 + Math.sign(Math.abs(value) <= ROUNDING ? 0 : value) : null;
  }
  const held = ask.choose.map((choice) => holds(choice.if, read));
  return held.includes(null) || !held.includes(true) ? null : held.indexOf(true);
}

/** Whether a guess is the right answer: whole numbers exactly, others nearly. @param {Ask} ask @param {number} guess @param {number} right */
export const isRight = (ask, guess, right) =>
  !("number" in ask) || Number.isInteger(right)
    ? same(guess, right)
    : Math.abs(guess - right) <= CLOSE * Math.abs(right);
