/** What the Arithmetic page asks of the server and what it is answered: types only. */

/** @template Q, A @typedef {import("../live.js").Asked<Q, A>} Asked */
/** @typedef {import("../arithmetic.js").Tensor} Tensor */
/** A setting of an operator: a number, a choice, or one for each axis. @typedef {number | string | boolean | number[]} Setting */
/** A result's elements, by their name where they are not finite, by its name. @typedef {Record<string, (number | string)[]>} Results */
/** The source of a function of `core.ops` (explorer/arithmetic/listings.py): lines from 1 of the file, those of its docstring, and where walks stop. @typedef {{ file: string, first: number, lines: string[], documentation: number[], marks: Record<string, number> }} Listing */

/** `frames`: PNG files in base64, each shown for `delay` ms. @typedef {{ format: string, delay: number, frames: string[] }} Film */
/** Makes a film of frames; asked for beside the other functions (arithmetic/film.js). @typedef {Asked<Film, { type: string, data: string }>} Animate */
/**
 * @typedef {{
 *   check: Asked<{ op: string, settings: Record<string, Setting>, tensors: Record<string, Tensor> }, Results>,
 *   check_chain: Asked<import("../chain.js").Network, Record<string, Results>>,
 * }} Server
 */
/** What the page starts with; `formulas` by name; `films`: formats of moving pictures. @typedef {{ listings: Record<string, Listing>, formulas: Record<string, string>, films: string[] }} Options */

export {};
