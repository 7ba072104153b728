import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OPERATORS, passesOf, refusalOf } from "../../explorer/web/lib/arithmetic.js";
import { withChoice, withOperator } from "../../explorer/web/lib/case.js";
import { filled, formulaOf } from "../../explorer/web/lib/formula/fill.js";
import { parsed } from "../../explorer/web/lib/formula/tree.js";
import { latexOf, mathmlOf, textOf } from "../../explorer/web/lib/formula/write.js";
import { FIRST } from "../../explorer/web/lib/case_link.js";
import { presetCase } from "../../explorer/web/lib/presets.js";

const FORMULAS = JSON.parse(readFileSync(new URL("../golden/formulas.json", import.meta.url), "utf8"));

/** What an element of MathML must hold: a number of elements, or nothing but text. */
const HOLDS = { msub: 2, msup: 2, msubsup: 3, munder: 2, mover: 2, munderover: 3, mfrac: 2, msqrt: 1, mtd: 1 };
const LEAVES = ["mi", "mn", "mo", "mtext"];
const INVISIBLE = ["\u2061", "\u2062"];
/** What each sign of LaTeX is on the page; those that only arrange it are nothing. */
const SEEN = {
  ...{ alpha: "α", beta: "β", gamma: "γ", varepsilon: "ε", ell: "ℓ", eta: "η", infty: "∞", lambda: "λ", mu: "μ" },
  ...{ pi: "π", sigma: "σ", Sigma: "Σ", tau: "τ", Phi: "Φ", sum: "∑", le: "≤", ge: "≥", ne: "≠", leftarrow: "←" },
  ...{ in: "∈", cdot: "·", lfloor: "⌊", rfloor: "⌋", lceil: "⌈", rceil: "⌉", hat: "^", bar: "¯", overline: "¯" },
  ...{ tilde: "~", frac: "", sqrt: "", quad: "", max: "max", min: "min", ln: "ln", tanh: "tanh" },
};

/** Every element of a tree of MathML. */
const elements = (node) => [
  node,
  ...node.slice(2).flatMap((inside) => (Array.isArray(inside) ? elements(inside) : [])),
];

/** The signs of a formula in LaTeX, found without its tree. */
function signsOf(latex) {
  const worded = /\\(text|mathrm|mathrel)\{([^}]*)\}/g;
  const words = [...latex.matchAll(worded)].flatMap(([, , text]) => text.split(""));
  const rest = latex
    .replace(worded, "")
    .replace(/\\begin\{cases\}/g, "«")
    .replace(/\\end\{cases\}|\\\\|\\,|[&_^]/g, " ")
    .replace(/\\([{}])/g, (_, brace) => (brace === "{" ? "«" : "»"))
    .replace(/\\([A-Za-z]+)/g, (command, name) => SEEN[name] ?? command);
  return [
    ...words,
    ...rest
      .replace(/[{}\s]/g, "")
      .replace(/-/g, "−")
      .replace(/'/g, "′")
      .split(""),
  ];
}

test("every formula is typeset sign by sign, in elements that hold what they must", () => {
  assert.ok(Object.keys(FORMULAS).length > 100);
  for (const [name, latex] of Object.entries(FORMULAS)) {
    const all = elements(mathmlOf(parsed(latex)));
    for (const [tag, , ...inside] of all) {
      if (HOLDS[tag]) assert.equal(inside.length, HOLDS[tag], `${name}: ${tag}`);
      assert.equal(LEAVES.includes(tag), typeof inside[0] === "string", `${name}: ${tag}`);
    }
    const shown = all.filter(([tag, , text]) => LEAVES.includes(tag) && !INVISIBLE.includes(text));
    const signs = shown.flatMap(([, , text]) => text.replace("{", "«").replace("}", "»").split(""));
    assert.deepEqual(signs.sort(), signsOf(latex).sort(), name);
  }
});

test("a formula's LaTeX is read back as the same formula", () => {
  for (const [name, latex] of Object.entries(FORMULAS)) {
    const written = latexOf(parsed(latex));
    const again = parsed(written.replace(/\\(left|right)(?![a-z])/g, ""));
    assert.deepEqual(again, parsed(latex), name);
    assert.deepEqual(filled(again, {}), again, `${name}: filled with nothing`);
  }
});

test("what is not known is an error that names it", () => {
  for (const [latex, message] of [
    ["\\oint x", /\\oint is not known in the formula \\oint x/],
    ["\\mathbf{x}", /\\mathbf is not known/],
    ["\\begin{matrix} x \\end{matrix}", /\\begin\{matrix\} is not known/],
    ["(x", /expected \), found the end/],
    ["x_", /something is missing/],
    ["\\frac{x", /expected \}, found the end/],
    ["\\begin{cases} x", /the cases do not end/],
    ["x }", /} is not known/],
  ])
    assert.throws(() => parsed(latex), message, latex);
});

test("a few formulas, node by node", () => {
  assert.deepEqual(mathmlOf(parsed("\\frac{dL}{dX}_{n,c}")), [
    "msub",
    {},
    ["mfrac", {}, ["mrow", {}, ["mi", {}, "d"], ["mi", {}, "L"]], ["mrow", {}, ["mi", {}, "d"], ["mi", {}, "X"]]],
    ["mrow", {}, ["mi", {}, "n"], ["mo", {}, ","], ["mi", {}, "c"]],
  ]);
  const stretchy = { fence: "true", stretchy: "true" };
  assert.deepEqual(mathmlOf(parsed("\\max(0, x)")), [
    "mrow",
    {},
    ["mi", {}, "max"],
    ["mo", {}, "\u2061"],
    [
      "mrow",
      {},
      ["mo", { form: "prefix", ...stretchy }, "("],
      ["mrow", {}, ["mn", {}, "0"], ["mo", {}, ","], ["mi", {}, "x"]],
      ["mo", { form: "postfix", ...stretchy }, ")"],
    ],
  ]);
  assert.deepEqual(mathmlOf(parsed("\\sum_f 2\\,x_f")), [
    "mrow",
    {},
    ["munder", {}, ["mo", { movablelimits: "false" }, "∑"], ["mi", {}, "f"]],
    ["mn", {}, "2"],
    ["mo", { lspace: "0.1em", rspace: "0.1em" }, "\u2062"],
    ["msub", {}, ["mi", {}, "x"], ["mi", {}, "f"]],
  ]);
});

test("formulas as text", () => {
  for (const [name, text] of Object.entries({
    conv2d: "Y[n, o, y, x] = b[o] + Σ(c, i, j) K[o, c, i, j] · X[n, c₀ + c, sH·y − pH + dH·i, sW·x − pW + dW·j]",
    relu_input_grad: "dL/dx = dL/dy · (1 if x > 0, 0 if x ≤ 0)",
    tanh_input_grad: "dL/dx = dL/dy · (1 − tanh² x)",
    "gelu.tanh": "y = x · Φ(x),    Φ(x) = 1/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x^3)))",
    batch_norm: "Y[n, c, l] = γ[c] · X̂[n, c, l] + β[c],    X̂[n, c, l] = (X[n, c, l] − μ[c]) / √(σ²[c] + ε)",
    nll_loss_input_grad: "dL/d ln p[n, k] = (−w[k] · g[n] if k = t[n], 0 if k ≠ t[n])",
  }))
    assert.equal(textOf(parsed(FORMULAS[name])).normalize(), text.normalize());
});

test("numbers take the place of letters, and what they make needless is left out", () => {
  const text = (latex, letters) => textOf(formulaOf({ latex, letters }));
  assert.equal(text("s\\,y - p + d\\,i", { s: 1, p: 0, d: 1 }), "y + i");
  assert.equal(text("s\\,y - p + d\\,i", { s: 2, p: 1, d: 3 }), "2 · y − 1 + 3 · i");
  assert.equal(text("y - p + d\\,(k - 1 - i)", { p: 1, d: 1, k: 3 }), "y + 1 − i");
  assert.equal(text("X_{n,c,(y + p)/s}", { n: null, p: 0, s: 1 }), "X[c, y]");
  assert.equal(text("b_o + \\sum_{n,f} x_f", { b_o: 0, n: null, o: null }), "Σ(f) x[f]");
  assert.equal(text("\\sum_n x_{n,f}\\,y", { n: null }), "x[f] · y");
  assert.equal(text("a + b", { b: -2 }), "a − 2");
  assert.equal(text("a\\,b", { b: -2 }), "a · (−2)");
  assert.equal(text("y = b\\,x", { b: 0 }), "y = 0");
  assert.equal(text("\\beta_1^t + x_l", { "\\beta_1": 0.9, l: "y,x" }), "0.9^t + x[y, x]");
});

/** Letters that stand for a setting: none remains in a formula of the page, but for groups. */
const SETTING = /[spdk]_[HW]|[HW]'/;

test("every pass of every operator has its formula, with all its settings filled in", () => {
  for (const name of Object.keys(OPERATORS)) {
    const start = withOperator(presetCase(FIRST), name);
    const choices = OPERATORS[name].settings.flatMap(({ parts }) =>
      parts.flatMap((part) =>
        (part.kind === "switch" ? [true, false] : (part.options?.(start) ?? [0.5])).map((value) => [part, value]),
      ),
    );
    for (const given of [start, ...choices.map(([part, value]) => withChoice(start, part, value))]) {
      if (refusalOf(given)) continue;
      for (const pass of Object.values(passesOf(given))) {
        const latex = FORMULAS[pass.formula ?? pass.function];
        assert.ok(latex, `${name}: ${pass.formula ?? pass.function}`);
        assert.doesNotMatch(latexOf(formulaOf({ latex, letters: pass.letters })), SETTING, `${name}, ${pass.name}`);
      }
    }
  }
});
