/** What the Draw page asks of the server and what it is answered: types only. */

/** What is shown besides the strokes, for which it is null: a digit of MNIST's test set, or a picture as grey bytes, 0 black, in base64. @typedef {{ digit: number } | { width: number, height: number, data: string } | null} Source */
/** How the input is changed: amounts by name (core/data/perturbation.py); `true` for what is on or off. @typedef {Record<string, number | true>} Perturbation */
/** What the network is shown (explorer/screen/inputs.py). @typedef {{ strokes: import("../strokes.js").Stroke[], brush: number, centred: boolean, source?: Source, perturbation?: Perturbation }} Shown */

/**
 * One change of the model (explorer/screen/edits.py).
 * @typedef {{ kind: "set", parameter: string, index: number[], value: number }
 *   | { kind: "scale", parameters: string[], channel: number, factor: number }
 *   | ({ kind: "sgd", rate: number, label: number } & Shown)
 *   | { kind: "swap", call: number, activation: string | null }} Edit
 */

export {};
