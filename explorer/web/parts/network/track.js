/** Where the columns stand: side by side on a track, some folded away, under their modules and the edges between them. */

import { h } from "../dom.js";
import { edgesOf, foldedAtFirst, groupsOf, representatives, stepFold } from "../../lib/graph.js";
import { page } from "../page.js";
import { createArrangement } from "./arrange.js";
import { bandsOf, createEdges } from "./edges.js";

/** @typedef {ReturnType<typeof import("./column.js").createColumn>} Column */
/** @typedef {import("../../lib/graph.js").Edge} Edge */

/** px between columns. */
const GAP = 10;
/** A network of more columns opens with modules folded. */
const MOST_COLUMNS = 100;
/** A column counts as seen a little before it is. */
const AHEAD = "0px 300px";

/** @param {string} name a module's path or a step's fold @param {Set<string>} now what is folded */
function toggleFold(name, now) {
  if (!now.delete(name)) now.add(name);
  page.set({ fold: [...now] });
}

/**
 * @param {{ onseen: (column: Column) => void, onchange: () => void, onedge: (from: Column | null, to: Column | null, over: number) => void }} options
 *   `onseen` when a column came into view or left it, `onchange` when other columns may be seen than before, `onedge` when an edge
 *   is pointed at, with the columns it joins and how many it passes over, or none any more
 */
export function createTrack({ onseen, onchange, onedge }) {
  const arrangement = createArrangement({
    onfoldall: (fold) => page.set({ fold: fold ? [...new Set(groups.map(({ path }) => path))] : [] }),
  });
  const edges = createEdges({ onfold: (path) => toggleFold(path, folded()), onedge: point, onfollow: follow });
  const row = h("div", { class: "steps-row" });
  const element = h("div", { class: "steps", tabindex: -1 }, ...edges.elements, row);
  /** @type {Column[]} */
  let columns = [];
  /** Those on the track, from left to right. @type {Column[]} */
  let shown = [];
  /** @type {import("../../lib/graph.js").Group[]} */
  let groups = [];
  /** Class name of each module, by its path. @type {Record<string, string>} */
  let modules = {};

  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const column = columns.find(({ element: each }) => each === entry.target);
        if (!column) continue;
        column.visible = entry.isIntersecting;
        onseen(column);
      }
      onchange();
    },
    { root: element, rootMargin: AHEAD },
  );

  /** What is folded: what the person or the link said, or what makes a large network fit. @returns {Set<string>} */
  const folded = () =>
    page.get("fold") ? new Set(page.get("fold")) : foldedAtFirst(columns.length, groups, MOST_COLUMNS);

  /** Put the columns that are not folded away on the track, with their modules and edges above. */
  function arrange() {
    const now = folded();
    const stands = representatives(columns.length, groups, now);
    shown = columns.filter((_, at) => stands[at] === at);
    for (const column of columns) {
      column.fold(now.has(stepFold(column.step.index)));
      column.resize(page.get("zoom"));
      column.element.style.width = `${column.width}px`;
    }
    let left = 0;
    const places = shown.map(({ width }) => {
      const place = { left, width };
      left += width + GAP;
      return place;
    });
    const placeOf = new Map(shown.map((column, place) => [columns.indexOf(column), place]));
    const bands = bandsOf(groups, now, modules, (at) => places[placeOf.get(stands[at]) ?? 0]);
    row.replaceChildren(...shown.map((column) => column.element));
    edges.draw(
      bands,
      edgesOf(
        columns.map(({ step }) => step),
        stands,
      ),
      places,
    );
    for (const column of columns) {
      if (!shown.includes(column)) column.visible = false;
    }
    onchange();
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
  page.on(["fold", "zoom"], () => {
    if (columns.length) arrange();
  });

  return {
    element,
    /** How the columns are laid out, to choose. */
    arrangement: arrangement.element,
    arrange,

    get shown() {
      return shown;
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

    /** Bring a column to where the panel of an opened cell does not lie over it. @param {Column} column */
    reveal({ element: { isConnected, offsetLeft, offsetWidth } }) {
      if (!isConnected) return;
      const free = element.clientWidth - parseFloat(getComputedStyle(element).paddingRight);
      element.scrollLeft = Math.min(offsetLeft, Math.max(element.scrollLeft, offsetLeft + offsetWidth - free));
    },
  };
}
