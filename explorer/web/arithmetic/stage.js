/** What is read | the arithmetic | what is written: the matrices of a pass, with the cells of the present visit lit. */

import { h } from "../parts/dom.js";
import {
  lastPhase,
  operatorOf,
  present,
  readersOf,
  tapsOf,
  visitedInput,
  writersOf,
  writtenAt,
} from "../lib/arithmetic.js";
import { factor } from "../lib/visits.js";
import { createGrid, NO_RING, planesOf } from "./grid.js";
import { createMap, isMany } from "./map.js";
import { createTerms } from "./terms.js";
import { labelOf, refusedWords } from "./words.js";
import { largestOf } from "../lib/numbers.js";

/** @typedef {import("../lib/arithmetic.js").Pass} Pass */
/** @typedef {import("../lib/arithmetic.js").Visit} Visit */
/** @typedef {import("../lib/arithmetic.js").Name} Name */
/** @typedef {import("../lib/case.js").Case} Case */
/** `shape` and values of every tensor of the case and of its results. @typedef {Record<string, { shape: number[], values: ArrayLike<number> }>} Tensors */
/**
 * @typedef {{ given: Case, passes: Record<string, Pass>, pass: Pass, tensors: Tensors,
 *   moment: import("../lib/arithmetic.js").Moment, preview: number | null, single: boolean }} Scene
 * `preview`: the visit that is pointed at; `single`: the walk stops at every product
 */

/** Widths for what is read and what is written, side by side or, when large, one above the other, in pixels. */
const ROOM = { small: { read: 540, written: 420 }, large: { read: 1150, written: 600 } };
/** More columns than this, of all planes of a matrix, are large, and so are more terms and a wider line of their picture, in characters. */
const [MANY_COLUMNS, MANY_TERMS, MANY_CHARACTERS] = [12, 100, 60];
/** A term's cell is at least as wide as so many characters. */
const LEAST_CHARACTERS = 10;

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
  const terms = createTerms({
    onlight(term) {
      light(term ? present(term.cells) : []);
    },
  });
  const element = h("div", { class: "stage-flow" }, left, terms.element, right);
  /** @type {Scene | null} */
  let scene = null;
  /** Cells pointed out beside those of the visit. @type {[string, number][]} */
  let extra = [];

  /** @type {Map<string, ReturnType<typeof createGrid> | ReturnType<typeof createMap>>} */
  const grids = new Map();
  /** The elements that the forward pass reads, while it is the same pass. @type {{ forward: Pass, seen: Uint8Array } | null} */
  let reading = null;

  /** The grid of a tensor of an operator, made when it is first shown. @param {Case} given @param {Name} name */
  function gridOf(given, name) {
    const many = isMany(/** @type {Scene} */ (scene).tensors[name].shape);
    const key = `${given.op} ${name} ${many}`;
    let grid = grids.get(key);
    if (!grid) {
      const [[letter, says, planeSays], editable] = [labelOf(given, name), isEditable(given, name)];
      grid = (many ? createMap : createGrid)({
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
        onpick: editable
          ? undefined
          : (index) => {
              const [visit] = scene ? writersOf(scene.pass, name, index) : [];
              if (visit !== undefined) onpick(visit);
            },
      });
      grids.set(key, grid);
    }
    return grid;
  }

  /** A cell is pointed at: the window moves there; a cell that no window moves over shows its partners instead. @param {Name} name @param {number | null} index */
  function point(name, index) {
    if (!scene) return;
    const { pass } = scene;
    if (index === null) {
      extra = [];
      onpreview(null);
      return;
    }
    const [writer] = pass.targets.includes(name) ? writersOf(pass, name, index) : [];
    if (writer !== undefined) {
      onpreview(writer);
      return;
    }
    const visits = Array.from({ length: pass.count }, (_, k) => k);
    if (pass.scatter) {
      const reading = visits.find(
        (k) =>
          pass.visit(k).window[name]?.includes(index) || pass.visit(k).terms.some(({ cells }) => cells[name] === index),
      );
      if (reading !== undefined) onpreview(reading);
      return;
    }
    const beside = visits.filter((k) => pass.visit(k).also?.[name] === index);
    if (beside.length) {
      light([[name, index], ...beside.map((k) => pass.visit(k).target)]);
      return;
    }
    const readers = readersOf(pass, name, index);
    if (name === pass.slides && readers.length) onpreview(middle(pass, readers));
    else {
      light([[name, index], ...readers.flatMap(({ term }) => present(term.cells).filter(([other]) => other !== name))]);
    }
  }

  /** Of the visits that read a cell, the one whose window has it nearest to its middle. @param {Pass} pass @param {ReturnType<typeof readersOf>} readers */
  function middle(pass, readers) {
    const places = pass.visit(readers[0].visit).terms.map(({ place }) => place);
    const [bottom, end] = [1, 2].map((axis) => largestOf(places.map((place) => place[axis])));
    const far = (/** @type {number[]} */ [, row, column]) => Math.abs(row - bottom / 2) + Math.abs(column - end / 2);
    return readers.reduce((best, reader) => (far(reader.term.place) < far(best.term.place) ? reader : best)).visit;
  }

  /** @param {[string, number][]} cells */
  function light(cells) {
    extra = cells;
    draw();
  }

  /** Marks of cells by tensor, and of padding of the tensor that slides. @param {Visit} visit @param {number} phase */
  function marksOf(visit, phase) {
    const { pass, single, preview } = /** @type {Scene} */ (scene);
    /** @type {Record<string, Map<number, string>>} */
    const lit = Object.fromEntries([...pass.reads, ...pass.targets].map((name) => [name, new Map()]));
    const around = new Map();
    const add = (/** @type {string} */ name, /** @type {number} */ index, /** @type {string} */ mark) => {
      const map = lit[name];
      const before = map?.get(index);
      if (map && index >= 0 && before !== mark) map.set(index, before ? `${before} ${mark}` : mark);
    };
    for (const [name, indices] of present(visit.window)) for (const index of indices) add(name, index, "in");
    visit.terms.forEach((term, k) => {
      const now = single && preview === null && k === phase ? " now" : "";
      for (const [name, index] of present(term.cells))
        if (!term.around || name !== pass.slides) add(name, index, `in${now}`);
      if (term.writes) add(term.writes[0], term.writes[1], single && preview === null && k !== phase ? "in" : "target");
      if (term.around) around.set(term.around.join(" "), `in${now}`);
    });
    for (const [name, index] of present(visit.also ?? {})) add(name, index, "in");
    if (!pass.scatter) add(...visit.target, "target");
    for (const [name, index] of extra) add(name, index, "partner");
    return { lit, around };
  }

  function isLarge() {
    const { pass, tensors } = /** @type {Scene} */ (scene);
    const columns = [...pass.reads, ...pass.targets]
      .filter((name) => !isMany(tensors[name].shape))
      .map((name) => {
        const { shape } = tensors[name];
        return shape.length === 4 ? shape[1] * shape[3] : planesOf(shape).planes * planesOf(shape).columns;
      });
    const wide = (/** @type {import("../lib/arithmetic.js").Term} */ { place, factors }) =>
      (1 + place[2]) * Math.max(LEAST_CHARACTERS, factors.map(factor).join(" × ").length) > MANY_CHARACTERS;
    return largestOf(columns, 0) > MANY_COLUMNS || tapsOf(pass, 0) > MANY_TERMS || pass.visit(0).terms.some(wide);
  }

  function draw() {
    if (!scene) return;
    const { given, passes, pass, tensors, moment, preview } = scene;
    const visit = pass.visit(preview ?? moment.visit);
    const phase = preview === null ? moment.phase : lastPhase(pass, preview);
    const { lit, around } = marksOf(visit, phase);
    const written = writtenAt(pass, moment);
    const room = isLarge() ? ROOM.large : ROOM.small;
    element.classList.toggle("large", isLarge());
    const { forward } = passes;
    if (forward?.slides === "input" && reading?.forward !== forward) reading = { forward, seen: visitedInput(forward) };
    const unread = forward?.slides === "input" ? reading?.seen : undefined;
    for (const name of pass.reads) {
      const { shape, values } = tensors[name];
      const slides = name === pass.slides;
      gridOf(given, name).show({
        shape,
        values,
        unread: name === "input" ? unread : undefined,
        lit: lit[name],
        around: slides ? around : new Map(),
        ring: (slides && pass.ring) || NO_RING,
        room: room.read,
      });
    }
    for (const name of pass.targets) {
      const target = written[name];
      gridOf(given, name).show({
        shape: tensors[name].shape,
        values: target.values,
        written: pass.scatter ? undefined : target.written,
        lit: lit[name],
        around: new Map(),
        ring: NO_RING,
        room: room.written,
      });
    }
    gridOf(given, visit.target[0]).enter(visit.target[1]);
    terms.show(given, pass, visit, phase);
  }

  return {
    element,
    /** @param {Scene} next */
    show(next) {
      const other =
        scene?.given.op !== next.given.op ||
        scene.pass.name !== next.pass.name ||
        String([scene.pass.reads, scene.pass.targets]) !== String([next.pass.reads, next.pass.targets]) ||
        [...next.pass.reads, ...next.pass.targets].some(
          (name) => isMany(/** @type {Scene} */ (scene).tensors[name].shape) !== isMany(next.tensors[name].shape),
        );
      scene = next;
      if (other) {
        extra = [];
        left.replaceChildren(...next.pass.reads.map((name) => gridOf(next.given, name).element));
        right.replaceChildren(...next.pass.targets.map((name) => gridOf(next.given, name).element));
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
