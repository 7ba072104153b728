/**
 * The network view: one column per step of the trace, in execution order, each with the maps of its channels, under the
 * modules they belong to and the edges between them. It draws what the server described and names no layer, channel count
 * or picture size of its own.
 */

import { h } from "../lib/dom.js";
import { fieldsOf } from "../lib/field.js";
import { edgesOf, foldedAtFirst, groupsOf, representatives, stepFold } from "../lib/graph.js";
import { t } from "../lib/i18n.js";
import { page } from "../lib/store.js";
import { createArrangement } from "./arrange.js";
import { createBackward } from "./backward.js";
import { createColumn } from "./column.js";
import { bandsOf, createEdges } from "./edges.js";
import { createLegend } from "./legend.js";
import { createReading } from "./reading.js";

/** @typedef {import("./column.js").Step} Step */
/** @typedef {import("./column.js").Maps} Maps */
/** @typedef {ReturnType<typeof createColumn>} Column */

/** px between columns. */
const GAP = 10;
/** A network of more columns opens with modules folded. */
const MOST_COLUMNS = 100;
/** Times are told at most this often, so that they can be read while the pen moves, ms. */
const TIMES_EVERY = 500;

/**
 * @param {{ onwant: () => void, onopen: (place: import("../lib/link.js").Place) => void,
 *   onfield: (blocks: import("../lib/field.js").Block[] | null) => void }} options
 *   `onwant` is called when other maps than before should be asked for, `onopen` when a cell was chosen, `onfield` with
 *   the input cells that the pointed cell is made of
 */
export function createNetwork({ onwant, onopen, onfield }) {
  const legend = createLegend(() => repaint());
  const backward = createBackward();
  const arrangement = createArrangement({ onfoldall: foldAll });
  const edges = createEdges({ onfold: toggleFold, onedge: tellEdge, onfollow: follow });
  const reading = createReading();
  const row = h("div", { class: "steps-row" });
  const track = h("div", { class: "steps", tabindex: -1 }, ...edges.elements, row);
  const element = h("section", { class: "network", dataset: { i18nAria: "network.title" } },
    h("div", { class: "network-bar" }, backward.element, legend.element, arrangement.element, reading.element), track);
  /** @type {Column[]} */
  let columns = [];
  /** The columns on the track, from left to right. @type {Column[]} */
  let shown = [];
  /** @type {import("../lib/graph.js").Group[]} */
  let groups = [];
  /** Class name of each module, by its path. @type {Record<string, string>} */
  let modules = {};
  let everything = true;
  /** @type {Record<string, import("../lib/field.js").Relation>[]} */
  let geometry = [];
  let peak = 0;
  let version = 1;
  let timed = 0;

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const column = columns.find(({ element }) => element === entry.target);
      if (!column) continue;
      column.visible = entry.isIntersecting;
      column.paint(legend.scope, peak, false);
    }
    wantMore();
  }, { root: track, rootMargin: "0px 300px" });

  /** The maps to ask for: [step, first channel] of the columns on screen, or of all where all of them are small. */
  function wanted() {
    return shown.filter((column) => column.wants(version) && (everything || column.visible)).map((column) => [column.step.index, column.first]);
  }

  function wantMore() {
    if (wanted().length) onwant();
  }

  function repaint() {
    for (const column of columns) column.paint(legend.scope, peak, true);
    rest();
    columns.forEach((column) => column.retell());
  }

  /** Nothing is pointed at. */
  function rest() {
    reading.rest();
    legend.rest();
  }

  /** What is folded: what the person or the link said, or what makes a large network fit. @returns {Set<string>} */
  const folded = () => (page.get("fold") ? new Set(page.get("fold")) : foldedAtFirst(columns.length, groups, MOST_COLUMNS));

  /** @param {string} name a module's path or a step's fold */
  function toggleFold(name) {
    const now = folded();
    if (!now.delete(name)) now.add(name);
    page.set({ fold: [...now] });
  }

  /** @param {boolean} fold */
  function foldAll(fold) {
    page.set({ fold: fold ? [...new Set(groups.map(({ path }) => path))] : [] });
  }

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
    edges.draw(bands, edgesOf(columns.map(({ step }) => step), stands), places);
    for (const column of columns) {
      if (!shown.includes(column)) column.visible = false;
    }
    wantMore();
  }

  /** @param {Column} column @param {ReturnType<Column["read"]>} found */
  function tell(column, found) {
    if (!found) {
      rest();
      outlineFields(null);
      return;
    }
    reading.cell(column, found);
    legend.mark(column.scaled(), found.value, found.scale, legend.scope === "network" ? peak : column.peak);
  }

  /** Say where an edge goes and what travels on it. @param {import("../lib/graph.js").Edge | null} edge */
  function tellEdge(edge) {
    shown.forEach((column, place) => column.element.classList.toggle("linked", edge !== null && (place === edge.from || place === edge.to)));
    if (edge) reading.edge(shown[edge.from].step, shown[edge.to].step, edge.to - edge.from - 1);
    else rest();
  }

  /** Bring the far end of an edge into view. @param {import("../lib/graph.js").Edge} edge */
  function follow({ from, to }) {
    const inView = (/** @type {Column} */ column) => {
      const [box, frame] = [column.element.getBoundingClientRect(), track.getBoundingClientRect()];
      return box.left >= frame.left && box.right <= frame.right;
    };
    shown[inView(shown[to]) ? from : to].element.scrollIntoView({ block: "nearest", inline: "center" });
  }

  /**
   * Outline, in every other column on screen, what a cell is made of and what it influences.
   * @param {{ step: number, cell: number[] } | null} place
   */
  function outlineFields(place) {
    const found = place && fieldsOf(geometry, (index) => columns[index + 1].step.shape, place.step, place.cell);
    const style = getComputedStyle(track);
    const [made, influenced] = ["--cs-accent", "--cs-mark"].map((name) => style.getPropertyValue(name));
    for (const column of columns) {
      const sources = found?.sources.get(column.step.index);
      column.outline(column.visible ? sources ?? found?.influence.get(column.step.index) : undefined, sources ? made : influenced);
    }
    onfield(found?.sources.get(-1) ?? null);
  }

  /** Change the maps' size under Ctrl and wheel, keeping the column under the pointer there. @param {WheelEvent} event */
  function wheel(event) {
    if (!event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    const under = shown.find(({ element: { offsetLeft, offsetWidth } }) => offsetLeft + offsetWidth >= track.scrollLeft + event.clientX - track.getBoundingClientRect().left);
    const before = under?.element.getBoundingClientRect().left ?? 0;
    arrangement.zoomBy(event.deltaY < 0 ? 1 : -1);
    if (under) track.scrollLeft += under.element.getBoundingClientRect().left - before;
  }
  track.addEventListener("wheel", wheel, { passive: false });
  page.on(["fold", "zoom"], () => { if (columns.length) arrange(); });
  page.on(["sort"], () => {
    columns.forEach((column) => column.rewind());
    onwant();
  });

  return {
    element,
    repaint,

    /** @param {{ steps: Step[], everything: boolean, classes: string[], modules: Record<string, string>, geometry: Record<string, import("../lib/field.js").Relation>[] }} description */
    describe(description) {
      const same = columns.length === description.steps.length && columns.every(({ step }, k) => step.path === description.steps[k].path);
      const left = same ? track.scrollLeft : 0; // a swapped activation leaves everything at its place
      seen.disconnect();
      ({ everything, geometry, modules } = description);
      backward.describe(description.classes);
      groups = groupsOf(description.steps);
      arrangement.describe(groups.length > 0);
      columns = description.steps.map((step) => createColumn(step, {
        tell, onpage: onwant, onopen, onpoint: outlineFields, onfold: () => toggleFold(stepFold(step.index)),
      }));
      timed = 0;
      arrange();
      track.scrollLeft = left;
      for (const column of columns) seen.observe(column.element);
      rest();
    },

    /** What the maps were asked for: `expire` starts another drawing, of which there are none yet. */
    get version() {
      return version;
    },
    expire() {
      version++;
    },
    get wanted() {
      return wanted();
    },
    /** Whether every column on the track is in view and has the drawing's maps. */
    get complete() {
      return shown.every((column) => column.visible && !column.wants(version));
    },

    /**
     * @param {{ maps: Maps[], peaks: Record<string, number>, loss: { name: string, value: number } | null, milliseconds: number[],
     *   fed: import("./facts.js").Fed, changed: Record<string, { count: number, of: number, largest: number }> }} observation
     * @param {number} asked the `version` that it answers
     */
    show(observation, asked) {
      const { loss, fed, milliseconds, peaks } = observation;
      backward.tell(loss);
      const byStep = new Map(observation.maps.map((maps) => [maps.step, maps]));
      const highest = Math.max(0, ...columns.filter(({ step }) => loss || step.scale === "diverging").map(({ step }) => peaks[step.index]));
      const rescaled = legend.scope === "network" && highest !== peak;
      peak = highest;
      const now = performance.now();
      const tellTimes = now - timed >= TIMES_EVERY;
      if (tellTimes) timed = now;
      for (const column of columns) {
        const { index } = column.step;
        const maps = byStep.get(index);
        if (maps && maps.first === column.first) {
          column.take(maps, peaks[index], loss !== null);
          column.version = asked;
        }
        column.paint(legend.scope, peak, rescaled);
        column.markChanges(observation.changed);
        if (index < 0) column.sayFed(fed);
        else if (tellTimes) column.sayTime(milliseconds[index]);
      }
      columns.forEach((column) => column.retell());
    },

    /** The name of a step for people. @param {number} index */
    name(index) {
      const step = columns[index + 1]?.step;
      return !step || index < 0 ? t("network.input") : step.path || `${index + 1} ${step.op}`;
    },

    /** Mark one cell, and no other, as where a number comes from. @param {{ step: number, cell: number[] } | null} place */
    light(place) {
      for (const column of columns) column.light(place && place.step === column.step.index ? place.cell : null);
    },

    /** Bring a step's column to where the panel of an opened cell does not lie over it. @param {number} index */
    reveal(index) {
      const column = columns[index + 1];
      if (!column?.element.isConnected) return;
      const { offsetLeft, offsetWidth } = column.element;
      const free = track.clientWidth - parseFloat(getComputedStyle(track).paddingRight);
      track.scrollLeft = Math.min(offsetLeft, Math.max(track.scrollLeft, offsetLeft + offsetWidth - free));
    },

    relabel() {
      columns.forEach((column) => column.relabel());
      if (columns.length) arrange();
      rest();
    },
  };
}
