/** How far this browser came in each lesson. */

import { begun, heard } from "../../lib/lesson/progress.js";

/** @typedef {import("../../lib/lesson/progress.js").Progress} Progress */

const KEY = "convscope.lessons";

/** @returns {Record<string, Progress>} */
export function allProgress() {
  try {
    return heard(localStorage.getItem(KEY));
  } catch {
    return {}; // a browser that keeps nothing
  }
}

/** @param {string} name @returns {Progress} */
export const progressOf = (name) => ({ ...begun(), ...allProgress()[name] });

/** @param {string} name @param {Progress} progress */
export function keepProgress(name, progress) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...allProgress(), [name]: progress }));
  } catch {
    // a browser that keeps nothing: the lesson goes on without
  }
}
