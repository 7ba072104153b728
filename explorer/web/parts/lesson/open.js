/** Lessons are loaded when somebody opens one: pages without a lesson are as quick as without lessons. */

import { page } from "../page.js";

/** @type {Promise<{ follow: () => void }> | null} */
let player = null;

/** Show the lesson that the page's state names, from now on. */
export function followLessons() {
  async function follow() {
    if (!page.get("lesson") && !player) return;
    player ??= import("./player.js").then(({ createPlayer }) => createPlayer());
    (await player).follow();
  }
  page.on(["lesson"], follow);
  void follow();
}
