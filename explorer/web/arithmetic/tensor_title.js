/** The heading of a tensor: its letter, its name, its shape. */

import { h } from "../parts/dom.js";
import { t } from "../parts/i18n.js";

/** @param {string} letter how formulas write it @param {string} says key of its name @param {number[]} shape */
export const titleOf = (letter, says, shape) => [
  h("b", {}, letter),
  ` ${t(says)} `,
  h("span", { class: "note" }, shape.join(" × ")),
];
