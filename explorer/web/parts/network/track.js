/** Where the columns stand: side by side on a track, some folded away, under their modules and the edges between them. */

import { h, NARROW, reducedMotion } from "../dom.js";
import { edgesOf, foldedAtFirst, groupsOf, representatives, stepFold } from "../../lib/graph.js";
import { BORDER, standsOf, TOLD } from "../../lib/levels.js";
import { page } from "../page.js";
import { createArrangement } from "./arrange.js";
import { bandsOf, createEdges } from "./edges.js";

/** @typedef {ReturnType<typeof import("./column.js").createColumn>} Column */
/** @typedef {import("../../lib/graph.js").Edge} Edge */

/** A network of more columns opens with modules folded. */
const MOST_COLUMNS = 26;
/** A padding with room for names in full, px. */
const ROOMY = 8;
/** Room for the bar under columns that do not fit, px. */
const SCROLLBAR = 10;
/** A column counts as seen a little before it is. */
const AHEAD = "0px 300px";
/** How long a column takes to its new place, ms. */
const GLIDE = 250;

/** @param {string} name a module's path or a step's fold @param {Set<string>} now what is folded */
function toggleFold(name, now) {
  if (!now.delete(name)) now.add(name);
  page.set({ fold: [...now] });
}

/**
 * @param {{ fills: boolean, over: Element, onseen: (column: Column) => void, onchange: (laid: boolean) => void, onedge: (from: Column | null, to: Column | null, over: number) => void }} options
 *   `fills`: the track has a height that it is to fill; `over`: what is drawn over the columns; `onseen` when a column came into view or left it, `onchange` when other columns may be seen than before, `onedge` when an edge
 *   is pointed at, with the columns it joins and how many it passes over, or none any more
 */
export function createTrack({ fills, over, onseen, onchange, onedge }) {
  const arrangement = createArrangement({
    onfoldall: (fold) => page.set({ fold: fold ? [...new Set(groups.map(({ path }) => path))] : [] }),
  });
  const narrow = matchMedia(NARROW); // shows the network downwards
  const edges = createEdges({ onfold: (path) => toggleFold(path, folded()), onedge: point, onfollow: follow });
  const row = h("div", { class: "steps-row" });
  const element = h("div", { class: "steps", tabindex: -1 }, ...edges.elements, row, over);
  /** @type {Column[]} */
  let columns = [];
  /** Those on the track, from left to right. @type {Column[]} */
  let shown = [];
  /** @type {import("../../lib/graph.js").Group[]} */
  let groups = [];
  /** Class name of each module, by its path. @type {Record<string, string>} */
  let modules = {};
  /** The step whose column shows all of its maps. @type {number | null} */
  let grown = null;
  let size = "";
  /** Where each column on the track begins, px. @type {Map<Column, number>} */
  let lefts = new Map();
  /** Whether there is more than the track is wide. */
  let scrolls = false;

  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const column = columns.find(({ element: each }) => each === entry.target);
        if (!column) continue;
        column.visible = entry.isIntersecting;
        onseen(column);
      }
      onchange(false);
    },
    { root: element, rootMargin: AHEAD },
  );

  /** What is folded: what the person or the link said, or what makes a large network fit. @returns {Set<string>} */
  const folded = () =>
    page.get("fold") ? new Set(page.get("fold")) : foldedAtFirst(columns.length, groups, MOST_COLUMNS);

  /** How each shown column stands, by its place. @param {number} above px of the modules and edges above the columns @param {Set<string>} now what is folded */
  function stands(above, now) {
    const turned = narrow.matches;
    const height = fills && !turned ? Math.max(1, element.clientHeight - above - SCROLLBAR) : 0;
    return standsOf({
      folded: shown.map((column) => now.has(stepFold(column.step.index))),
      grown: shown.findIndex((column) => column.step.index === grown),
      named: shown.filter((column) => column.named).reduce((sum, column) => sum + column.content, 0),
      width: element.clientWidth,
      height,
      turned,
      zoom: page.get("zoom"),
    });
  }

  /** Put the columns that are not folded away on the track, with their modules and edges above. */
  function arrange() {
    const { clientWidth: width } = element;
    if (!columns.length || !width) return;
    const now = folded();
    const represents = representatives(columns.length, groups, now);
    shown = columns.filter((_, at) => represents[at] === at);
    const lines = edgesOf(
      columns.map(({ step }) => step),
      represents,
    );
    const placeOf = new Map(shown.map((column, place) => [columns.indexOf(column), place]));
    const bandsAt = (/** @type {{ left: number, width: number }[]} */ places) =>
      bandsOf(groups, now, modules, (at) => places[placeOf.get(represents[at]) ?? 0]);
    const blank = shown.map(() => ({ left: 0, width: 0 }));
    const { fit, stands: next } = stands(edges.heightOf(bandsAt(blank), lines), now);
    element.style.setProperty("--padding", `${fit.padding}px`);
    element.classList.toggle("tight", fit.padding < ROOMY);
    row.style.gap = `${fit.gap}px`;
    let left = 0;
    const places = shown.map((column, place) => {
      column.stand(next[place]);
      const { look } = next[place];
      const content = Math.max(fit.room * next[place].zoom, column.content) + 2 * fit.padding + BORDER;
      const whole = TOLD + Math.max(content, next[place].width + 2 * fit.padding + BORDER);
      const across = { stub: fit.stub, brief: content, whole }[look];
      column.element.style.width = next[place].turned ? "" : `${across}px`;
      const at = { left, width: across };
      left += across + fit.gap;
      return at;
    });
    if (shown.some((column, place) => row.children[place] !== column.element) || row.children.length > shown.length)
      row.replaceChildren(...shown.map((column) => column.element)); // whoever has the focus keeps it otherwise
    glide(new Map(shown.map((column, place) => [column, places[place].left])));
    scrolls = left - fit.gap > width;
    edges.draw(bandsAt(places), lines, places);
    for (const column of columns) {
      if (!shown.includes(column)) column.visible = false;
      onseen(column);
    }
    onchange(true);
  }

  /** Let the columns slide to where they stand now: only pictures of them move, nothing is laid out meanwhile. @param {Map<Column, number>} next */
  function glide(next) {
    const still = reducedMotion() || narrow.matches;
    for (const [column, left] of next) {
      const from = (lefts.get(column) ?? left) - left;
      if (from && !still)
        column.element.animate([{ transform: `translateX(${from}px)` }, { transform: "none" }], {
          duration: GLIDE,
          easing: "ease",
        });
    }
    lefts = next;
  }

  /** @param {Edge | null} edge */
  function point(edge) {
    shown.forEach((column, place) =>
      column.element.classList.toggle("linked", edge !== null && (place === edge.from || place === edge.to)),
    );
    onedge(edge && shown[edge.from], edge && shown[edge.to], edge ? edge.to - edge.from - 1 : 0);
  }

  /** Bring the far end of an edge into view. @param {Edge} edge */
  function follow({ from, to }) {
    const inView = (/** @type {Column} */ column) => {
      const [box, frame] = [column.element.getBoundingClientRect(), element.getBoundingClientRect()];
      return box.left >= frame.left && box.right <= frame.right;
    };
    shown[inView(shown[to]) ? from : to].element.scrollIntoView({ block: "nearest", inline: "center" });
  }

  /** Change the maps' size under Ctrl and wheel, keeping the column under the pointer there. @param {WheelEvent} event */
  function wheel(event) {
    if (!event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    const under = shown.find(
      ({ element: { offsetLeft, offsetWidth } }) =>
        offsetLeft + offsetWidth >= element.scrollLeft + event.clientX - element.getBoundingClientRect().left,
    );
    const before = under?.element.getBoundingClientRect().left ?? 0;
    arrangement.zoomBy(event.deltaY < 0 ? 1 : -1);
    if (under) element.scrollLeft += under.element.getBoundingClientRect().left - before;
  }
  element.addEventListener("wheel", wheel, { passive: false });
  page.on(["fold", "zoom"], arrange);

  /** Arrange the columns where the track has another size than before. */
  function fit() {
    const now = `${element.clientWidth} ${fills && !narrow.matches ? element.clientHeight : ""}`;
    if (now === size || element.style.width) return; // unrolled to be saved
    size = now;
    arrange();
  }
  new ResizeObserver(fit).observe(element);

  return {
    element,
    /** How the columns are laid out, to choose. */
    arrangement: arrangement.element,
    arrange,
    fit,

    get shown() {
      return shown;
    },
    /** Whether the network runs downwards. */
    get turned() {
      return narrow.matches;
    },
    get grown() {
      return grown;
    },

    /** Light the columns up one after the other, from the input on. */
    lightUp() {
      shown.forEach((column, place) => column.element.style.setProperty("--place", String(place / shown.length)));
      row.classList.remove("flows");
      void row.offsetWidth; // the animation starts anew
      row.classList.add("flows");
    },

    /** Show all maps of a step, the others giving way; of none. @param {number | null} index */
    grow(index) {
      if (index === grown) return;
      grown = index;
      arrange();
    },

    /** Fold a step's column to its name, or open it. @param {import("./column.js").Step} step */
    toggle: (step) => toggleFold(stepFold(step.index), folded()),

    /** @param {Column[]} next @param {Record<string, string>} names class name of each module, by its path */
    take(next, names) {
      const same = columns.length === next.length && columns.every(({ step }, k) => step.path === next[k].step.path);
      const left = same ? element.scrollLeft : 0; // a swapped activation leaves everything at its place
      seen.disconnect();
      [columns, modules] = [next, names];
      groups = groupsOf(columns.map(({ step }) => step));
      arrangement.describe(groups.length > 0);
      arrange();
      element.scrollLeft = left;
      for (const column of columns) seen.observe(column.element);
    },

    /** Bring a column into view. @param {Column} column */
    reveal({ element: place }) {
      if (!place.isConnected) return;
      if (narrow.matches) {
        place.scrollIntoView({ block: "start" });
        return;
      }
      if (!scrolls) return; // what is in view need not be laid out to be found there
      const { offsetLeft, offsetWidth } = place;
      const [least, most] = [offsetLeft + offsetWidth - element.clientWidth, offsetLeft];
      element.scrollLeft = Math.min(most, Math.max(element.scrollLeft, least));
    },
  };
}
