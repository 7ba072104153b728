/** A formula as LaTeX, as a line of text, and as MathML, which browsers typeset and read aloud. */

import { isSign, partsOf } from "./tree.js";

/** @typedef {import("./tree.js").Formula} Formula */
/** An element of MathML: its name, its attributes, and what is inside. @typedef {[string, Record<string, string>, ...(Element | string)[]]} Element */

/** What fences are in text and MathML, where that is not their LaTeX. @type {Record<string, string>} */
const FENCES = { "\\{": "{", "\\}": "}", "\\lfloor": "⌊", "\\rfloor": "⌋", "\\lceil": "⌈", "\\rceil": "⌉" };
const fenced = (/** @type {string} */ sign) => FENCES[sign] ?? sign;
/** What stands over a formula: in MathML, and the combining character of text. @type {Record<string, [string, string]>} */
const ACCENTS = { hat: ["^", "\u0302"], bar: ["¯", "\u0304"], overline: ["¯", "\u0304"], tilde: ["~", "\u0303"] };
/** Signs without room around them. */
const CLOSE = [",", ";", "/"];

/** @param {Formula} formula @returns {string} */
export function latexOf(formula) {
  switch (formula.kind) {
    case "row":
      return formula.parts
        .map(latexIn)
        .reduce((text, next) => text + (/\\[A-Za-z]+$/.test(text) && /^[A-Za-z]/.test(next) ? " " : "") + next, "")
        .trim();
    case "times":
      return "\\, ";
    case "gap":
      return "\\quad ";
    case "scripts": {
      const { base, sub, sup } = formula;
      const inner = partsOf(base).length > 1 ? `{${latexOf(base)}}` : latexOf(base);
      const above = sup === null ? "" : isSign(sup, "′") ? "'" : `^${braced(sup)}`;
      return inner + (above === "'" ? above : "") + (sub ? `_${braced(sub)}` : "") + (above === "'" ? "" : above);
    }
    case "fraction":
      return `\\frac{${latexOf(formula.above)}}{${latexOf(formula.below)}}`;
    case "root":
      return `\\sqrt{${latexOf(formula.of)}}`;
    case "accent":
      return `\\${formula.name}{${latexOf(formula.of)}}`;
    case "fence": {
      const of = latexOf(formula.of);
      return /\\(frac|sum|begin)/.test(of)
        ? `\\left${formula.open} ${of} \\right${formula.close}`
        : formula.open + (/^\\.*[a-z]$/.test(formula.open) ? " " : "") + of + formula.close;
    }
    case "cases":
      return `\\begin{cases} ${formula.rows.map((row) => row.map(latexOf).join(" & ")).join(" \\\\ ")} \\end{cases}`;
    default:
      return formula.latex;
  }
}

/** A part as it stands in a row. @param {Formula} part @param {number} k @param {Formula[]} parts */
function latexIn(part, k, parts) {
  if (part.kind === "sign" && !CLOSE.includes(part.text)) return isUnary(k, parts) ? part.latex : ` ${part.latex} `;
  if (isWrittenOut(part, parts[k + 1])) return " \\cdot ";
  return latexOf(part) + (part.kind === "scripts" && (isBig(part) || isFunction(part)) ? " " : "");
}

/** In braces, where it is more than one character. @param {Formula} formula */
function braced(formula) {
  const latex = latexOf(formula);
  return latex.length === 1 ? latex : `{${latex}}`;
}

/** @param {Formula} formula @returns {string} */
export function textOf(formula) {
  switch (formula.kind) {
    case "row":
      return formula.parts.map(textIn).join("").trim();
    case "times":
      return " · ";
    case "gap":
      return "   ";
    case "scripts":
      return scriptText(formula);
    case "fraction": {
      const above = hasAny(formula.above, "sign") ? `(${textOf(formula.above)})` : textOf(formula.above);
      const below = hasAny(formula.below, "sign", "times") ? `(${textOf(formula.below)})` : textOf(formula.below);
      return /^d\p{L}$|^[\p{L}\p{N}]$/u.test(above) && !below.includes("(")
        ? `${above}/${below}`
        : `${above} / ${below}`;
    }
    case "root":
      return `√${formula.of.kind === "fraction" ? `(${textOf(formula.of)})` : grouped(formula.of)}`;
    case "accent":
      return textOf(formula.of).replace(/\p{L}/gu, (letter) => letter + ACCENTS[formula.name][1]);
    case "fence":
      return fenced(formula.open) + textOf(formula.of) + fenced(formula.close);
    case "cases":
      return `(${formula.rows.map((row) => row.map(textOf).join(" if ")).join(", ")})`;
    default:
      return formula.text === "∑" ? "Σ" : formula.text;
  }
}

/** A part as it stands in a row. @param {Formula} part @param {number} k @param {Formula[]} parts */
function textIn(part, k, parts) {
  if (isSign(part, ",", ";")) return `${textOf(part)} `;
  if (isSign(part, "/") && parts[k - 1]?.kind === "fence") return " / ";
  if (part.kind === "sign" && part.text !== "/") return isUnary(k, parts) ? part.text : ` ${part.text} `;
  const applied = isFunction(part) && parts[k + 1] !== undefined && parts[k + 1].kind !== "fence";
  return (isFactor(part, parts[k - 1]) ? " " : "") + textOf(part) + (applied || isBig(part) ? " " : "");
}

/** Whether a function's name would run into the letter before it. @param {Formula} part @param {Formula | undefined} before */
const isFactor = (part, before) => isFunction(part) && before?.kind === "letter";

/** Whether it has parts of these kinds side by side with others. @param {Formula} formula @param {...string} kinds */
const hasAny = (formula, ...kinds) =>
  partsOf(formula).length > 1 && partsOf(formula).some(({ kind }) => kinds.includes(kind));

/** Whether a product must be seen: before a number it would be one with what stands there. @param {Formula} part @param {Formula | undefined} next */
const isWrittenOut = (part, next) => part.kind === "times" && next?.kind === "number";

/** Whether a sign has nothing before it that it could join with what follows. @param {number} k @param {Formula[]} parts */
const isUnary = (k, parts) =>
  isSign(parts[k], "−", "+") && (k === 0 || (parts[k - 1].kind === "sign" && !isSign(parts[k - 1], "′")));

/** @param {import("./tree.js").Scripts} formula */
function scriptText({ base, sub, sup }) {
  const below = sub === null ? "" : textOf(sub).replaceAll(" · ", "·");
  const raised = sup === null ? "" : textOf(sup);
  const power = raised === "2" ? "²" : raised === "′" ? "′" : raised && `^${grouped(/** @type {Formula} */ (sup))}`;
  if (isFunction(base) || isBig(base)) return `${textOf(base)}${below && `(${below})`}${power}`;
  const index = /^\d$/.test(below)
    ? String.fromCodePoint(0x2080 + Number(below))
    : /^\p{Lu}$/u.test(below)
      ? below
      : below && `[${below}]`;
  return grouped(base) + (index.startsWith("[") ? power + index : index + power);
}

/** In brackets, where it is more than one thing. @param {Formula} formula */
function grouped(formula) {
  const alone = partsOf(formula).every(({ kind }) => kind === "letter" || kind === "scripts" || kind === "accent");
  return alone || !partsOf(formula)[1] ? textOf(formula) : `(${textOf(formula)})`;
}

/** Whether it is a function's name, with or without an index. @param {Formula} formula @returns {boolean} */
const isFunction = (formula) =>
  formula.kind === "function" || (formula.kind === "scripts" && formula.base.kind === "function");
/** Whether it is a sum, with or without what it runs over. @param {Formula} formula @returns {boolean} */
const isBig = (formula) => formula.kind === "big" || (formula.kind === "scripts" && formula.base.kind === "big");

/** @param {Formula} formula @returns {Element} */
export function mathmlOf(formula) {
  switch (formula.kind) {
    case "row":
      return ["mrow", {}, ...formula.parts.flatMap(mathmlIn)];
    case "letter":
      return ["mi", {}, formula.text];
    case "upright":
    case "function":
      return ["mi", formula.text.length === 1 ? { mathvariant: "normal" } : {}, formula.text];
    case "number":
      return ["mn", {}, formula.text];
    case "words":
      return ["mtext", {}, formula.text];
    case "sign":
      return ["mo", {}, formula.text];
    case "big":
      return ["mo", { movablelimits: "false" }, formula.text];
    case "times":
      return ["mo", { lspace: "0.1em", rspace: "0.1em" }, "\u2062"];
    case "gap":
      return ["mspace", { width: "1.5em" }];
    case "scripts":
      return scriptsOf(formula);
    case "fraction":
      return ["mfrac", {}, mathmlOf(formula.above), mathmlOf(formula.below)];
    case "root":
      return ["msqrt", {}, mathmlOf(formula.of)];
    case "accent":
      return ["mover", { accent: "true" }, mathmlOf(formula.of), ["mo", {}, ACCENTS[formula.name][0]]];
    case "fence":
      return [
        "mrow",
        {},
        ["mo", { form: "prefix", fence: "true", stretchy: "true" }, fenced(formula.open)],
        mathmlOf(formula.of),
        ["mo", { form: "postfix", fence: "true", stretchy: "true" }, fenced(formula.close)],
      ];
    case "cases":
      return [
        "mrow",
        {},
        ["mo", { form: "prefix", fence: "true", stretchy: "true" }, "{"],
        ["mtable", {}, ...formula.rows.map((row) => rowOfCases(row))],
      ];
  }
}

/** @param {Formula[]} row @returns {Element} */
const rowOfCases = (row) => ["mtr", {}, ...row.map((cell) => /** @type {Element} */ (["mtd", {}, mathmlOf(cell)]))];

/** A part as it stands in a row: between a function and what it is applied to stands the sign of that, which is not seen. @param {Formula} part @param {number} k @param {Formula[]} parts @returns {Element[]} */
function mathmlIn(part, k, parts) {
  const next = parts[k + 1];
  /** @type {Element} */
  const room = ["mspace", { width: "0.17em" }];
  const before = isFactor(part, parts[k - 1]) ? [room] : [];
  if (isWrittenOut(part, next)) return [["mo", {}, "·"]];
  if (isUnary(k, parts)) return [["mo", { form: "prefix" }, /** @type {import("./tree.js").Leaf} */ (part).text]];
  if (!next || !(isFunction(part) || (part.kind === "upright" && next.kind === "fence")))
    return [...before, mathmlOf(part)];
  return [...before, mathmlOf(part), ["mo", {}, "\u2061"], ...(next.kind === "fence" ? [] : [room])];
}

/** @param {import("./tree.js").Scripts} formula @returns {Element} */
function scriptsOf({ base, sub, sup }) {
  const under = isFunction(base) || isBig(base);
  const hung = [sub, sup].filter((one) => one !== null).map(mathmlOf);
  const name = sub && sup ? (under ? "munderover" : "msubsup") : sub ? (under ? "munder" : "msub") : "msup";
  return [name, {}, mathmlOf(base), ...hung];
}
