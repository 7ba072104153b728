/**
 * Words with a card: what a term or an operator means, in a sentence, with this layer's own numbers, and where it can be walked.
 *
 *   "a [kernel|kernel] of 5×5 numbers"   in the catalogue: the first is shown, the second names the card
 *
 * A card of an operator has the texts `op.NAME.name` and `op.NAME`, one of a term `term.NAME.name`, `term.NAME` and, with numbers of
 * a step, `term.NAME.example`.
 */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { page } from "../page.js";
import { numbersOf, saysOf } from "./says.js";

/** @typedef {import("../../lib/contract/network.js").Step} Step */
/** `step`: whose numbers the card tells. @typedef {{ name: string, step: Step | null }} Asked */

/** px between a word and its card, and from the window's edge. */
const APART = 6,
  EDGE = 8;
/** The walk of the Arithmetic page that shows a term. @type {Record<string, string>} */
const WALKS = {
  kernel: "conv",
  convolution: "conv",
  stride: "conv",
  padding: "conv",
  channel: "conv",
  feature_map: "conv",
  bias: "conv",
  pooling: "max",
  batch_norm: "batchNorm",
  softmax: "crossEntropy",
  logit: "crossEntropy",
  loss: "crossEntropy",
  activation: "relu",
};

const MARKED = /\[([^\]|]+)\|(\w+)\]/;

/** A text without its marks. @param {string} text */
export const plain = (text) => text.replaceAll(new RegExp(MARKED, "g"), "$1");

/** A text whose marked words open their cards. @param {string} text @param {Step | null} [step] whose numbers the cards tell @returns {(string | HTMLElement)[]} */
export function termed(text, step = null) {
  const marked = text.match(MARKED);
  if (!marked) return [text];
  const [whole, words, name] = marked;
  const [before, after] = [text.slice(0, marked.index), text.slice((marked.index ?? 0) + whole.length)];
  return [before, termButton(words, { name: `term.${name}`, step }), ...termed(after, step)];
}

/** A word that opens a card. @param {string} words @param {Asked} asked */
export const termButton = (words, asked) =>
  h(
    "button",
    {
      type: "button",
      class: "term",
      "aria-haspopup": "dialog",
      onclick: (/** @type {MouseEvent} */ event) => {
        event.stopPropagation();
        openCard(/** @type {HTMLElement} */ (event.currentTarget), asked);
      },
    },
    words,
  );

/** Operators that share another's card. @type {[RegExp, string][]} */
const FAMILIES = [
  [/^conv_transpose/, "conv_transpose2d"],
  [/^conv/, "conv2d"],
  [/^max_pool/, "max_pool2d"],
  [/^avg_pool/, "avg_pool2d"],
  [/^adaptive_avg/, "adaptive_avg_pool2d"],
  [/^adaptive_max/, "adaptive_max_pool2d"],
  [/^pad$/, "pad2d"],
  [/^(sub|rsub)$/, "add"],
  [/^r?div$/, "mul"],
  [/^sum$/, "mean"],
  [/^(reshape|unflatten|squeeze|unsqueeze|permute|transpose|getitem|contiguous|identity)$/, "view"],
];

/** The name of a step's operator, with its card where it has one. @param {Step} step @returns {string | HTMLElement} */
export function opTerm(step) {
  const has = (/** @type {string} */ op) => t(`op.${op}`) !== `op.${op}`;
  const told = has(step.op) ? step.op : FAMILIES.find(([names]) => names.test(step.op))?.[1];
  return told ? termButton(step.op, { name: `op.${told}`, step }) : step.op;
}

/** The walk that shows it, "" for none. @param {Asked} asked */
const walkOf = ({ name, step }) =>
  name.startsWith("op.") ? (step?.walk ?? "") : (WALKS[name.replace("term.", "")] ?? "");

/** This layer's own example, "" where it has none. @param {Asked} asked */
function exampleOf({ name, step }) {
  if (!step) return "";
  if (name.startsWith("op.")) return saysOf(step);
  const example = t(`${name}.example`, numbersOf(step));
  return example === `${name}.example` || /\{\w+\}/.test(example) ? "" : example;
}

/** Show a card beside the word that asked for it; nothing else moves. @param {HTMLElement} word @param {Asked} asked */
function openCard(word, asked) {
  const example = exampleOf(asked);
  const walk = walkOf(asked);
  const close = (/** @type {boolean} */ back) => {
    if (!card.isConnected) return;
    card.remove();
    removeEventListener("pointerdown", leave, true);
    removeEventListener("scroll", shut, true);
    if (back && word.isConnected) word.focus({ preventScroll: true });
  };
  const shut = () => close(false);
  const leave = (/** @type {Event} */ event) => {
    if (!card.contains(/** @type {Node} */ (event.target))) close(false);
  };
  const card = h(
    "div",
    {
      class: "term-card",
      role: "dialog",
      tabindex: -1,
      "aria-label": t(`${asked.name}.name`),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        event.preventDefault();
        close(true);
      },
    },
    h("h3", {}, t(`${asked.name}.name`)),
    h("p", {}, plain(t(asked.name))),
    example ? h("p", { class: "term-example" }, plain(example)) : "",
    h(
      "p",
      { class: "term-doors" },
      walk
        ? h(
            "button",
            {
              type: "button",
              class: "link",
              onclick: () => {
                close(false);
                page.set({ walk: { op: walk }, sent: { op: walk }, section: "operators", tab: "arithmetic" });
              },
            },
            t("term.walk"),
          )
        : "",
      h("button", { type: "button", class: "link", onclick: () => close(true) }, t("term.close")),
    ),
  );
  (word.closest(".webview") ?? document.body).append(card);
  const [at, { width, height }] = [word.getBoundingClientRect(), card.getBoundingClientRect()];
  const below = at.bottom + APART + height + EDGE <= innerHeight;
  card.style.left = `${Math.max(EDGE, Math.min(at.left, innerWidth - width - EDGE))}px`;
  card.style.top = `${Math.max(EDGE, below ? at.bottom + APART : at.top - APART - height)}px`;
  card.focus({ preventScroll: true });
  addEventListener("pointerdown", leave, true);
  addEventListener("scroll", shut, true);
}
