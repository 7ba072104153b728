/**
 * Answers a file of requests with the page's engine: `node tests/web/engine_answers.js FOLDER`. The folder holds `requests.json`, a list of
 * [function, request], and the models that they name, NAME.json with NAME.safetensors; the answers are written to `answers.json`.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answer } from "../../explorer/web/engine/answering.js";
import { compute } from "../../explorer/web/engine/conv.js";
import { readSafetensors } from "../../explorer/web/engine/safetensors.js";
import { loadLoops } from "../../explorer/web/engine/wasm.js";

const [folder] = process.argv.slice(2);
compute(await loadLoops(readFileSync(new URL("../../explorer/web/engine/conv.wasm", import.meta.url))));

/** @type {Map<string, object>} */
const networks = new Map();

/** @param {string} name */
async function library(name) {
  if (!networks.has(name)) {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${name}.safetensors`));
    const weights = readSafetensors(buffer.slice(byteOffset, byteOffset + byteLength));
    networks.set(name, { ...JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")), weights });
  }
  return networks.get(name);
}

const requests = JSON.parse(readFileSync(join(folder, "requests.json"), "utf8"));
const answers = [];
for (const [name, request] of requests) answers.push(await answer(library, name, request));
writeFileSync(join(folder, "answers.json"), JSON.stringify(answers));
