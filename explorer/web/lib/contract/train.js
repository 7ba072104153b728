/** What the Train page asks of the server and what it is answered: types only. Runs: `core/training/listing.py`; events: `core/training/events.py`. */

/** Where a run is. Times in seconds since 1970. @typedef {{ state: "queued" | "running" | "paused" | "stopped" | "done" | "failed", message: string, step: number, steps: number, epoch: number, epochs: number, accuracy: number | null, examples_per_second: number, seconds_left: number | null, created: number, updated: number }} Status */
/** A run of the list; `waiting`: its place in the queue, 0 if it does not wait; `steps`: those whose weights were kept. @typedef {{ name: string, model: string, source: string, status: Status, waiting: number, resumable: boolean, steps: number[] }} Run */

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

export {};
