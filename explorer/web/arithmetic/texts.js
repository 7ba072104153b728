/** Three texts in step with the walk: the formula with the current numbers, the loop that computes it, the PyTorch call. */

import { h } from "../parts/dom.js";
import { createFormula } from "../parts/formula.js";
import { t } from "../parts/i18n.js";
import { short } from "../lib/numbers.js";
import { lineAt } from "../lib/arithmetic.js";
import { targetName } from "./terms.js";

/** @typedef {import("../lib/contract/arithmetic.js").Listing} Listing */
/** @typedef {import("../lib/arithmetic.js").Pass} Pass */
/** @typedef {import("../lib/arithmetic.js").Visit} Visit */

/** Most pieces of a formula that are written out, around the present one. */
const PIECES = 60;

/** @param {Record<string, Listing>} listings of `core.ops` @param {Record<string, string>} formulas in LaTeX, by listing */
export function createTexts(listings, formulas) {
  const [symbols, numbers] = [createFormula(), h("p", { class: "formula-numbers" })];
  const code = h("div", { class: "listing", role: "region", tabindex: 0, dataset: { i18nAria: "arithmetic.code" } });
  const source = h("span", { class: "note listing-source" });
  const variables = h("p", { class: "listing-vars" });
  const call = h("code", { class: "torch-call" });
  const title = (/** @type {string} */ key) => h("h3", { class: "text-title", dataset: { i18n: `arithmetic.${key}` } });
  const element = h(
    "div",
    { class: "texts" },
    h(
      "section",
      { class: "text-formula" },
      h("div", { class: "text-symbols" }, title("formula"), symbols.element, numbers),
      h("div", { class: "text-torch" }, title("torch"), call),
    ),
    h("section", { class: "text-code" }, h("div", { class: "text-head" }, title("code"), source), code, variables),
  );
  let shown = "";
  /** @type {HTMLElement[]} */
  let lines = [];

  /** The source without its docstring, which is a line of its own to open. @param {string} name */
  function list(name) {
    if (shown === name) return;
    shown = name;
    const {
      lines: text,
      documentation: [from, to],
      first,
    } = listings[name];
    const folded = h("div", { class: "code-fold" });
    const line = (/** @type {string} */ words, /** @type {number} */ k) =>
      h(
        "div",
        { class: "code-line" },
        h("span", { class: "code-number" }, String(first + k)),
        h("span", { class: "code-text" }, words || " "),
      );
    lines = text.map(line);
    const docs = h(
      "details",
      { class: "code-docs" },
      h(
        "summary",
        {
          title: t("arithmetic.docstring.why"),
          dataset: { i18n: "arithmetic.docstring", i18nTitle: "arithmetic.docstring.why" },
        },
        t("arithmetic.docstring"),
      ),
      ...lines.slice(from, to),
    );
    folded.append(...lines.slice(0, from), docs, ...lines.slice(to));
    code.replaceChildren(folded);
  }

  /** Keep a line in sight within the listing, without moving the page. @param {HTMLElement} line */
  function reveal(line) {
    const [top, height] = [line.offsetTop, line.offsetHeight];
    if (top < code.scrollTop + 24 || top + height > code.scrollTop + code.clientHeight - 24)
      code.scrollTop = top - code.clientHeight * 0.55;
  }

  /** "0 + 1·2 + 3·4 = 14", the current product marked, those to come pale. @param {import("../lib/case.js").Case} given @param {Pass} pass @param {Visit} visit @param {number} phase */
  function worked(given, pass, visit, phase) {
    const piece = (/** @type {string} */ text, /** @type {string} */ kind = "term") => h("span", { class: kind }, text);
    const kindOf = (/** @type {number | undefined} */ at) =>
      at === undefined || at < phase ? "term" : at === phase ? "term now" : "term later";
    const all = pass.worked(visit);
    const first = Math.max(0, Math.min(all.length - PIECES, phase - PIECES / 2));
    const left = (/** @type {number} */ count) =>
      count > 0 ? [piece(` … ${t("arithmetic.formula.left", { count })} … `, "term later")] : [];
    const pieces = [
      ...left(first),
      ...all.slice(first, first + PIECES).map(({ text, at }) => piece(text, kindOf(at))),
      ...left(all.length - first - PIECES),
    ];
    const alone = pieces.length === 1 && pieces[0].textContent === short(visit.value, 7);
    const value = alone
      ? []
      : [piece(` = ${phase >= visit.terms.length - 1 ? short(visit.value, 7) : "…"}`, "term value")];
    return [piece(`${targetName(given, pass, visit)} ${pass.scatter ? "+=" : "="} `), ...pieces, ...value];
  }

  return {
    element,
    /** The formula with the numbers of the step. */
    worked: numbers,
    /** @param {import("../lib/case.js").Case} given @param {Pass} pass @param {Visit} visit @param {number} phase */
    show(given, pass, visit, phase) {
      symbols.show([{ latex: formulas[pass.formula ?? pass.function], letters: pass.letters }]);
      numbers.replaceChildren(...worked(given, pass, visit, phase));
      call.textContent = [...(pass.before ?? []), pass.torch].join("\n");
      list(pass.function);
      const { mark, vars } = lineAt(pass, visit, phase);
      const { file, first, marks } = listings[pass.function];
      const at = marks[mark];
      source.textContent = t("arithmetic.source", { file, line: first + at });
      lines.forEach((line, k) => {
        line.classList.toggle("current", k === at);
        if (k === at) line.setAttribute("aria-current", "step");
        else line.removeAttribute("aria-current");
      });
      if (code.clientHeight) reveal(lines[at]);
      variables.replaceChildren(
        ...Object.entries(vars).map(([name, value]) =>
          h("span", { class: "var", dataset: { var: name, value } }, h("i", {}, name), ` = ${short(value, 7)}`),
        ),
      );
    },
    relabel() {
      shown = "";
    },
  };
}
