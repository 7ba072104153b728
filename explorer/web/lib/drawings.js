/** Labelled drawings as a file or a browser keeps them. */

export const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);

/** @typedef {{ label: number, strokes: import("./strokes.js").Stroke[] }} Drawing */

/** Labelled drawings in a text, or an Error that says what it holds instead. @param {string} text @returns {Drawing[]} */
export function drawingsOf(text) {
  const found = JSON.parse(text);
  if (!Array.isArray(found) || !found.every(isDrawing)) throw new Error("no list of labelled drawings");
  return found.map(({ label, strokes }) => ({ label, strokes }));
}

/** @param {unknown} found @returns {found is Drawing} */
function isDrawing(found) {
  const { label, strokes } = /** @type {{ label?: unknown, strokes?: unknown }} */ (found ?? {});
  return typeof label === "number" && DIGITS.includes(label) && isFilled(strokes) && strokes.every(isStroke);
}

/** @param {unknown} stroke */
const isStroke = (stroke) => isFilled(stroke) && stroke.every(isPoint);

/** Whether it is a point, at most half a pad beside the pad. @param {unknown} point */
const isPoint = (point) =>
  isFilled(point) &&
  point.length >= 2 &&
  point.slice(0, 2).every((u) => typeof u === "number" && u >= -0.5 && u <= 1.5);

/** @param {unknown} list @returns {list is unknown[]} */
const isFilled = (list) => Array.isArray(list) && list.length > 0;
