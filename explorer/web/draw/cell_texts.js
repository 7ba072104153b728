/** An opened sum as text and as LaTeX, every number as it was computed. */

import { filled, formulaOf } from "../lib/formula/fill.js";
import { parsed } from "../lib/formula/tree.js";
import { latexOf, textOf } from "../lib/formula/write.js";
import { largestOf, numberOf } from "../lib/numbers.js";

/** Terms on one line of a formula. */
const PER_LINE = 4;

/** @typedef {import("../lib/contract/draw.js").Explained} Explained */
/** @typedef {import("../lib/contract/draw.js").Sum} Sum */
/** @typedef {import("../lib/contract/draw.js").Addends} Addends */
/** @typedef {import("../lib/contract/draw.js").Term} Term */
/** @typedef {import("../lib/contract/draw.js").Factor} Factor */
/** @typedef {import("../lib/contract/draw.js").Told} Told */

/** A number that reads back as the same double. @param {Told | undefined} value */
const exact = (value) => String(numberOf(value ?? null));

/** What happens to the sum, written with Σ. @param {Pick<Sum, "after" | "formulas">} sum */
export const afterOf = ({ after, formulas }) => filled(parsed(after), { ...formulas[0].letters, x: "\\Sigma" });

/** @param {string} title of the place @param {Explained} sum @param {(factor: Factor) => string} source what a factor is called */
export function plainText(title, sum, source) {
  if (!sum.addends) return `${title} = ${exact(sum.shown)}\n${sum.unexplained ?? ""}\n`;
  const lines = [`${title} = ${exact(sum.shown)}`, ...sum.formulas.map((given) => textOf(formulaOf(given)))];
  for (const addends of sum.addends) {
    lines.push(
      "",
      `${addends.label}: ${addends.rule}${addends.factors.length ? `   (${addends.factors.map(source).join(" × ")})` : ""}`,
    );
    for (const group of addends.groups) {
      for (const term of group.terms) lines.push(`  ${line(term)}`);
      if (group.rest) lines.push(`  ${group.rest.count} more: ${exact(group.rest.sum)}`);
      if (addends.groups.length > 1) lines.push(`  ${addends.groupLabel} ${group.group}: ${exact(group.subtotal)}`);
    }
    lines.push(`  = ${exact(addends.total)}`);
  }
  lines.push("", `${sum.reduction === "max" ? "max" : "Σ"} = ${exact(sum.reduced)}`);
  if (sum.after) lines.push(`${textOf(afterOf(sum))} = ${exact(sum.value)}`);
  return `${lines.join("\n")}\n`;
}

/** @param {Term} term */
function line({ cells, values, product }) {
  const factors = values.map((value, k) => `${exact(value)} [${cells[k].join(", ")}]`);
  return factors.length > 1
    ? `${factors.join(" × ")} = ${exact(product)}`
    : factors.length
      ? `${factors[0]} → ${exact(product)}`
      : exact(product);
}

/** @param {string} title @param {Explained} sum */
export function latex(title, sum) {
  const name = `\\text{${title.replace(/[\\{}_^%#&$~]/g, (letter) => `\\${letter}`)}}`;
  if (!sum.addends) return `${name} = ${number(sum.shown)}\n`;
  const largest = sum.reduction === "max";
  const parts = sum.addends.flatMap((addends) =>
    addends.groups.flatMap((group) => [
      ...group.terms.map((term) => product(term, addends)),
      ...(group.rest ? [number(group.rest.sum)] : []),
    ]),
  );
  const rows = [];
  for (let k = 0; k < parts.length; k += PER_LINE)
    rows.push(parts.slice(k, k + PER_LINE).join(largest ? ",\\ " : " + "));
  const [open, close] = largest ? ["\\max\\{", "\\}"] : ["", ""];
  const body = rows
    .map((row, k) => `${k ? (largest ? ",\\ " : "+ ") : open}${row}${k === rows.length - 1 ? close : ""}`)
    .join(" \\\\\n  &\\quad ");
  const ends = [`= ${number(sum.reduced)}`];
  if (sum.after) ends.push(`\\to\\ ${number(sum.value)}`);
  const formulas = sum.formulas.map((given) => `  & ${latexOf(formulaOf(given))} \\\\`);
  return [
    "\\begin{aligned}",
    ...formulas,
    `  ${name} &= ${body} \\\\`,
    `  &${ends.join(" ")}`,
    "\\end{aligned}",
    "",
  ].join("\n");
}

/** A term as its factors multiplied, where that is what it is. @param {Term} term @param {Addends} addends */
function product(term, addends) {
  const multiplies =
    term.values.length === 2 && numberOf(term.values[0]) * numberOf(term.values[1]) === numberOf(term.product);
  return multiplies && addends.factors.length === 2
    ? term.values.map((value) => `(${number(value)})`).join("")
    : number(term.product);
}

/** @param {Told | undefined} value */
function number(value) {
  const size = numberOf(value ?? null);
  if (Number.isNaN(size)) return "\\mathrm{NaN}";
  if (!Number.isFinite(size)) return size < 0 ? "-\\infty" : "\\infty";
  const [digits, power] = String(Number(size.toPrecision(6))).split("e");
  return power ? `${digits} \\cdot 10^{${Number(power)}}` : digits;
}

/** An opened sum as a table: one row for each term. @param {Sum} sum @param {(factor: Factor) => string} source @returns {(string | number)[][]} */
export function termRows(sum, source) {
  const most = largestOf(
    sum.addends.map((addends) => addends.factors.length),
    1,
  );
  const head = [
    "addends",
    "group",
    ...Array.from({ length: most }, (_, k) => [`factor ${k + 1}`, `index ${k + 1}`, `value ${k + 1}`]).flat(),
    "product",
  ];
  const rows = sum.addends.flatMap((addends) =>
    addends.groups.flatMap((group) =>
      group.terms.map((term) => [
        addends.label,
        group.group,
        ...Array.from({ length: most }, (_, k) =>
          k < addends.factors.length
            ? [source(addends.factors[k]), term.cells[k].join(" "), exact(term.values[k])]
            : ["", "", ""],
        ).flat(),
        exact(term.product),
      ]),
    ),
  );
  return [head, ...rows];
}
