/** Walking through `count` moments: a plain state and what each control makes of it. Nothing here knows what is walked. */

/** Multiples of the walk's natural pace. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];

/**
 * At moment `at` of `count`; `due`: the part of the next step that has gone by while playing.
 * @typedef {{ at: number, count: number, playing: boolean, speed: number, due: number }} Walk
 */

/** @param {number} count @param {number} [speed] @returns {Walk} */
export const startOf = (count, speed = 1) => ({ at: 0, count, playing: false, speed, due: 0 });

/** Go to a moment, the nearest there is. Playing goes on from there. @param {Walk} walk @param {number} at @returns {Walk} */
export const sought = (walk, at) => ({ ...walk, at: Math.max(0, Math.min(walk.count - 1, Math.round(at))), due: 0 });

/** One moment on or back, by hand: playing ends. @param {Walk} walk @param {number} by @returns {Walk} */
export const stepped = (walk, by) => ({ ...sought(walk, walk.at + by), playing: false });

/** Play or pause; play at the end begins anew. @param {Walk} walk @returns {Walk} */
export const toggled = (walk) => ({
  ...walk,
  playing: !walk.playing && walk.count > 1,
  at: !walk.playing && walk.at === walk.count - 1 ? 0 : walk.at,
  due: 0,
});

/** @param {Walk} walk @param {number} by places in `SPEEDS` @returns {Walk} */
export const paced = (walk, by) => ({
  ...walk,
  speed: SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(walk.speed) + by))],
});

/** Ms that even the longest walk takes at the highest speed. */
const LONGEST = 9_000;

/** Ms a moment at speed 1: the usual ones, or fewer for a walk of very many moments. @param {number} usual @param {number} count */
export const paceOf = (usual, count) => Math.min(usual, (LONGEST * SPEEDS[SPEEDS.length - 1]) / count);

/** Where the walk is after `ms` more; `pace`: ms a moment at speed 1. @param {Walk} walk @param {number} ms @param {number} pace @returns {Walk} */
export function advanced(walk, ms, pace) {
  if (!walk.playing) return walk;
  const due = walk.due + (ms * walk.speed) / pace;
  const at = Math.min(walk.count - 1, walk.at + Math.floor(due));
  return { ...walk, at, due: due % 1, playing: at < walk.count - 1 };
}

/** What a key asks for, or null. @param {string} key @param {Walk} walk @returns {Walk | null} */
export function afterKey(key, walk) {
  switch (key) {
    case " ":
      return toggled(walk);
    case "ArrowRight":
    case "ArrowDown":
      return stepped(walk, 1);
    case "ArrowLeft":
    case "ArrowUp":
      return stepped(walk, -1);
    case "Home":
      return { ...sought(walk, 0), playing: false };
    case "End":
      return { ...sought(walk, walk.count - 1), playing: false };
    case "+":
    case "=":
      return paced(walk, 1);
    case "-":
    case "−":
      return paced(walk, -1);
    default:
      return null;
  }
}
