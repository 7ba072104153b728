/** What the bar above the pages asks of the server and what it is answered: types only. */

/** @template Q, A @typedef {import("../live.js").Asked<Q, A>} Asked */

/** What the bar says of a model; `figures`: shares of right answers, and the calibration error, that its card names. @typedef {{ name: string, title: string, summary: string, trained: boolean, takes: import("./network.js").Takes, run: string, device: string, parameters: number, figures: { mnist_accuracy?: number, strokes_accuracy?: number, expected_calibration_error?: number } }} Facts */
/** Why the weights are not here, and the model's name without them. @typedef {import("../live.js").Lacking & { untrained: string }} Missing */
/** How far the weights' download is, bytes; `size`: null where it is not known. @typedef {{ fetching: { done: number, size: number | null } }} Fetching */
/**
 * @typedef {{
 *   describe: Asked<{ model: string }, (Facts & import("./network.js").Description) | Missing | Fetching>,
 *   cancel_download: Asked<{ model: string }, {}>,
 * } & import("./classroom.js").Server} Server
 */
/** How far numbers that the browser computed are from PyTorch's: `apart`, the largest difference, of the largest number of its step. @typedef {{ torch: string, drawings: number, numbers: number, apart: number }} Truth */
/** What the bar starts with; `local`: whether this browser may compute drawings itself; `truth`: compares a model, where it computes all; `network`: the address at which other machines find the server, null where they cannot; in a class it also asks what `classroom.js` says. @typedef {{ models: { name: string, title: string }[], model: string, language: string, device: string, network: string | null, classroom: boolean, local?: boolean, truth?: (model: string) => Promise<Truth> }} Options */

export {};
