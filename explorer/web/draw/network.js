/**
 * The network view: one column per step of the trace, in execution order, each with the maps of its channels. It draws
 * what the server described and names no layer, channel count or picture size of its own.
 */

import { h } from "../lib/dom.js";
import { fieldsOf } from "../lib/field.js";
import { t } from "../lib/i18n.js";
import { createBackward } from "./backward.js";
import { createColumn } from "./column.js";
import { createLegend } from "./legend.js";

/** @typedef {import("./column.js").Step} Step */
/** @typedef {import("./column.js").Maps} Maps */

/**
 * @param {{ onwant: () => void, onopen: (place: import("../lib/link.js").Place) => void,
 *   onfield: (blocks: import("../lib/field.js").Block[] | null) => void }} options
 *   `onwant` is called when other maps than before should be asked for, `onopen` when a cell was chosen, `onfield` with
 *   the input cells that the pointed cell is made of
 */
export function createNetwork({ onwant, onopen, onfield }) {
  const legend = createLegend(repaint);
  const backward = createBackward();
  const reading = h("output", { class: "reading", "aria-live": "polite" });
  const track = h("div", { class: "steps", tabindex: -1 });
  const element = h("section", { class: "network", dataset: { i18nAria: "network.title" } },
    h("div", { class: "network-bar" }, backward.element, legend.element, reading), track);
  /** @type {ReturnType<typeof createColumn>[]} */
  let columns = [];
  let everything = true;
  /** @type {Record<string, import("../lib/field.js").Relation>[]} */
  let geometry = [];
  let peak = 0;

  const seen = new IntersectionObserver((entries) => {
    let more = false;
    for (const entry of entries) {
      const column = columns.find(({ element }) => element === entry.target);
      if (!column) continue;
      more ||= entry.isIntersecting && !column.visible;
      column.visible = entry.isIntersecting;
    }
    if (more && !everything) onwant();
  }, { root: track, rootMargin: "0px 300px" });

  function repaint() {
    for (const column of columns) column.paint(legend.scope, peak);
    rest();
    columns.forEach((column) => column.retell());
  }

  /** Nothing is pointed at. */
  function rest() {
    reading.textContent = t("network.reading");
    legend.rest();
  }

  /** @param {ReturnType<typeof createColumn>} column @param {ReturnType<ReturnType<typeof createColumn>["read"]>} found */
  function tell(column, found) {
    if (!found) {
      rest();
      outlineFields(null);
      return;
    }
    const { step } = column;
    const name = step.index < 0 ? t("network.input") : `${step.path || step.op}`;
    const place = found.label ?? t("network.cell", { channel: found.channel, row: found.row, column: found.column });
    const shape = step.shape.join("×");
    const mean = step.map && step.map.block > 1 ? t("network.mean", { block: step.map.block }) : "";
    reading.textContent = `${column.backward ? "dL/d " : ""}${name} · ${place} · ${t("network.value", { value: found.text })} ${mean} · ${shape}`;
    legend.mark(column.scaled(), found.value, found.scale, legend.scope === "network" ? peak : column.peak);
  }

  /**
   * Outline, in every other column, what a cell is made of and what it influences.
   * @param {{ step: number, cell: number[] } | null} place
   */
  function outlineFields(place) {
    const found = place && fieldsOf(geometry, (index) => /** @type {Step} */ (stepOf(index)).shape, place.step, place.cell);
    for (const column of columns) {
      const index = column.step.index;
      const sources = found?.sources.get(index);
      column.outline(sources ?? found?.influence.get(index), sources ? "sources" : "influence");
    }
    onfield(found?.sources.get(-1) ?? null);
  }

  const stepOf = (/** @type {number} */ index) => columns.find((column) => column.step.index === index)?.step;

  return {
    element,
    repaint,

    /** @param {{ steps: Step[], everything: boolean, classes: string[], geometry: Record<string, import("../lib/field.js").Relation>[] }} description */
    describe(description) {
      seen.disconnect();
      everything = description.everything;
      geometry = description.geometry;
      backward.describe(description.classes);
      columns = description.steps.map((step) => createColumn(step, { tell, onpage: onwant, onopen, onpoint: outlineFields }));
      track.replaceChildren(...columns.map((column) => column.element));
      track.scrollLeft = 0;
      for (const column of columns) seen.observe(column.element);
      rest();
    },

    /** The maps to ask for: [step, first channel] of every column on screen, or of all where all of them are small. */
    get wanted() {
      return columns.filter((column) => column.step.map && (everything || column.visible)).map((column) => [column.step.index, column.first]);
    },

    /** @param {{ maps: Maps[], peaks: Record<string, number>, loss: { name: string, value: number } | null,
     *   changed: Record<string, { count: number, of: number, largest: number }> }} observation */
    show(observation) {
      const { loss } = observation;
      backward.tell(loss);
      const byStep = new Map(observation.maps.map((maps) => [maps.step, maps]));
      peak = Math.max(0, ...columns.filter(({ step }) => loss || step.scale === "diverging").map(({ step }) => observation.peaks[step.index]));
      for (const column of columns) {
        const maps = byStep.get(column.step.index);
        if (maps && maps.first === column.first) column.take(maps, observation.peaks[column.step.index], loss !== null);
        column.paint(legend.scope, peak);
        column.markChanges(observation.changed);
      }
      columns.forEach((column) => column.retell());
    },

    /** The name of a step for people. @param {number} index */
    name(index) {
      const step = stepOf(index);
      return !step || index < 0 ? t("network.input") : step.path || `${index + 1} ${step.op}`;
    },

    /** Mark one cell, and no other, as where a number comes from. @param {{ step: number, cell: number[] } | null} place */
    light(place) {
      for (const column of columns) column.light(place && place.step === column.step.index ? place.cell : null);
    },

    relabel() {
      columns.forEach((column) => column.relabel());
      rest();
    },
  };
}
