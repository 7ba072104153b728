/** Which entries of two lists correspond: the blocks of Python's `difflib.SequenceMatcher`, and what lies between them. */

/** A stretch of the first list and the one of the second that stands at its place. @typedef {{ first: [number, number], second: [number, number], equal: boolean }} Stretch */

/** The longest block of equal entries within both ranges, the earliest of equals. @param {string[]} a @param {string[]} b @param {[number, number]} inA @param {[number, number]} inB */
function longest(a, b, inA, inB) {
  let best = { a: inA[0], b: inB[0], size: 0 };
  /** @type {Map<number, number>} */
  let ending = new Map();
  for (let i = inA[0]; i < inA[1]; i++) {
    /** @type {Map<number, number>} */
    const now = new Map();
    for (let j = inB[0]; j < inB[1]; j++) {
      if (a[i] !== b[j]) continue;
      const size = (ending.get(j - 1) ?? 0) + 1;
      now.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    ending = now;
  }
  return best;
}

/** @param {string[]} a @param {string[]} b @returns {Stretch[]} in order, together all of both lists */
export function stretches(a, b) {
  /** @param {[number, number]} inA @param {[number, number]} inB @returns {Stretch[]} */
  function between(inA, inB) {
    const found = longest(a, b, inA, inB);
    if (!found.size) return inA[0] < inA[1] || inB[0] < inB[1] ? [{ first: inA, second: inB, equal: false }] : [];
    return [
      ...between([inA[0], found.a], [inB[0], found.b]),
      { first: [found.a, found.a + found.size], second: [found.b, found.b + found.size], equal: true },
      ...between([found.a + found.size, inA[1]], [found.b + found.size, inB[1]]),
    ];
  }
  return between([0, a.length], [0, b.length]);
}
