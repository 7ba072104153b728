/** What is read → the arithmetic → what is written: the matrices of a pass, with the cells of the present visit lit. */

import { lastPhase, operatorOf, present, visitedInput, writersOf, writtenAt } from "../lib/arithmetic.js";
import { NO_RING } from "../lib/planes.js";
import { h } from "../parts/dom.js";
import { createGrid } from "./grid.js";
import { createMap, isMany } from "./map.js";
import { layoutOf } from "./stage_layout.js";
import { marksOf } from "./stage_marks.js";
import { pointedAt } from "./stage_pointing.js";
import { createTerms } from "./terms.js";
import { labelOf, refusedWords } from "./words.js";

/** @typedef {import("../lib/arithmetic.js").Pass} Pass */
/** @typedef {import("../lib/arithmetic.js").Name} Name */
/** @typedef {import("../lib/case.js").Case} Case */
/** `shape` and values of every tensor of the case and of its results. @typedef {Record<string, { shape: number[], values: ArrayLike<number> }>} Tensors */
/**
 * @typedef {{ given: Case, passes: Record<string, Pass>, pass: Pass, tensors: Tensors,
 *   moment: import("../lib/arithmetic.js").Moment, preview: number | null, single: boolean }} Scene
 * `preview`: the visit that is pointed at; `single`: the walk stops at every product
 */

/** Widths for what is read and what is written beside drawn tensors, in pixels. */
const ROOM = { read: 540, written: 420 };

/**
 * @param {{ onpreview: (visit: number | null) => void, onpick: (visit: number) => void,
 *   onedit: (name: Name, index: number, value: number, gesture: unknown) => void, editable?: (given: Case, name: Name) => boolean }} options
 */
export function createStage({
  onpreview,
  onpick,
  onedit,
  editable: isEditable = (given, name) => operatorOf(given).inputs.includes(name),
}) {
  const [left, right] = [h("div", { class: "stage-read" }), h("div", { class: "stage-written" })];
  const arrow = () => h("span", { class: "stage-arrow", "aria-hidden": "true" }, "→");
  const terms = createTerms({ onlight: (term) => light(term ? present(term.cells) : []) });
  const flow = h("div", { class: "stage-flow" }, left, arrow(), terms.element, arrow(), right);
  /** @type {Scene | null} */
  let scene = null;
  /** Cells pointed out beside those of the visit. @type {[string, number][]} */
  let extra = [];
  /** @type {Map<string, ReturnType<typeof createGrid> | ReturnType<typeof createMap>>} */
  const grids = new Map();
  /** The elements that the forward pass reads, while it is the same pass. @type {{ forward: Pass, seen: Uint8Array } | null} */
  let reading = null;

  /** The grid of a tensor of an operator, made when it is first shown. @param {Scene} scene @param {Name} name */
  function gridOf({ given, tensors }, name) {
    const many = isMany(tensors[name].shape);
    const key = `${given.op} ${name} ${many}`;
    const grid = grids.get(key) ?? (many ? createMap : createGrid)(optionsOf(given, name));
    grids.set(key, grid);
    return grid;
  }

  /** @param {Case} given @param {Name} name @returns {Parameters<typeof createGrid>[0] & Parameters<typeof createMap>[0]} */
  function optionsOf(given, name) {
    const [[letter, says, planeSays], editable] = [labelOf(given, name), isEditable(given, name)];
    return {
      name,
      editable,
      letter,
      says,
      planeSays,
      onhover: point,
      onedit: (index, value, gesture) => onedit(name, index, value, gesture),
      refuse(value) {
        const refusal = scene && operatorOf(scene.given).accepts?.(scene.given, name, value);
        return refusal ? refusedWords(refusal) : null;
      },
      onpick: editable ? undefined : (index) => pick(name, index),
    };
  }

  /** @param {Name} name @param {number} index */
  function pick(name, index) {
    const [visit] = scene ? writersOf(scene.pass, name, index) : [];
    if (visit !== undefined) onpick(visit);
  }

  /** A cell is pointed at: the window moves there; a cell that no window moves over shows its partners instead. @param {Name} name @param {number | null} index */
  function point(name, index) {
    if (!scene) return;
    const pointed = index === null ? null : pointedAt(scene.pass, name, index);
    if (index === null) {
      extra = [];
      onpreview(null);
    } else if (pointed && "visit" in pointed) onpreview(pointed.visit);
    else if (pointed) light(pointed.cells);
  }

  /** @param {[string, number][]} cells */
  function light(cells) {
    extra = cells;
    draw();
  }

  /** The elements of the input that any step of the forward pass reads, where a window slides over it. @param {Pass | undefined} forward */
  function readBy(forward) {
    if (forward?.slides !== "input") return undefined;
    if (reading?.forward !== forward) reading = { forward, seen: visitedInput(forward) };
    return reading.seen;
  }

  /** @param {import("./stage_layout.js").Layout} layout */
  function arrange({ kind, ...sides }) {
    flow.dataset.layout = kind;
    for (const [name, count] of Object.entries(sides)) flow.style.setProperty(`--${name}`, String(count));
  }

  function draw() {
    if (!scene) return;
    const { given, passes, pass, tensors, moment, preview } = scene;
    const visit = pass.visit(preview ?? moment.visit);
    const phase = preview === null ? moment.phase : lastPhase(pass, preview);
    const { lit, around } = marksOf(scene, visit, phase, extra);
    const written = writtenAt(pass, moment);
    const unread = readBy(passes.forward);
    arrange(layoutOf(pass, tensors));
    for (const name of pass.reads) {
      const slides = name === pass.slides;
      gridOf(scene, name).show({
        ...tensors[name],
        unread: name === "input" ? unread : undefined,
        lit: lit[name],
        around: slides ? around : new Map(),
        ring: (slides && pass.ring) || NO_RING,
        room: ROOM.read,
      });
    }
    for (const name of pass.targets)
      gridOf(scene, name).show({
        shape: tensors[name].shape,
        values: written[name].values,
        written: pass.scatter ? undefined : written[name].written,
        lit: lit[name],
        around: new Map(),
        ring: NO_RING,
        room: ROOM.written,
      });
    gridOf(scene, visit.target[0]).enter(visit.target[1]);
    terms.show(given, pass, visit, phase);
  }

  /** The tensors that a scene shows, and of which kind. @param {Scene} shown */
  const tensorsOf = ({ given, pass: { name, reads, targets }, tensors }) =>
    JSON.stringify([
      given.op,
      name,
      ...[reads, targets].map((some) => some.map((one) => [one, isMany(tensors[one].shape)])),
    ]);

  return {
    element: h("div", { class: "stage-place" }, flow),
    /** @param {Scene} next */
    show(next) {
      const other = !scene || tensorsOf(scene) !== tensorsOf(next);
      scene = next;
      if (other) {
        extra = [];
        const { reads, targets, signs = [] } = next.pass;
        const sign = (/** @type {number} */ k) =>
          signs[k] ? [h("span", { class: "stage-sign", "aria-hidden": "true" }, signs[k])] : [];
        left.replaceChildren(...reads.flatMap((name, k) => [gridOf(next, name).element, ...sign(k)]));
        right.replaceChildren(...targets.map((name) => gridOf(next, name).element));
      }
      draw();
    },
    repaint() {
      for (const grid of grids.values()) grid.repaint();
      terms.repaint();
      draw();
    },
  };
}
