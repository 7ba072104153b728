/** What answers say of a network: its description, its maps, its prediction (explorer/wire/trace.py). Types only. */

/** How the output of a step is laid out as maps; `block`: a drawn cell is the mean of so many values each way. @typedef {{ channels: number, rows: number, columns: number, count: number, block: number, size: number[], perPage: number }} Layout */
/** Layout and the words beside a vector's cells. @typedef {Layout & { labels: string[] }} MapLayout */
/**
 * One step; the input is −1. `from`: where its inputs come from, if not the step before; `call`: which activation of the model's run
 * it is, null for other steps; `walk`: the operator of the Arithmetic page that shows it; `message`: why it has no maps.
 * @typedef {{
 *   index: number, op: string, path: string, shape: number[], from: string[], parents: number[], explained: boolean, call: number | null,
 *   parameters: string, learned: string[], field: string, walk: string | null, scale: import("../colour.js").Scale, low: number, high: number, message: string,
 *   map: MapLayout | null,
 * }} Step
 */
/**
 * The structure of a model as it ran. `everything`: all maps travel each time; `structure`: its signature; `modules`: class names by
 * path; `geometry`: for each step how its output depends on its parents' places; `swaps`: what activations can be swapped for.
 * @typedef {{ steps: Step[], everything: boolean, structure: string, modules: Record<string, string>, geometry: Record<string, import("../field.js").Relation>[], classes: string[], swaps: string[] }} Description
 */
/** A page of maps; `channels` and their `strengths` where they are sorted. @typedef {{ step: number, first: number, scales: string, data: string, channels?: number[], strengths?: (number | string)[] }} Maps */
/** Codes in base64, and the scale of each map as float32 in base64. @typedef {{ scales: string, data: string }} Codes */
/** What an input is made of: ink, any picture, or no picture at all. @typedef {"ink" | "pictures" | "tensors"} Takes */
/** How the picture became the model's input; `example`: its example stands for it; `kept`: it has one. @typedef {{ example: boolean, kept: boolean, own: boolean, takes: Takes, shape: number[] }} Fed */
/** The class that wins at each place, as bytes in base64, and the share of the places that each class has. @typedef {{ rows: number, columns: number, data: string, shares: { index: number, name: string, share: number }[] }} ClassMap */
/** What may be said of the probabilities; `reason`, `output`: why there are none. @typedef {{ verdict: "empty" | "unsure" | "sure" | "best" | "untrained" | "none" | "features" | "failed" | "maps", classes: string[], probabilities: number[], threshold: number | null, reason?: string, output?: string, map?: ClassMap }} Prediction */
/** Of each changed parameter. @typedef {Record<string, { count: number, of: number, largest: number }>} Changed */
/** @typedef {{ name: string, value: number }} Loss */
/** Maps with what stands beside them; `peaks`: the largest |value| by step; `milliseconds`: of each step. @typedef {{ loss: Loss | null, fed: Fed, changed: Changed, prediction: Prediction, maps: Maps[], peaks: Record<string, number>, milliseconds: (number | null)[] }} Seen */

export {};
