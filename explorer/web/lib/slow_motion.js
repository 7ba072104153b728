/** The moments of one batch in slow motion, and what each of them shows. Nothing here touches the page. */

/**
 * @typedef {{ kind: "batch" | "loss" | "done" } | { kind: "forward" | "backward", step: number } | { kind: "update", parameter: string }} Stage
 * @typedef {{ optimiser: "sgd" | "adam" | "adamw", momentum: number, decay: number, nesterov: boolean }} Rule
 */

/** From the pictures through the steps, the loss, the steps backwards, to every parameter. @param {number} steps @param {string[]} parameters @returns {Stage[]} */
export function stagesOf(steps, parameters) {
  const order = Array.from({ length: steps }, (_, step) => step);
  return [
    { kind: "batch" },
    ...order.map((step) => /** @type {Stage} */ ({ kind: "forward", step })),
    { kind: "loss" },
    ...order.toReversed().map((step) => /** @type {Stage} */ ({ kind: "backward", step })),
    ...parameters.map((parameter) => /** @type {Stage} */ ({ kind: "update", parameter })),
    { kind: "done" },
  ];
}

/** Whether the maps are gradients. @param {Stage} stage */
export const runsBack = (stage) => ["backward", "update", "done"].includes(stage.kind);

/** Whether a column has been computed by then; the input is -1. @param {Stage} stage @param {number} index */
export function reached(stage, index) {
  if (stage.kind === "batch") return index < 0;
  if (stage.kind === "forward") return index <= stage.step;
  return stage.kind === "backward" ? index >= stage.step : true;
}

/** Whether a column is the one that computes now. @param {Stage} stage @param {number} index @param {string[]} learned parameters of the column's step */
export function lit(stage, index, learned) {
  if (stage.kind === "update") return learned.includes(stage.parameter);
  return stage.kind === "batch" ? index < 0 : "step" in stage && stage.step === index;
}

/** What the optimiser does to a weight w with its gradient g, a line each. @param {Rule} rule @param {string} rate @param {(value: number) => string} text */
export function formulaOf({ optimiser, momentum, decay, nesterov }, rate, text) {
  if (optimiser === "sgd") {
    const lines = decay ? [`g ← g + ${text(decay)} · w`] : [];
    if (!momentum) return [...lines, `w ← w − ${rate} · g`];
    const ahead = nesterov ? `(g + ${text(momentum)} · b)` : "b";
    return [...lines, `b ← ${text(momentum)} · b + g`, `w ← w − ${rate} · ${ahead}`];
  }
  const shrink = !decay
    ? []
    : [optimiser === "adamw" ? `w ← w − ${rate} · ${text(decay)} · w` : `g ← g + ${text(decay)} · w`];
  return [
    ...shrink,
    `m ← ${text(momentum)} · m + ${text(1 - momentum)} · g`,
    "v ← 0.999 · v + 0.001 · g²",
    `w ← w − ${rate} · m̂ / (√v̂ + 1e-8)`,
  ];
}
