/** Where a card stands: beside what it speaks of, never over it. Pixels of the room. */

import { largestOf, smallestOf } from "../numbers.js";

/** @typedef {{ left: number, top: number, width: number, height: number }} Box */

/** Between a card and what it speaks of, and between a card and the window's edge. */
export const GAP = 12;

/** How much of two boxes lies over each other, in square pixels. @param {Box} a @param {Box} b */
export function overlap(a, b) {
  const across = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const down = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  return Math.max(0, across) * Math.max(0, down);
}

/** @param {number} value @param {number} least @param {number} most */
const within = (value, least, most) => Math.max(least, Math.min(value, most));

/**
 * The place of a card: right of its target or left of it, the first that has room; null where neither has. Above or below it would lie over
 * what the page shows there.
 * @param {Box} target @param {{ width: number, height: number }} card @param {{ width: number, height: number, top: number }} room of the window; `top`: height of the bar
 * @returns {{ left: number, top: number } | null}
 */
export function besideOf(target, card, room) {
  const [right, bottom] = [room.width - card.width - GAP, room.height - card.height - GAP];
  const top = within(target.top, room.top + GAP, Math.max(bottom, room.top + GAP));
  const sides = [
    { left: target.left + target.width + GAP, top },
    { left: target.left - card.width - GAP, top },
  ];
  return (
    sides.find(
      (side) =>
        side.left >= GAP &&
        side.left <= right &&
        side.top >= room.top + GAP &&
        side.top <= bottom &&
        !overlap({ ...side, ...card }, target),
    ) ?? null
  );
}

/** The smallest box around some. @param {Box[]} boxes at least one @returns {Box} */
export function around(boxes) {
  const [left, top] = [smallestOf(boxes.map((box) => box.left)), smallestOf(boxes.map((box) => box.top))];
  return {
    left,
    top,
    width: largestOf(boxes.map((box) => box.left + box.width)) - left,
    height: largestOf(boxes.map((box) => box.top + box.height)) - top,
  };
}
