/** The pages as a lesson sees them now, and a call whenever something of that changes. */

import { LINKED } from "../../lib/link.js";
import { onscreen } from "../onscreen.js";
import { page } from "../page.js";

/** @typedef {import("../../lib/lesson/world.js").World} World */

const SEEN = /** @type {const} */ ([
  "acts",
  "observed",
  "opened",
  "magnified",
  "measured",
  "telling",
  "labels",
  "moment",
]);

/** @param {World["kept"]} kept @returns {World} */
export const worldNow = (kept) => ({
  .../** @type {import("../../lib/lesson/world.js").Seen} */ (
    Object.fromEntries(SEEN.map((key) => [key, onscreen.get(key)]))
  ),
  state: /** @type {World["state"]} */ (Object.fromEntries(LINKED.map((key) => [key, page.get(key)]))),
  description: page.get("description"),
  kept,
});

/** Call `look` once, soon after anything changed. @param {() => void} look @returns {() => void} stops it */
export function watchWorld(look) {
  let due = 0;
  const soon = () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      look();
    });
  };
  const stops = [page.on([...LINKED, "description", "dark"], soon), onscreen.on([...SEEN], soon)];
  return () => {
    cancelAnimationFrame(due);
    for (const stop of stops) stop();
  };
}
