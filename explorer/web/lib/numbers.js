/** Numbers as text. Rounding happens here and nowhere else: what is added, compared or coloured is never rounded. */

/** What is not finite travels as its name. @type {Map<unknown, number>} */
const NAMED = new Map([
  ["nan", NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
]);

/** A number from Python's JSON; NaN for what is none, null among it. @param {number | string | null} value */
export const numberOf = (value) => (typeof value === "number" ? value : (NAMED.get(value) ?? NaN));

/**
 * A number with `digits` significant digits, as short as it can be: 0.81371, −12.4, 3.1e-8.
 * @param {number | string | null} value @param {number} [digits]
 */
export function short(value, digits = 5) {
  const number = numberOf(value);
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  if (number === 0) return "0";
  const size = Math.abs(number);
  const text =
    size >= 1e6 || size < 1e-4
      ? number.toExponential(Math.min(digits, 3) - 1).replace(/\.?0+e/, "e")
      : String(Number(number.toPrecision(digits)));
  return text.replace("-", "−").replace("e−", "e-");
}

/**
 * A number for a narrow cell of a grid: two decimals below 100, and "0" only for what is exactly 0.
 * @param {number | string | null} value
 */
export function narrow(value) {
  const size = Math.abs(numberOf(value));
  if (size === 0 || !Number.isFinite(size)) return short(value);
  return size < 100 ? numberOf(value).toFixed(2).replace("-", "−") : short(value, 3);
}

/** The largest of any number of values; `least` without any. @param {Iterable<number>} values @param {number} [least] */
export function largestOf(values, least = -Infinity) {
  let largest = least;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

/** The smallest of any number of values; `most` without any. @param {Iterable<number>} values @param {number} [most] */
export function smallestOf(values, most = Infinity) {
  let smallest = most;
  for (const value of values) smallest = Math.min(smallest, value);
  return smallest;
}
