/** A walk with its transport, for any picture that can be drawn for its moment k. */

import { advanced, afterKey, paceOf, sought, startOf } from "../lib/transport.js";
import { createBar } from "./bar.js";

/**
 * @param {{ pace: () => number, onshow: (at: number, moved: boolean) => void, onunit?: (unit: "value" | "product") => void, words?: string }} options
 * `pace`: ms a moment at speed 1; `moved`: the walk went on, instead of what it walks through having changed; `onunit`: what a step is was chosen anew;
 * `words`: of the place, see `createBar`
 */
export function createPlayer({ pace, onshow, onunit, words }) {
  let walk = startOf(1);
  /** @type {"value" | "product"} */
  let unit = "value";
  let [frame, last] = [0, 0];
  const seek = (/** @type {number} */ at) => move({ ...sought(walk, at), playing: false });
  const bar = createBar({
    words,
    onmove: (key) => move(afterKey(key, walk)),
    onseek: seek,
    onspeed: (speed) => move({ ...walk, speed }),
    onunit:
      onunit &&
      ((next) => {
        unit = next;
        onunit(next);
      }),
  });

  /** @param {boolean} moved */
  function show(moved) {
    bar.show(walk, unit);
    onshow(walk.at, moved);
  }

  /** @param {import("../lib/transport.js").Walk | null} next */
  function move(next) {
    if (!next) return;
    walk = next;
    show(true);
    if (walk.playing && !frame) {
      last = performance.now();
      frame = requestAnimationFrame(play);
    }
  }

  /** @param {number} time ms */
  function play(time) {
    frame = 0;
    const before = walk;
    walk = bar.element.clientWidth
      ? advanced(walk, Math.max(0, time - last), paceOf(pace(), walk.count))
      : { ...walk, playing: false };
    last = time;
    if (walk.at !== before.at || walk.playing !== before.playing) show(true);
    if (walk.playing) frame = requestAnimationFrame(play);
  }

  return {
    element: bar.element,
    seek,
    get at() {
      return walk.at;
    },
    get count() {
      return walk.count;
    },
    get playing() {
      return walk.playing;
    },
    /** Ms a moment, at the present speed. */
    get pace() {
      return paceOf(pace(), walk.count) / walk.speed;
    },
    /** Stop here, or elsewhere, before what it walks through changes. @param {number} [at] */
    pause(at = walk.at) {
      walk = { ...walk, at, playing: false, due: 0 };
    },
    /** What one step is. @param {"value" | "product"} next */
    set unit(next) {
      unit = next;
    },
    /** The walk has this many moments now; it stays where it is, or at its new end, unless it goes on elsewhere. @param {number} count @param {number} [at] */
    extend(count, at = walk.at) {
      walk = sought({ ...walk, count }, at);
      show(false);
    },
    /** Keys of the transport, unless they are typed into something or held with a modifier. @param {KeyboardEvent} event */
    onkey(event) {
      const target = /** @type {HTMLElement} */ (event.target);
      if (
        event.altKey ||
        event.ctrlKey ||
        event.metaKey ||
        target.closest("input:not(.scrub), select, summary, .listing, [role=tab]")
      )
        return;
      if (target.closest("button") && event.key === " ") return;
      const next = afterKey(event.key, walk);
      if (!next) return;
      event.preventDefault();
      move(next);
    },
  };
}
