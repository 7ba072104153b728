/** An opened number in a sentence, with its own numbers: what was done to which numbers to make it. */

import { numberOf, short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";
import { page } from "../parts/page.js";

/** @typedef {import("../lib/contract/draw.js").Summed} Summed */
/** @typedef {import("../lib/link.js").Place} Place */

/** What is said of an operator's numbers: of which others the same. @type {[RegExp, string][]} */
const FAMILIES = [
  [/^conv/, "conv"],
  [/^linear$/, "linear"],
  [/max_pool/, "max_pool"],
  [/avg_pool|^mean$/, "avg_pool"],
  [/norm$/, "norm"],
  [/softmax$/, "softmax"],
  [/^(add|sub|rsub)$/, "add"],
  [/^(mul|div)$/, "mul"],
];

/** The sum's numbers by the names that the catalogue uses. @param {Summed} sum */
function numbersOf({ addends, count, value, shown, reduced }) {
  const [main] = addends;
  const constant = addends.slice(1).find(({ factors }) => factors.every(({ parent }) => parent === null));
  const before = main?.groups[0]?.terms[0]?.values[0] ?? reduced;
  return {
    count: main?.count ?? count,
    groups: main?.groups.length ?? 0,
    each: main ? main.count / Math.max(1, main.groups.length) : 0,
    before: short(before),
    bias: short(constant?.total ?? 0),
    value: short(value),
    shown: short(shown),
    percent: `${(100 * numberOf(value)).toFixed(1)} %`,
  };
}

/** @param {Summed} sum @param {Place} place @param {string} op of the step @param {string} parameter's name, where the place is one */
export function sumWords(sum, { of }, op, parameter) {
  const numbers = { ...numbersOf(sum), op, parameter };
  if (of === "class") return t("opens.class", numbers);
  if (of) return t(of === "output" ? "opens.gradient" : "opens.parameter", numbers);
  const family = FAMILIES.find(([names]) => names.test(op))?.[1];
  if (family) return t(`opens.${family}`, numbers);
  if (sum.count > 1) return t("opens.sum", numbers);
  if (op === "relu") return t(numberOf(sum.reduced) > 0 ? "opens.relu" : "opens.relu.zero", numbers);
  return t(numbers.before === numbers.value ? "opens.same" : "opens.one", numbers);
}

/**
 * What a place is called: conv2 [3, 5, 7], dL/d conv2 [3, 5, 7], dL/d weight of conv2 [4, 2, 1, 1].
 * @param {Place} place @param {(step: number) => string} name of a step @param {string[]} classes
 */
export function placeTitle({ step, of, cell }, name, classes) {
  if (of === "class") return t("cell.class", { name: classes[cell[1]] ?? cell[1] });
  const value = `${name(step)} [${cell.slice(1).join(", ")}]`;
  if (!of || of === "output") return of ? `dL/d ${value}` : value;
  const gradient = page.get("label") === null ? "" : "dL/d ";
  return `${gradient}${t("cell.parameter", { parameter: of, step: name(step) })} [${cell.join(", ")}]`;
}
