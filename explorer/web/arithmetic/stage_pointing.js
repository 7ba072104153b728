/** What pointing at a cell shows: the step that writes it or has it in the middle of its window, or its partners. */

import { present, readersOf, writersOf } from "../lib/arithmetic.js";
import { largestOf } from "../lib/numbers.js";

/** @typedef {import("../lib/arithmetic.js").Pass} Pass */
/** A visit to show, or cells to light. @typedef {{ visit: number } | { cells: [string, number][] } | null} Pointed */

/** @param {Pass} pass @param {string} name @param {number} index @returns {Pointed} null for a cell that no step of a scattering pass is about */
export function pointedAt(pass, name, index) {
  const [writer] = pass.targets.includes(name) ? writersOf(pass, name, index) : [];
  if (writer !== undefined) return { visit: writer };
  const visits = Array.from({ length: pass.count }, (_, k) => k);
  if (pass.scatter) {
    const reading = visits.find((k) => {
      const { window, terms } = pass.visit(k);
      return window[name]?.includes(index) || terms.some(({ cells }) => cells[name] === index);
    });
    return reading === undefined ? null : { visit: reading };
  }
  const beside = visits.filter((k) => pass.visit(k).also?.[name] === index);
  if (beside.length) return { cells: [[name, index], ...beside.map((k) => pass.visit(k).target)] };
  const readers = readersOf(pass, name, index);
  if (name === pass.slides && readers.length) return { visit: middle(pass, readers) };
  const partners = readers.flatMap(({ term }) => present(term.cells).filter(([other]) => other !== name));
  return { cells: [[name, index], ...partners] };
}

/** Of the visits that read a cell, the one whose window has it nearest to its middle. @param {Pass} pass @param {ReturnType<typeof readersOf>} readers */
function middle(pass, readers) {
  const places = pass.visit(readers[0].visit).terms.map(({ place }) => place);
  const [bottom, end] = [1, 2].map((axis) => largestOf(places.map((place) => place[axis])));
  const far = (/** @type {number[]} */ [, row, column]) => Math.abs(row - bottom / 2) + Math.abs(column - end / 2);
  return readers.reduce((best, reader) => (far(reader.term.place) < far(best.term.place) ? reader : best)).visit;
}
