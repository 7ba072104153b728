/**
 * Small operators number by number: the browser's twin of `core.ops`, loop by loop and in the same order of sums.
 *
 * docs/operators.md says how an operator is added: here by its module in `operators/`, named in `operators/index.js` or in the
 * list of its family.
 * Pages, tests and links ask the module for everything else. Its shape is `Operator` below:
 *
 *   name       its key in words (`arithmetic.op.NAME`), links and requests; `title` is a name that no language translates,
 *              `family` groups it in the menu
 *   inputs     the tensors that a person edits, in the order they stand on the page, with how formulas write them (`labels`)
 *   settings   what can be chosen, each a control with `get` and `set` on a case: the controls are built from this list
 *   begin      its first case, on the numbers of the case before it where they fit
 *   refusal    why the settings are impossible, or null
 *   fit        the case with its tensors in the sizes that the settings ask for
 *   sizes      the output's size with the current numbers, if there is a formula for it
 *   passes     forward and backward: the `Pass`es in the order in which they run, each with its formula, its line of
 *              PyTorch, its listing in `core.ops` and `visit(k)`, whose `terms` are the arithmetic of step k
 *
 * A pass is a list of visits, one for each turn of the outer loop; a visit is a list of terms, one for each turn of the
 * inner loop. What is on screen at a moment is a function of the moment's number alone: there is nothing to rewind.
 */

import { OPERATORS } from "./operators/index.js";
import { size } from "./visits.js";
import { largestOf } from "./numbers.js";

export { OPERATORS };

/** @typedef {{ shape: number[], values: number[] }} Tensor  values row by row */
/** A tensor's name: "input", "weight", "gradOutput" … @typedef {string} Name */
/** The numbers and settings of one operator; JSON. @typedef {{ op: string, settings: Record<string, any>, tensors: Record<Name, Tensor> }} Case */
/** Why something is impossible: a key of the page's words and its numbers; `axis` where only one of them is at fault. @typedef {{ reason: string, axis?: "rows" | "columns", numbers: Record<string, number | string> }} Refusal */

/**
 * One control. `key`: its name on the page; "count" and "choice" have `options`, "number" `accepts` what is typed.
 * @typedef {{
 *   key: string, kind: "count" | "choice" | "switch" | "number", label?: string, options?: (given: Case) => (number | string)[], accepts?: (value: number) => boolean,
 *   get: (given: Case) => any, set: (given: Case, value: any) => Case, hidden?: (given: Case) => boolean,
 * }} Part
 */
/** One or two controls under a name; `passes`: shown with these only. @typedef {{ key: string, parts: Part[], between?: string, passes?: string[], hidden?: (given: Case) => boolean }} Setting */
/** How a formula writes a tensor, the key of what it is called, and that of one of its planes. @typedef {Record<Name, [string, string, string?]>} Labels */

/**
 * @typedef {{
 *   name: string, title?: string, family: string, inputs: Name[], labels: Labels, variables?: Record<Name, string>, settings: Setting[],
 *   begin: (before: Case | null) => Case, refusal: (given: Case) => Refusal | null, fit: (given: Case) => Case,
 *   sizes?: (given: Case) => { symbols: string, axes: { axis: "rows" | "columns", output: number, text: string }[] },
 *   ranges?: (given: Case) => Record<Name, [number, number, number?]>,
 *   accepts?: (given: Case, name: Name, value: number) => Refusal | null,
 *   passes: (given: Case) => Pass[],
 * }} Operator
 * `variables`: how lines of PyTorch call a tensor, where that is not X, K, b or dY; `ranges`: from, to and step of random numbers; `accepts`: why a number cannot stand in a tensor, or null
 */

/** The loop's variables by their names in the source. @typedef {Record<string, number>} Vars */
/**
 * One turn of the inner loop. `inside` false: it lies over padding and is left out; `changes` false: it leaves the result
 * as it was; `mark`: the line that ran, where it is neither of "skip", "stay", "term". `cells`: the elements that are
 * read; `around`: plane, row and column of the padding that it lies over; `after`: variables after it; `place`: group, row,
 * column of the picture of all terms, `label`: what stands there over its value, if not its factors; `writes`: the element
 * that it sets to `product` or a third number, or in a scattering pass adds `product` to.
 * @typedef {{
 *   vars: Vars, inside: boolean, changes: boolean, mark?: string, cells: Partial<Record<Name, number>>, around?: [number, number, number] | null,
 *   factors: number[], product: number, after: Vars, place: [number, number, number], label?: string, writes: [Name, number, number?] | null,
 * }} Term
 */
/**
 * One turn of the outer loop. `start`: variables before the first term; `window`: the elements that the window covers;
 * `also`: elements that are read beside the terms; `picture`: the terms to draw, where they are not the loop's;
 * `groups`: the channel of each group of the picture.
 * @typedef {{
 *   vars: Vars, target: [Name, number], start: Vars, terms: Term[], value: number, window: Partial<Record<Name, number[]>>,
 *   also?: Partial<Record<Name, number>>, picture?: Term[], groups?: number[],
 * }} Visit
 */
/** A piece of the formula with numbers; `at`: the term that it stands for. @typedef {{ text: string, at?: number }} Piece */
/** A sentence: a key of the page's words with its values, or bare mathematics. @typedef {{ key: string, values: Record<string, string | number> } | { text: string }} Told */
/** Padding drawn around the planes of the tensor that slides; `value`: what stands there. @typedef {{ top: number, bottom: number, left: number, right: number, value?: (plane: number, row: number, column: number) => number }} Ring */
/**
 * `function`: the listing, and of `core`'s formulas the one, unless it is `formula`; `letters`: what stands for its letters; `before`: lines of PyTorch that the call needs, beside those of the forward pass; `gives`: the variables
 * that it leaves, where it is no assignment; `slides`: the tensor that the window moves over; `taps`: terms of a visit, or of each visit;
 * `starts`, `ends`: the marks of the loop's lines before the first and after the last term, or null; `scatter`: terms
 * add to their targets instead of to one sum; without building terms, `scan`: the value of visit k, which writes element k,
 * and each element of `slides` that it reads; `adds`: what visit k of a scattering pass adds to which elements. For the picture: `compares`: the largest term wins; `running`: the
 * variable that grows; `grouped`: the words of a group of terms; `rotated`: the kernel lies over it rotated; `signs`: what stands between the tensors that it reads.
 * @typedef {{
 *   name: string, direction: "forward" | "backward" | "step", function: string, formula?: string, letters: import("./formula/fill.js").Values, torch: string, before?: string[], gives?: string,
 *   reads: Name[], slides: Name | null, targets: Name[], shapes: Partial<Record<Name, number[]>>, ring?: Ring,
 *   count: number, taps: number | number[], starts: string | null, ends: string | null, scatter: boolean, visit: (k: number) => Visit,
 *   scan?: (k: number, onread?: (index: number) => void) => number, adds?: (k: number, add: (index: number, product: number) => void) => void, compares?: boolean, running?: string, grouped?: string, rotated?: boolean, signs?: string[],
 *   worked: (visit: Visit) => Piece[], told: (visit: Visit, phase: number) => Told,
 * }} Pass
 */
/** What one step of a walk is. @typedef {"value" | "product"} Unit */
/** @typedef {{ visit: number, phase: number }} Moment  phase −1 is before the first term, the number of terms after the last */

/** What is there, by name. @template T @param {Partial<Record<Name, T>>} found @returns {[Name, T][]} */
export const present = (found) =>
  /** @type {[Name, T][]} */ (Object.entries(found).filter(([, one]) => one !== undefined));

/** @param {{ op: string }} given @returns {Operator} */
export const operatorOf = ({ op }) => OPERATORS[op];

/** Why there is nothing to compute, or null. @param {Case} given */
export const refusalOf = (given) => operatorOf(given).refusal(given);

/** All passes of a case whose settings are possible, by name, in the order in which they run. @param {Case} given @returns {Record<string, Pass>} */
export const passesOf = (given) =>
  Object.fromEntries(
    operatorOf(given)
      .passes(given)
      .map((pass) => [pass.name, pass]),
  );

/** The case with its tensors in the sizes that its settings ask for. @template {Case} C @param {C} given @returns {C} */
export const fitting = (given) => (refusalOf(given) ? given : { ...given, ...operatorOf(given).fit(given) });

/** Terms of a visit. @param {Pass} pass @param {number} visit */
export const tapsOf = ({ taps }, visit) => (typeof taps === "number" ? taps : taps[visit]);

/** The last phase of a visit. @param {Pass} pass @param {number} visit */
export const lastPhase = (pass, visit) => tapsOf(pass, visit) - (pass.ends ? 0 : 1);

/** Moments before each visit, and of all. @type {WeakMap<Pass, number[]>} */
const counted = new WeakMap();

/** Moments before a visit, stepped product by product. @param {Pass} pass @param {number} visit */
function momentsBefore(pass, visit) {
  const lines = (pass.starts ? 1 : 0) + (pass.ends ? 1 : 0);
  if (typeof pass.taps === "number") return visit * (pass.taps + lines);
  let before = counted.get(pass);
  if (!before) {
    before = [0];
    for (const taps of pass.taps) before.push(before[before.length - 1] + taps + lines);
    counted.set(pass, before);
  }
  return before[visit];
}

/** How many moments a pass has, stepped value by value or product by product. @param {Pass} pass @param {Unit} unit */
export const momentCount = (pass, unit) => (unit === "value" ? pass.count : momentsBefore(pass, pass.count));

/** @param {Pass} pass @param {Unit} unit @param {number} k @returns {Moment} */
export function momentAt(pass, unit, k) {
  if (unit === "value") return { visit: k, phase: lastPhase(pass, k) };
  let [visit, beyond] = [0, pass.count];
  while (beyond - visit > 1) {
    const middle = (visit + beyond) >> 1;
    if (momentsBefore(pass, middle) <= k) visit = middle;
    else beyond = middle;
  }
  return { visit, phase: k - momentsBefore(pass, visit) - (pass.starts ? 1 : 0) };
}

/** The number of a moment, or of the nearest later one that this unit stops at. @param {Pass} pass @param {Unit} unit @param {Moment} moment */
export const numberAt = (pass, unit, { visit, phase }) =>
  unit === "value" ? visit : momentsBefore(pass, visit) + phase + (pass.starts ? 1 : 0);

/**
 * The line that ran last and the variables after it.
 * @param {Pass} pass @param {Visit} visit @param {number} phase @returns {{ mark: string, vars: Vars }}
 */
export function lineAt(pass, visit, phase) {
  if (phase < 0) return { mark: /** @type {string} */ (pass.starts), vars: { ...visit.vars, ...visit.start } };
  const term = visit.terms[Math.min(phase, visit.terms.length - 1)];
  const vars = { ...visit.vars, ...visit.start, ...term?.vars, ...term?.after };
  if (phase >= visit.terms.length) return { mark: /** @type {string} */ (pass.ends), vars };
  return { mark: term.mark ?? (!term.inside ? "skip" : term.changes ? "term" : "stay"), vars };
}

/**
 * What a pass has written up to a moment: for each target its values, and which of them were written.
 * @param {Pass} pass @param {Moment} moment @returns {Record<Name, { values: Float64Array, written: Uint8Array }>}
 */
export function writtenAt(pass, { visit: last, phase }) {
  /** @type {Record<Name, { values: Float64Array, written: Uint8Array }>} */
  const targets = Object.fromEntries(
    pass.targets.map((name) => {
      const count = size(/** @type {number[]} */ (pass.shapes[name]));
      return [name, { values: new Float64Array(count), written: new Uint8Array(count) }];
    }),
  );
  const write = (/** @type {[Name, number, number?]} */ [name, index, own], /** @type {number} */ product) => {
    const value = own ?? product;
    targets[name].values[index] = value;
    targets[name].written[index] = 1;
  };
  const [first] = pass.targets;
  const add = (/** @type {number} */ index, /** @type {number} */ product) =>
    write([first, index], targets[first].values[index] + product);
  for (let k = 0; k <= last; k++) {
    const whole = k < last || phase >= lastPhase(pass, k);
    if (whole && (pass.scan || pass.adds)) {
      if (pass.scan) write([first, k], pass.scan(k));
      else pass.adds?.(k, add);
      continue;
    }
    const visit = pass.visit(k);
    const until = k < last ? visit.terms.length : Math.max(0, phase + 1);
    for (const { writes, product } of visit.terms.slice(0, until)) {
      if (writes) write(writes, pass.scatter ? targets[writes[0]].values[writes[1]] + product : product);
    }
    if (!pass.scatter && whole) write(visit.target, visit.value);
  }
  return targets;
}

/** What a whole pass writes. @param {Pass} pass */
export const resultOf = (pass) => writtenAt(pass, { visit: pass.count - 1, phase: lastPhase(pass, pass.count - 1) });

/**
 * The visits that write an element, in order: several where a pass scatters.
 * @param {Pass} pass @param {Name} name @param {number} index
 */
export function* writersOf(pass, name, index) {
  for (let k = 0; k < pass.count; k++) {
    const { target, terms } = pass.visit(k);
    if (
      pass.scatter
        ? terms.some(({ writes }) => writes?.[0] === name && writes[1] === index)
        : target[0] === name && target[1] === index
    )
      yield k;
  }
}

/**
 * The visits and terms that read an element, for following it by hand.
 * @param {Pass} pass @param {Name} name @param {number} index
 */
export function readersOf(pass, name, index) {
  /** @type {{ visit: number, at: number, term: Term }[]} */
  const readers = [];
  for (let visit = 0; visit < pass.count; visit++) {
    pass.visit(visit).terms.forEach((term, at) => {
      if (term.inside && term.cells[name] === index) readers.push({ visit, at, term });
    });
  }
  return readers;
}

/** Which elements of the tensor that the window moves over are read by any visit. @param {Pass} pass @returns {Uint8Array} 1 for those */
export function visitedInput(pass) {
  const name = /** @type {Name} */ (pass.slides);
  const seen = new Uint8Array(size(/** @type {number[]} */ (pass.shapes[name])));
  const see = (/** @type {number} */ index) => {
    seen[index] = 1;
  };
  for (let k = 0; k < pass.count; k++) {
    if (pass.scan) pass.scan(k, see);
    else for (const { inside, cells } of pass.visit(k).terms) if (inside) see(/** @type {number} */ (cells[name]));
  }
  return seen;
}

/** Differences up to this part of a number are rounding: sums in another order. */
const TOLERANCE = 1e-9;

/** Whether our numbers are those that another computed, and by how much they differ. @param {{ ours: ArrayLike<number>, theirs: number[] }[]} lists */
export function agreementOf(lists) {
  let [largest, count, agrees] = [0, 0, true];
  for (const { ours, theirs } of lists) {
    const difference = largestDifference(ours, theirs);
    agrees &&= difference <= TOLERANCE * largestOf(theirs.filter(Number.isFinite).map(Math.abs), 1);
    largest = Math.max(largest, difference);
    count += theirs.length;
  }
  return { agrees, largest, count };
}

/**
 * The largest difference between two lists; equal infinities and two NaN do not differ.
 * @param {ArrayLike<number>} ours @param {ArrayLike<number>} theirs
 */
export function largestDifference(ours, theirs) {
  if (ours.length !== theirs.length) return Infinity;
  let largest = 0;
  for (let k = 0; k < ours.length; k++) {
    const difference = Object.is(ours[k], theirs[k]) || ours[k] === theirs[k] ? 0 : Math.abs(ours[k] - theirs[k]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
