/** How a gradient becomes a step, as `torch.optim` makes it: SGD with momentum, Adam, AdamW. */

/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {"sgd" | "adam" | "adamw"} Name */
/** @typedef {{ optimiser: Name, momentum: number, decay: number }} Rule */
/** Of one step: `momentum` is SGD's, or Adam's β₁. @typedef {{ rate: number, momentum: number | null }} Pace */
/** Writes into `next` what a parameter becomes. @typedef {(w: Float32Array, g: Float32Array, next: Float32Array, memory: Float32Array[], pace: Pace, count: number) => void} Step */

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** b ← μ·b + g + λ·w;  w ← w − η·b. @param {Rule} rule @returns {Step} */
const sgd =
  (rule) =>
  (w, g, next, memory, { rate, momentum }) => {
    const mu = momentum ?? rule.momentum;
    const [buffer] = memory;
    for (let k = 0; k < w.length; k++) {
      let step = g[k] + rule.decay * w[k];
      if (rule.momentum) step = buffer[k] = mu * buffer[k] + step;
      next[k] = w[k] - rate * step;
    }
  };

/** m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²;  w ← w − η·m̂ / (√v̂ + ε); AdamW shrinks w by η·λ first, Adam adds λ·w to g. @param {Rule} rule @returns {Step} */
const adam =
  (rule) =>
  (w, g, next, memory, { rate, momentum }, count) => {
    const beta1 = momentum ?? BETA1;
    const [first, second] = memory;
    const apart = rule.optimiser === "adamw";
    const shrunk = apart ? 1 - rate * rule.decay : 1;
    const [size, root] = [rate / (1 - beta1 ** count), Math.sqrt(1 - BETA2 ** count)];
    for (let k = 0; k < w.length; k++) {
      const slope = apart ? g[k] : g[k] + rule.decay * w[k];
      first[k] = beta1 * first[k] + (1 - beta1) * slope;
      second[k] = BETA2 * second[k] + (1 - BETA2) * slope * slope;
      next[k] = w[k] * shrunk - (size * first[k]) / (Math.sqrt(second[k]) / root + EPSILON);
    }
  };

/** What each optimiser remembers of a weight, in numbers. @type {Record<Name, number>} */
export const MEMORY = { sgd: 1, adam: 2, adamw: 2 };

/** @param {Rule} rule */
export function createOptimiser(rule) {
  const step = rule.optimiser === "sgd" ? sgd(rule) : adam(rule);
  /** @type {Map<string, Float32Array[]>} */
  const remembered = new Map();
  let count = 0;

  /** New tensors for those that have a gradient; what was is left as it is. @param {Record<string, Tensor>} weights @param {Record<string, Tensor>} gradients @param {Pace} pace @returns {Record<string, Tensor>} */
  return (weights, gradients, pace) => {
    count += 1;
    const changed = Object.entries(gradients).map(([name, { data: gradient }]) => {
      const { shape, data } = weights[name];
      const memory =
        remembered.get(name) ?? Array.from({ length: MEMORY[rule.optimiser] }, () => new Float32Array(data.length));
      remembered.set(name, memory);
      const next = new Float32Array(data.length);
      step(data, gradient, next, memory, pace, count);
      return [name, { shape, data: next }];
    });
    return { ...weights, ...Object.fromEntries(changed) };
  };
}
