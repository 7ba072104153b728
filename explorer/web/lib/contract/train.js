/** What the Train page asks of the server and what it is answered: types only. Runs: `core/training/listing.py`; events: `core/training/events.py`. */

/** @template Q, A @typedef {import("../live.js").Asked<Q, A>} Asked */
/** @typedef {import("./network.js").Codes} Codes */

/** Where a run is. Times in seconds since 1970. @typedef {{ state: "queued" | "running" | "paused" | "stopped" | "done" | "failed" | "damaged", message: string, step: number, steps: number, epoch: number, epochs: number, accuracy: number | null, examples_per_second: number, seconds_left: number | null, created: number, updated: number }} Status */
/** A run of the list; `waiting`: its place in the queue, 0 if it does not wait; `steps`: those whose weights were kept. `owner`: in a class, who started it; `yours`: whether whoever asks may change it. @typedef {{ name: string, model: string, source: string, status: Status, waiting: number, resumable: boolean, steps: number[], owner: string, yours: boolean }} Run */

/** How a model does on a set of pictures; `wrong`: index, label, answer, its probability. @typedef {{ pictures: number, loss: number | null, accuracy: number, confusion: number[][], wrong: [number, number, number, number][] }} Score */
/** @typedef {{ name: string, units: number, dead: number[], mean: number | null, std: number | null }} Activation */
/** What a number is that was not finite: null. @typedef {number | null} Finite */
/**
 * @typedef {{ event: "started", time: number, steps: number, epochs: number, pictures: Record<string, number>, classes: string[], parameters: number, trained: number, frozen: string[], device: string, threads: number, processes: number, notes: string[] }} Started
 * @typedef {{ event: "batch", time: number, step: number, epoch: number, loss: Finite, accuracy: number, learning_rate: number, examples_per_second: number, seconds_left: number, gradient_norms: Record<string, Finite> }} Batch
 * @typedef {{ event: "epoch", time: number, step: number, epoch: number, loss: Finite, accuracy: number, seconds: number }} Epoch
 * @typedef {{ event: "checkpoint", time: number, step: number, epoch: number, file: string, validation: Score | null, activations: Activation[] }} Checkpoint
 * @typedef {{ event: "tested", time: number, step: number, name: string, score: Score }} Tested
 * @typedef {{ event: "ended", time: number, step: number, state: string, message: string, figures: Record<string, Finite> }} Ended
 * @typedef {Started | Batch | Epoch | Checkpoint | Tested | Ended
 *   | { event: "resumed", time: number, step: number } | { event: "compiled", time: number, seconds: number }
 *   | { event: "rate", time: number, step: number, learning_rate: number } | { event: "paused", time: number, step: number }
 *   | { event: "note", time: number, text: string }} Event
 */

/** Of many batches one of `every` is told; `next` is the `since` of the next reading. @typedef {{ run: Run, events: Event[], next: number, every: number }} Reading */

/** What a run is started with, as `core/training/settings.py` reads it: JSON. @typedef {{ model: string, start: string | null, data: Record<string, unknown>, training: Record<string, unknown>, unfreeze?: Record<string, unknown> | null, checkpoints?: number, device?: string, threads?: number }} Config */
/** @typedef {{ label: number, strokes: import("../strokes.js").Stroke[] }} LabelledDrawing */
/** What a run would be: `pictures` of each part, `seconds` and `memory` that it would take about, in bytes; `most`: what one run may take. @typedef {{ parameters: number, trained: number, frozen: string[], pictures: Record<string, number>, classes: string[], steps: number, seconds: number, memory: { pictures: number, batch: number, weights: number, most: number }, notes: string[] }} Summary */

/** A moment of a run. @typedef {{ name: string, model: string, step: number }} Moment */
/** The kernels of the first convolution, as codes; `shape` (count, rows, columns) is empty without one. @typedef {Codes & { path: string, shape: number[], channels: number }} Filters */
/** A held-back picture as grey bytes, 0 black, in base64. @typedef {{ label: number, width: number, height: number, data: string }} Picture */

/** What the optimiser does. @typedef {import("../slow_motion.js").Rule} Rule */
/** A batch in slow motion: its pictures as grey bytes in base64, `averaged`: the run keeps a mean of its weights. @typedef {{ description: import("./network.js").Description, width: number, height: number, pictures: string[], labels: number[], classes: string[], loss: number, losses: number[], rule: Rule, averaged: boolean, parameters: { name: string, shape: number[] }[] }} SlowBatch */
/** `back`: the gradients of the batch's loss instead of the values. @typedef {Moment & { picture: number, wanted: number[][], back: boolean }} SlowMapsRequest */
/** A weight that the step changes; `memory`: what the optimiser remembered before and after. @typedef {{ index: number[], before: number, gradient: number, memory: Record<string, number[]>, change: number, after: number }} SlowRow */
/** What the step does to one parameter; `apart`: from the formula, `largest` weight after it. @typedef {{ name: string, rate: number, map: import("./network.js").MapLayout, first: number, pages: Record<"before" | "gradient" | "change" | "after", Codes>, rows: SlowRow[], apart: number, largest: number }} SlowUpdate */

/**
 * @typedef {{
 *   list_runs: Asked<{}, { runs: Run[] }>,
 *   summarise_run: Asked<{ config: Config, drawings: LabelledDrawing[] | null }, Summary | import("../live.js").Lacking>,
 *   start_run: Asked<{ config: Config, name: string, drawings: LabelledDrawing[] | null }, { name: string }>,
 *   read_run: Asked<{ name: string, since: number }, Reading>,
 *   control_run: Asked<{ name: string, command: string, value?: number }, {}>,
 *   rename_run: Asked<{ name: string, to: string }, { name: string }>,
 *   delete_run: Asked<{ name: string }, {}>,
 *   moment: Asked<Moment, { model: string, filters: Filters }>,
 *   wrong: Asked<{ name: string, indices: number[] }, { pictures: Picture[] }>,
 *   export_run: Asked<{ name: string, step: number, ending: string }, { file: string, data: string }>,
 *   slow_batch: Asked<Moment, SlowBatch>,
 *   slow_maps: Asked<SlowMapsRequest, import("./network.js").Seen>,
 *   slow_update: Asked<Moment & { parameter: string, first: number }, SlowUpdate>,
 *   observe: import("./draw.js").Server["observe"],
 * }} Server
 */
/** What the page starts with: what a run can be made of; `mnist`: it is on the server's machine; `distortions` by name, as settings; `drawn`: the browser trains by itself, on so many digits at most. @typedef {{ models: { name: string, title: string }[], sources: string[], mnist: boolean, distortions: Record<string, Record<string, unknown>>, drawn?: number }} Options */

export {};
