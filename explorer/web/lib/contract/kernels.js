/** What the Kernels page asks of the server and what it is answered: types only. */

/** @template Q, A @typedef {import("../live.js").Asked<Q, A>} Asked */
/** @typedef {import("./draw.js").Shown} Shown */
/** @typedef {import("./draw.js").Edit} Edit */

/** `step` −1 is the network's input. @typedef {Shown & { model: string, edits: Edit[], step: number, channel: number }} MapRequest */
/** Float32 values in base64, row by row. @typedef {{ name: string, width: number, height: number, values: string }} MapAnswer */
/** @typedef {{ name: string, shape: number[] }} Weight  shape (O, C, kH, kW) */
/** @typedef {{ model: string, edits: Edit[], name: string, output: number, input: number }} KernelRequest */

/**
 * A way to compute a convolution; `missing`: why not here; `install`: the system that lacks the compiler it needs.
 * @typedef {{ name: string, missing: string | null, install: string | null, on: boolean }} Way
 */
/** What is measured (core/speed/sweep.py). @typedef {{ sizes: number[], images: number, channels: number, outputs: number, kernel: number, threads: number | null, ways: string[] }} Sweep */
/** `run`: a measurement that can be read. @typedef {{ ways: Way[], cores: number, run: number | null }} Offer */
/** The machine that measures; `cards`: of CUDA. @typedef {{ cpu: string, cores: number, threads: number, torch: string, python: string, system: string, load_average: number | null, cards: { name: string, memory: number, capability: string, driver: string | null, cuda: string, cudnn: number }[] }} Machine */
/** Seconds, GFLOP/s and bytes of one way at one size. @typedef {{ way: string, size: number, products: number, median: number, lower: number, upper: number, gflops: number, peak: number | null, error: number, prepared: number, estimated: boolean }} Point */
/** `key`, `values`: of the words of `message`, where it has them. @typedef {{ way: string, size: number, message: string, key?: string, values?: Record<string, string | number> }} LeftOut */
/**
 * @typedef {{ kind: "start", machine: Machine, points: number, reference: string } | ({ kind: "point" } & Point) | ({ kind: "left_out" } & LeftOut)
 *   | { kind: "growth", way: string, exponent: number, points: number } | { kind: "done" | "cancelled" } | { kind: "failed", message: string }} SpeedEvent
 */
/** `next` is the `since` of the next reading. @typedef {{ events: SpeedEvent[], next: number, running: boolean, seconds: number, settings: Sweep & { seed: number } }} SpeedReading */

/**
 * @typedef {{
 *   feature_map: Asked<MapRequest, MapAnswer>,
 *   learned_kernels: Asked<{ model: string }, { weights: Weight[] }>,
 *   learned_kernel: Asked<KernelRequest, { rows: number, columns: number, values: number[] }>,
 *   offer_speed: Asked<{}, Offer>,
 *   start_speed: Asked<Sweep, { run: number }>,
 *   read_speed: Asked<{ run: number, since: number }, SpeedReading>,
 *   cancel_speed: Asked<{ run: number }, {}>,
 * }} Server
 */

export {};
