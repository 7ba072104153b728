/**
 * Formulas as trees: the part of LaTeX that those of `core` are written in. `\,` is a product, `\quad` stands between two
 * formulas. A command that is not known here is an error, not a gap on the page.
 */

/**
 * @typedef {{ kind: "row", parts: Formula[] }} Row
 * @typedef {{ kind: "letter" | "upright" | "function" | "number" | "sign" | "big" | "words", text: string, latex: string }} Leaf
 * @typedef {{ kind: "times" | "gap" }} Space
 * @typedef {{ kind: "scripts", base: Formula, sub: Formula | null, sup: Formula | null }} Scripts
 * @typedef {{ kind: "fraction", above: Formula, below: Formula }} Fraction
 * @typedef {{ kind: "root", of: Formula }} Root
 * @typedef {{ kind: "accent", name: string, of: Formula }} Accent
 * @typedef {{ kind: "fence", open: string, close: string, of: Formula }} Fence
 * @typedef {{ kind: "cases", rows: Formula[][] }} Cases
 * @typedef {Row | Leaf | Space | Scripts | Fraction | Root | Accent | Fence | Cases} Formula
 */

/** Letters by their commands. @type {Record<string, string>} */
const LETTERS = {
  alpha: "α",
  beta: "β",
  gamma: "γ",
  varepsilon: "ε",
  ell: "ℓ",
  eta: "η",
  infty: "∞",
  lambda: "λ",
  mu: "μ",
  pi: "π",
  sigma: "σ",
  Sigma: "Σ",
  tau: "τ",
  varphi: "φ",
  Phi: "Φ",
};
/** Functions that are written upright. */
const FUNCTIONS = ["max", "min", "log", "ln", "tanh"];
/** Operations and relations by their commands. @type {Record<string, string>} */
const SIGNS = { cdot: "·", le: "≤", ge: "≥", ne: "≠", leftarrow: "←", in: "∈" };
/** Signs that are characters in LaTeX too. @type {Record<string, string>} */
const PLAIN = { "+": "+", "-": "−", "=": "=", "<": "<", ">": ">", "/": "/", ",": ",", ";": ";" };
/** What is written over a formula. */
const ACCENTS = ["hat", "bar", "overline", "tilde"];
/** What closes each fence. @type {Record<string, string>} */
const FENCES = { "(": ")", "[": "]", "\\{": "\\}", "\\lfloor": "\\rfloor", "\\lceil": "\\rceil", "|": "|" };
/** Commands, words in braces with their command, numbers, and other signs one by one. */
const TOKEN = /\\(?:text|mathrm|mathrel|begin|end)\{[^}]*\}|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?(?:e[+-]\d+)?|\S/gu;

/** Several formulas beside one another; one is itself. @param {Formula[]} parts @returns {Formula} */
export function rowOf(parts) {
  const flat = parts.flatMap(partsOf);
  return flat.length === 1 ? flat[0] : { kind: "row", parts: flat };
}

/** What stands beside one another in a formula. @param {Formula} formula @returns {Formula[]} */
export const partsOf = (formula) => (formula.kind === "row" ? formula.parts : [formula]);

/** @param {Formula | undefined} formula @param {...string} texts */
export const isSign = (formula, ...texts) => formula?.kind === "sign" && texts.includes(formula.text);

/** The parts between separators: "a, b" in two. @param {Formula[]} parts @param {(part: Formula) => boolean} separates @returns {Formula[][]} */
export function splitAt(parts, separates) {
  /** @type {Formula[][]} */
  const pieces = [[]];
  for (const part of parts) {
    if (separates(part)) pieces.push([]);
    else pieces[pieces.length - 1].push(part);
  }
  return pieces;
}

/** Formulas that stand side by side, each by itself. @param {Formula} formula */
export const formulasIn = (formula) =>
  splitAt(partsOf(formula), ({ kind }) => kind === "gap")
    .map((parts) => (isSign(parts[parts.length - 1], ",") ? parts.slice(0, -1) : parts))
    .map(rowOf);

/** The tree of a formula in LaTeX. @param {string} latex @returns {Formula} */
export function parsed(latex) {
  const tokens = latex.match(TOKEN) ?? [];
  let at = 0;
  const fail = (/** @type {string} */ why) => new Error(`${why} in the formula ${latex}`);

  /** @param {string} token */
  function expect(token) {
    if (tokens[at] !== token) throw fail(`expected ${token}, found ${tokens[at] ?? "the end"}`);
    at++;
  }

  /** All parts up to one of these. @param {...string} ends */
  function until(...ends) {
    /** @type {Formula[]} */
    const parts = [];
    while (at < tokens.length && !ends.includes(tokens[at])) parts.push(scripted());
    return rowOf(parts);
  }

  /** What stands in braces, or a sign alone. @returns {Formula} */
  function argument() {
    if (tokens[at] !== "{") return atom();
    at++;
    const inside = until("}");
    expect("}");
    return inside;
  }

  /** An atom with what hangs at it. @returns {Formula} */
  function scripted() {
    const base = atom();
    /** @type {Formula | null} */
    let sub = null;
    /** @type {Formula | null} */
    let sup = null;
    for (; ["_", "^", "'"].includes(tokens[at]);) {
      const sign = tokens[at++];
      if (sign === "_") sub = argument();
      else sup = sign === "^" ? argument() : { kind: "sign", text: "′", latex: "'" };
    }
    return sub || sup ? { kind: "scripts", base, sub, sup } : base;
  }

  /** @returns {Formula} */
  function atom() {
    const token = tokens[at];
    if (token === undefined) throw fail("something is missing");
    if (token === "{") return argument();
    at++;
    if (token in FENCES) {
      const close = FENCES[token];
      const of = until(close);
      expect(close);
      return { kind: "fence", open: token, close, of };
    }
    if (/^\d/.test(token)) return { kind: "number", text: token, latex: token };
    if (/^\p{L}$/u.test(token)) return { kind: "letter", text: token, latex: token };
    if (token in PLAIN) return { kind: "sign", text: PLAIN[token], latex: token };
    if (token === "\\,") return { kind: "times" };
    const [, name, words] = /** @type {RegExpMatchArray} */ (token.match(/^\\?([A-Za-z]*)(?:\{(.*)\})?/s));
    if (words !== undefined) return worded(name, words, token);
    if (name === "quad") return { kind: "gap" };
    if (name in LETTERS) return { kind: "letter", text: LETTERS[name], latex: token };
    if (name in SIGNS) return { kind: "sign", text: SIGNS[name], latex: token };
    if (FUNCTIONS.includes(name)) return { kind: "function", text: name, latex: token };
    if (name === "sum") return { kind: "big", text: "∑", latex: token };
    if (ACCENTS.includes(name)) return { kind: "accent", name, of: argument() };
    if (name === "frac") return { kind: "fraction", above: argument(), below: argument() };
    if (name === "sqrt") return { kind: "root", of: argument() };
    throw fail(`${token} is not known`);
  }

  /** @param {string} name @param {string} words @param {string} latex @returns {Formula} */
  function worded(name, words, latex) {
    if (name === "text") return { kind: "words", text: words, latex };
    if (name === "mathrm") return { kind: "upright", text: words, latex };
    if (name === "mathrel") return { kind: "sign", text: words, latex };
    if (latex === "\\begin{cases}") return cases();
    throw fail(`${latex} is not known`);
  }

  /** @returns {Formula} */
  function cases() {
    /** @type {Formula[][]} */
    const rows = [[]];
    for (;;) {
      rows[rows.length - 1].push(until("&", "\\\\", "\\end{cases}"));
      const token = tokens[at++];
      if (token === "\\end{cases}") return { kind: "cases", rows };
      if (token === undefined) throw fail("the cases do not end");
      if (token === "\\\\") rows.push([]);
    }
  }

  const whole = until();
  return whole;
}
