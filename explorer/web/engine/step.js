/** One operation that ran: what the network's plan says of it, and its tensors. Types, and how they are read. */

/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("../lib/field.js").Relation} Relation */
/** @typedef {import("../lib/formula/fill.js").Given} Given */

/**
 * What Python says of an operation in words (explorer/publish/plan.py): its formula, what happens to its sum, its line of PyTorch,
 * and the formula of its gradient by each argument, null where there is none.
 * @typedef {{ formula: Given, after: string, pytorch: string, gradients: Record<string, Given | null> }} Texts
 */
/**
 * @typedef {{
 *   op: string, settings: Record<string, any>, parents: Record<string, number>, parameters: Record<string, string>, texts: Texts,
 * }} Planned  `parents`: the step that made an argument, −1 for the input; `parameters`: the name of one that belongs to the model
 */
/**
 * @typedef {Planned & {
 *   index: number, arguments: Record<string, Tensor>, relations: Record<string, Relation>, output: Tensor, mask?: Tensor,
 * }} Step  `relations`: how the output depends on what earlier steps made, by argument; `mask`: what its output was multiplied by
 */

/** @param {Step} step @param {string} name @returns {Tensor} */
export function argumentOf(step, name) {
  const found = step.arguments[name];
  if (!found) throw new Error(`${step.op} has no tensor ${name}`);
  return found;
}

/** A setting as rows and columns. @param {number | number[]} value @returns {[number, number]} */
export const pairOf = (value) => (Array.isArray(value) ? [value[0], value.at(-1) ?? value[0]] : [value, value]);
