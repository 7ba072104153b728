/** Where the card stands on the page, and the ring around what it speaks of; both follow when that moves. */

import { besideOf, GAP, overlap } from "../../lib/lesson/place.js";
import { h } from "../dom.js";

/** Below this width the card is docked at the bottom, and the page ends above it. */
const NARROW = 860;
/** Between two looks at where the target is, ms. */
const LOOK_MS = 150;
/** Around the target, pixels. */
const AROUND = 4;

/** Whether something has a place on the screen. @param {Element} element */
const shown = (element) => element.getClientRects().length > 0;

/** The first of some selectors that finds something on the screen. @param {string[]} selectors @returns {HTMLElement | null} */
const find = (selectors) =>
  selectors
    .flatMap((selector) => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector))])
    .find(shown) ?? null;

/** @param {HTMLElement} card */
export function createStanding(card) {
  const ring = h("div", { class: "lesson-ring", "aria-hidden": "true", hidden: true });
  /** What it stands beside: selectors, the best first. @type {string[]} */
  let selectors = [];
  let due = 0;
  let seen = "";
  let row = false;
  /** Whether the target was brought into view since the card came up. */
  let brought = false;
  /** What the page is longer by, so that the card has room below its target, px; and for which sizes that was tried. */
  let [longer, tried] = [0, ""];

  const barOf = () => document.querySelector(".model-bar")?.getBoundingClientRect().bottom ?? 0;

  /** Bring the target to where the card leaves room. @param {HTMLElement} target @param {number} bottom what the card leaves of the window */
  function bring(target, bottom) {
    brought = true;
    const { top, height } = target.getBoundingClientRect();
    const least = Math.max(0, barOf());
    if (top >= least && top + height <= bottom) return;
    const room = bottom - least;
    target.scrollIntoView({ block: "nearest", inline: "nearest" });
    const now = target.getBoundingClientRect().top;
    window.scrollBy({ top: now - least - Math.max(AROUND * 2, (room - height) / 2), behavior: "instant" });
  }

  /** Scroll a target that leaves no room on any side up to the window's top, so that the card has it below. @param {DOMRect} box @param {number} height the card's */
  function makeRoom(box, height) {
    const sizes = `${box.width} ${box.height} ${height} ${innerHeight}`;
    const by = box.top - Math.max(0, barOf()) - 2 * AROUND;
    if (sizes === tried || box.bottom - by + 2 * GAP + height > innerHeight) return;
    tried = sizes;
    const { scrollHeight } = document.documentElement;
    longer += Math.max(0, by - (scrollHeight - innerHeight - scrollY));
    document.body.style.paddingBottom = longer ? `${longer}px` : "";
    window.scrollBy({ top: by, behavior: "instant" });
  }

  function look() {
    due = window.setTimeout(look, LOOK_MS);
    const target = find(selectors);
    const narrow = innerWidth <= NARROW;
    const height = card.offsetHeight;
    document.body.style.paddingBottom = narrow ? `${height}px` : longer ? `${longer}px` : "";
    if (target && !brought && !(row && !narrow)) bring(target, narrow ? innerHeight - height : innerHeight);
    const box = target?.getBoundingClientRect();
    const now = JSON.stringify([box, narrow, card.offsetWidth, height, innerWidth, innerHeight]);
    if (now === seen) return;
    seen = now;
    ring.hidden = !box;
    if (box)
      Object.assign(ring.style, {
        left: `${box.left - AROUND}px`,
        top: `${box.top - AROUND}px`,
        width: `${box.width + 2 * AROUND}px`,
        height: `${box.height + 2 * AROUND}px`,
      });
    card.classList.toggle("docked", narrow);
    if (narrow || row) {
      Object.assign(card.style, { left: "", top: "" });
      return;
    }
    const beside = besideOf(
      box ?? { left: innerWidth, top: innerHeight, width: 0, height: 0 },
      { width: card.offsetWidth, height },
      { width: innerWidth, height: innerHeight, top: Math.max(0, barOf()) },
    );
    Object.assign(card.style, { left: `${beside.left}px`, top: `${beside.top}px` });
    if (box && overlap({ ...beside, width: card.offsetWidth, height }, box)) makeRoom(box, height);
  }

  return {
    ring,

    /** Stand beside something from now on. @param {string[]} next its selectors, the best first @param {boolean} inRow the card is a line on the page, and stays there */
    beside(next, inRow) {
      [selectors, row] = [next, inRow];
      brought = false;
      [longer, tried] = [0, ""];
      seen = "";
      clearTimeout(due);
      look();
    },

    /** The first control in what the card speaks of; null where there is none to go to. @returns {HTMLElement | null} */
    control() {
      const target = find(selectors);
      const all = /** @type {HTMLElement[]} */ (
        target ? [target, ...target.querySelectorAll("button, select, input, summary, a[href], [tabindex]")] : []
      );
      return all.find((one) => one.tabIndex >= 0 && shown(one) && !one.matches(":disabled")) ?? null;
    },

    /** @returns {boolean} whether what the card speaks of has the focus */
    holdsFocus() {
      return find(selectors)?.contains(document.activeElement) ?? false;
    },

    rest() {
      clearTimeout(due);
      selectors = [];
      [longer, tried] = [0, ""];
      seen = "";
      ring.hidden = true;
      document.body.style.paddingBottom = "";
    },
  };
}
