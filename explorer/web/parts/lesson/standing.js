/** Where the card stands on the page, and the ring around what it speaks of; both follow when that moves. */

import { around, besideOf } from "../../lib/lesson/place.js";
import { h, NARROW } from "../dom.js";

/** @typedef {import("../../lib/lesson/place.js").Box} Box */

/** Where the card is always docked at the window's foot. */
const narrow = () => matchMedia(NARROW).matches;
/** Between two looks at where the target is, ms. */
const LOOK_MS = 150;
/** Around the target, pixels. */
const AROUND = 4;

/** Whether something has a place on the screen: what lies in a closed part of the page has none. @param {Element} element */
const shown = (element) => element.checkVisibility();

/** The first of some selectors that finds something on the screen. @param {string[]} selectors @returns {HTMLElement | null} */
const find = (selectors) =>
  selectors
    .flatMap((selector) => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector))])
    .find(shown) ?? null;

/** Where something is, with a panel that it has opened. @param {HTMLElement} target @returns {Box} */
const boxOf = (target) =>
  around(
    [target, ...target.querySelectorAll(".popover-panel")].filter(shown).map((part) => part.getBoundingClientRect()),
  );

/** Where the bar above the pages ends. */
const barEnd = () => Math.max(0, document.querySelector(".model-bar")?.getBoundingClientRect().bottom ?? 0);

/**
 * Bring a target into what the card leaves of the window: where the card is docked, right below the bar, with what follows it; else, unless it is seen, into the middle.
 * @param {HTMLElement} target @param {number} bottom @param {boolean} docked
 */
function bring(target, bottom, docked) {
  const box = target.getBoundingClientRect();
  const least = barEnd();
  if (!docked && box.top >= least && box.bottom <= bottom) return;
  target.scrollIntoView({ block: "nearest", inline: "nearest" });
  const above = docked ? 0 : (bottom - least - box.height) / 2;
  const by = target.getBoundingClientRect().top - least - Math.max(AROUND * 2, above);
  window.scrollBy({ top: by, behavior: "instant" });
}

/** @param {HTMLElement} card */
export function createStanding(card) {
  const ring = h("div", { class: "lesson-ring", "aria-hidden": "true", hidden: true });
  /** What it stands beside: selectors, the best first. @type {string[]} */
  let selectors = [];
  let due = 0;
  let seen = "";
  let row = false;
  /** The sizes for which no side of the target has room: the card is then docked, as in a narrow window. */
  let cramped = "";
  /** Whether the target was brought into view since the card came up, or was docked. */
  let brought = false;

  /** Dock the card at the window's foot, and let the page end above it; or undo that. @param {boolean} docked @returns {number} what the card leaves of the window, px */
  function dock(docked) {
    card.classList.toggle("docked", docked);
    const height = docked ? card.offsetHeight : 0;
    const inPage = row && !narrow();
    document.body.style.paddingBottom = docked && !inPage ? `${height}px` : "";
    return innerHeight - height;
  }

  /** @param {Box | null} box @param {number} bottom of what is to be seen of it */
  function encircle(box, bottom) {
    ring.hidden = !box;
    if (!box) return;
    const [top, end] = [box.top - AROUND, Math.min(box.top + box.height + AROUND, bottom)];
    Object.assign(ring.style, {
      left: `${box.left - AROUND}px`,
      top: `${top}px`,
      width: `${box.width + 2 * AROUND}px`,
      height: `${Math.max(0, end - top)}px`,
    });
  }

  function look() {
    due = window.setTimeout(look, LOOK_MS);
    const target = find(selectors);
    const inPage = row && !narrow();
    const sizesOf = (/** @type {Box | null} */ box) =>
      [box?.width, box?.height, innerWidth, innerHeight].map((size) => Math.round(size ?? 0)).join(" ");
    const before = target && boxOf(target);
    const docked = narrow() || cramped === sizesOf(before);
    const bottom = dock(docked);
    if (target && !brought && !inPage) {
      bring(target, bottom, docked);
      brought = true;
    }
    const box = target && boxOf(target);
    const size = { width: card.offsetWidth, height: card.offsetHeight };
    const now = JSON.stringify([box, docked, size, innerWidth, innerHeight]);
    if (now === seen) return;
    seen = now;
    encircle(box, bottom);
    if (docked || row) {
      Object.assign(card.style, { left: "", top: "" });
      return;
    }
    const window_ = { width: innerWidth, height: innerHeight, top: barEnd() };
    const place = besideOf(box ?? { left: innerWidth, top: innerHeight, width: 0, height: 0 }, size, window_);
    if (place) Object.assign(card.style, { left: `${place.left}px`, top: `${place.top}px` });
    else {
      cramped = sizesOf(box);
      brought = false;
      clearTimeout(due);
      look();
    }
  }

  return {
    ring,

    /** Stand beside something from now on. @param {string[]} next its selectors, the best first @param {boolean} inRow the card is a line on the page, and stays there */
    beside(next, inRow) {
      [selectors, row] = [next, inRow];
      brought = false;
      [cramped, seen] = ["", ""];
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
      [cramped, seen] = ["", ""];
      ring.hidden = true;
      dock(false);
    },
  };
}
