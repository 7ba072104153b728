/** Formulas on the page: typeset by the browser (MathML), read aloud by it, copied as LaTeX. */

import { formulaOf } from "../lib/formula/fill.js";
import { formulasIn } from "../lib/formula/tree.js";
import { latexOf, mathmlOf, textOf } from "../lib/formula/write.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";

/** @typedef {import("../lib/formula/tree.js").Formula} Formula */
/** @typedef {import("../lib/formula/fill.js").Given} Given */

const MATHML = "http://www.w3.org/1998/Math/MathML";

/** @param {import("../lib/formula/write.js").Element} written @returns {Element} */
function element([name, attributes, ...inside]) {
  const made = document.createElementNS(MATHML, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside.map((one) => (typeof one === "string" ? one : element(one))));
  return made;
}

/** A formula as the browser typesets it, with its LaTeX for what copies or reads it. @param {Formula} formula */
export function typeset(formula) {
  return element([
    "math",
    { displaystyle: "true", alttext: textOf(formula) },
    ["semantics", {}, mathmlOf(formula), ["annotation", { encoding: "application/x-tex" }, latexOf(formula)]],
  ]);
}

/** A place for formulas, each on a line where there is no room, with a button that copies them as LaTeX. */
export function createFormula() {
  const maths = h("span", { class: "formula-typeset", tabindex: 0, role: "group" });
  const copy = h("button", { type: "button", class: "tool formula-copy", onclick: () => void take() });
  const element = h("div", { class: "formula" }, maths, copy);
  let shown = "";
  let latex = "";

  async function take() {
    const copied = await navigator.clipboard.writeText(latex).then(
      () => true,
      () => false,
    );
    copy.textContent = t(copied ? "formula.copied" : "cell.copy.refused");
  }

  return {
    element,
    /** @param {Given[]} given */
    show(given) {
      maths.setAttribute("aria-label", t("formula"));
      copy.textContent = t("formula.copy");
      const key = JSON.stringify(given);
      if (key === shown) return;
      shown = key;
      const formulas = given.flatMap((one) => formulasIn(formulaOf(one)));
      latex = formulas.map(latexOf).join(",\\quad ");
      maths.replaceChildren(...formulas.map(typeset));
    },
  };
}
