/**
 * Weights from a file: eight bytes that say how long the header is, the header in JSON, and the numbers.
 *
 *   {"conv1.weight": {"dtype": "F32", "shape": [32, 1, 5, 5], "data_offsets": [0, 3200]}, …}
 *
 * Source: the format as huggingface/safetensors describes it
 */

import { size } from "../lib/visits.js";

/** @typedef {import("./tensor.js").Tensor} Tensor */

/** What of a file is read: other numbers (a counter of batches) take no part in a forward pass. */
const READ = "F32";

/** @param {ArrayBuffer} buffer @returns {Record<string, Tensor>} the float32 tensors by name; throws what is wrong with the file */
export function readSafetensors(buffer) {
  if (buffer.byteLength < 8) throw new Error("the file of weights ends before its header");
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const start = 8 + length;
  if (start > buffer.byteLength) throw new Error("the file of weights ends within its header");
  /** @type {Record<string, { dtype: string, shape: number[], data_offsets: [number, number] }>} */
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  /** @type {Record<string, Tensor>} */
  const tensors = {};
  for (const [name, told] of Object.entries(header)) {
    if (name === "__metadata__" || told.dtype !== READ) continue;
    const [from, to] = told.data_offsets;
    if (to - from !== 4 * size(told.shape) || start + to > buffer.byteLength)
      throw new Error(`${name} has ${to - from} bytes, expected 4 for each of ${told.shape.join("×")} numbers`);
    tensors[name] = { shape: told.shape, data: new Float32Array(buffer.slice(start + from, start + to)) };
  }
  return tensors;
}

/** @param {Record<string, Tensor>} tensors @returns {Uint8Array<ArrayBuffer>} the file; its numbers begin at a multiple of 8 */
export function writeSafetensors(tensors) {
  /** @type {Record<string, object>} */
  const header = {};
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(tensors))
    header[name] = { dtype: READ, shape, data_offsets: [end, (end += 4 * data.length)] };
  const told = JSON.stringify(header);
  const text = new TextEncoder().encode(told.padEnd(8 * Math.ceil(told.length / 8)));
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  const numbers = new Float32Array(bytes.buffer, 8 + text.length);
  let next = 0;
  for (const { data } of Object.values(tensors)) {
    numbers.set(data, next);
    next += data.length;
  }
  return bytes;
}
