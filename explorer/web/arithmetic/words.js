/** How tensors and their cells are written. */

import { operatorOf } from "../lib/arithmetic.js";
import { t } from "../parts/i18n.js";

/** @typedef {import("../lib/arithmetic.js").Name} Name */

/** How formulas write each tensor, unless the operator says otherwise. @type {Record<Name, string>} */
export const LETTERS = {
  input: "X",
  weight: "K",
  bias: "b",
  gradOutput: "dL/dY",
  output: "Y",
  gradInput: "dL/dX",
  gradWeight: "dL/dK",
  gradBias: "dL/db",
  newWeight: "K′",
  newBias: "b′",
};

/** How formulas write a tensor of an operator, and the keys of its name and of its planes. @param {{ op: string }} given @param {Name} name @returns {[string, string, string?]} */
export const labelOf = (given, name) => operatorOf(given).labels[name] ?? [LETTERS[name], `arithmetic.tensor.${name}`];

/** @param {{ op: string }} given @param {Name} name */
export const letterOf = (given, name) => labelOf(given, name)[0];

/** The name of an operator and of what a pass of it computes: "2-D convolution · Backward: dL/dX". @param {{ op: string }} given @param {import("../lib/arithmetic.js").Pass} pass */
export const titleOf = (given, { direction, targets }) =>
  `${operatorOf(given).title || t(`arithmetic.op.${given.op}`)} · ${t(`arithmetic.pass.${direction}`)}: ${targets.map((target) => letterOf(given, target)).join(", ")}`;

/** "[0, 1]", channels left out where there is one. @param {number[]} index @param {number[]} shape */
export function indexName(index, shape) {
  const shown = index.filter((_, axis) => (axis >= shape.length - 2 && shape.length > 1) || shape[axis] > 1);
  return shown.length ? `[${shown.join(", ")}]` : "";
}

/** "dL/dY[0, 1]" @param {{ op: string }} given @param {Name} name @param {number[]} index @param {number[]} shape */
export const cellName = (given, name, index, shape) => letterOf(given, name) + indexName(index, shape);

/** Why something is impossible, in words. @param {import("../lib/arithmetic.js").Refusal} refusal */
export const refusedWords = ({ reason, axis, numbers }) =>
  t(`arithmetic.refused.${reason}`, { ...numbers, ...(axis ? { axis: t(`arithmetic.axis.${axis}`) } : {}) });
