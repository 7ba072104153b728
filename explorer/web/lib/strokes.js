/**
 * Drawings as strokes. A stroke is a list of [x, y], y down, in units of the pad's side (0 to 1); every function here
 * returns new lists and leaves its arguments as they were.
 */

/** @typedef {[number, number]} Point */
/** @typedef {Point[]} Stroke */

/** Three decimals: a third of a pixel on the largest pad. @param {number} u */
export const rounded = (u) => Math.round(u * 1000) / 1000;

/** @param {Point} p @param {Point} a @param {Point} b distance from p to the segment a b */
export function distanceToSegment([px, py], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length2));
  return Math.hypot(px - ax - t * dx, py - ay - t * dy);
}

/** Points no further apart than `step`, on the same path. @param {Stroke} stroke @param {number} step @returns {Stroke} */
export function resampled(stroke, step) {
  /** @type {Stroke} */
  const points = [stroke[0]];
  for (let k = 1; k < stroke.length; k++) {
    const [a, b] = [stroke[k - 1], stroke[k]];
    const pieces = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / step));
    for (let i = 1; i <= pieces; i++) {
      points.push([rounded(a[0] + ((b[0] - a[0]) * i) / pieces), rounded(a[1] + ((b[1] - a[1]) * i) / pieces)]);
    }
  }
  return points;
}

/**
 * What is left after rubbing from a to b with a round eraser: ink within `radius` goes, a stroke cut in two becomes two.
 * Untouched strokes are returned as they were.
 * @param {Stroke[]} strokes @param {Point} a @param {Point} b @param {number} radius @returns {Stroke[]}
 */
export function erased(strokes, a, b, radius) {
  return strokes.flatMap((stroke) => {
    const fine = resampled(stroke, radius / 2);
    if (fine.every((point) => distanceToSegment(point, a, b) > radius)) return [stroke];
    /** @type {Stroke[]} */
    const parts = [[]];
    for (const point of fine) {
      if (distanceToSegment(point, a, b) > radius) parts[parts.length - 1].push(point);
      else if (parts[parts.length - 1].length) parts.push([]);
    }
    return parts.filter((part) => part.length);
  });
}

/**
 * The first `fraction` of the ink by length, for replaying a drawing.
 * @param {Stroke[]} strokes @param {number} fraction 0 to 1 @returns {Stroke[]}
 */
export function partOf(strokes, fraction) {
  const lengths = strokes.map((stroke) =>
    stroke.reduce((sum, p, k) => (k ? sum + Math.hypot(p[0] - stroke[k - 1][0], p[1] - stroke[k - 1][1]) : 0), 0),
  );
  let left = lengths.reduce((sum, length) => sum + length, 0) * fraction;
  /** @type {Stroke[]} */
  const part = [];
  for (const [index, stroke] of strokes.entries()) {
    if (left >= lengths[index]) {
      part.push(stroke);
      left -= lengths[index];
      continue;
    }
    /** @type {Stroke} */
    const points = [stroke[0]];
    for (let k = 1; k < stroke.length; k++) {
      const length = Math.hypot(stroke[k][0] - stroke[k - 1][0], stroke[k][1] - stroke[k - 1][1]);
      if (length >= left) {
        const t = length ? left / length : 0;
        points.push([
          stroke[k - 1][0] + t * (stroke[k][0] - stroke[k - 1][0]),
          stroke[k - 1][1] + t * (stroke[k][1] - stroke[k - 1][1]),
        ]);
        break;
      }
      points.push(stroke[k]);
      left -= length;
    }
    part.push(points);
    break;
  }
  return part;
}
