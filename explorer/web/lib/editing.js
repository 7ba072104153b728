/** Editing numbers in a grid of cells, without the DOM: what a drag, a key or a typed text means. */

/** One step of the value for every so many pixels of a drag. */
const PIXELS = 4;

/** @param {{ shiftKey: boolean, altKey: boolean }} event coarser with Shift, finer with Alt */
export const stepOf = ({ shiftKey, altKey }) => (shiftKey ? 1 : altKey ? 0.01 : 0.1);

/** Free of the digits that adding decimal fractions leaves behind. @param {number} value */
export const tidy = (value) => Math.round(value * 1e6) / 1e6 + 0;

/**
 * What a drag from `from` to `to` adds, and where the next one starts: whole steps only, the rest of the way is kept.
 * @param {number} from @param {number} to pixels @param {number} step
 */
export function dragged(from, to, step) {
  const steps = Math.trunc((to - from) / PIXELS);
  return { change: steps * step, from: from + steps * PIXELS };
}

/** The number that a person typed: decimal point or comma, a fraction, any minus sign; null for anything else. @param {string} text */
export function parsed(text) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(",", ".");
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\s*\/\s*(\d+\.?\d*))?$/i.exec(plain);
  if (!found) return null;
  const value = Number(found[1]) / (found[2] === undefined ? 1 : Number(found[2]));
  return Number.isFinite(value) ? value + 0 : null;
}

/**
 * The cell reached by a key from `index`, or null for other keys. At an edge the cell stays.
 * @param {string} key @param {number} index @param {number} rows @param {number} columns
 */
export function cellAfter(key, index, rows, columns) {
  const [row, column] = [Math.floor(index / columns), index % columns];
  const place = (/** @type {number} */ r, /** @type {number} */ c) =>
    Math.min(rows - 1, Math.max(0, r)) * columns + Math.min(columns - 1, Math.max(0, c));
  switch (key) {
    case "ArrowLeft":
      return place(row, column - 1);
    case "ArrowRight":
      return place(row, column + 1);
    case "ArrowUp":
      return place(row - 1, column);
    case "ArrowDown":
      return place(row + 1, column);
    case "Home":
      return place(row, 0);
    case "End":
      return place(row, columns - 1);
    default:
      return null;
  }
}

/** A number with a true minus sign. @param {number | string} value */
const signed = (value) => String(value).replace(/^-/, "−");

/** From this many characters on there is room for the 0 before the point. */
const ROOM = 5;

/**
 * A number in at most about `length` characters: exact where it fits, else a power of ten, "≈0" where not even that fits.
 * @param {number} value @param {number} length
 */
export function fitted(value, length) {
  const whole = String(tidy(value));
  if (whole.length <= length && (whole !== "0" || value === 0)) return signed(whole);
  const bare = Math.abs(value) < 1 && length < ROOM;
  const before = (bare ? 0 : String(Math.trunc(Math.abs(value))).length) + (value < 0 ? 1 : 0);
  if (before > length) return signed(value.toExponential(0).replace("e+", "e"));
  const text = value.toFixed(Math.max(0, Math.min(6, length - before - 1)));
  if (Number(text) === 0) {
    const power = signed(value.toExponential(0));
    return power.length <= length ? power : "≈0";
  }
  const plain = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return signed(bare ? plain.replace(/^(-?)0\./, "$1.") : plain);
}
