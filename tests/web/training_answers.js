/**
 * Trains as the browser does: `node tests/web/training_answers.js FOLDER`. The folder holds networks, NAME.json with NAME.safetensors, `digits.png`
 * with `digits.json`, `mnist.png` with `mnist.json` where there are some, and `asked.json`: `traced`, for each a configuration of which so many steps are made one by one, and `optimised`, for each a rule
 * with the gradients of a parameter. Written: `answers.json`, and the weights after each traced step, K-STEP.safetensors.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inWords } from "../../explorer/web/engine/answering.js";
import { compute } from "../../explorer/web/engine/conv.js";
import { readSafetensors, writeSafetensors } from "../../explorer/web/engine/safetensors.js";
import { createOptimiser } from "../../explorer/web/engine/training/optimiser.js";
import { createGallery } from "../../explorer/web/engine/training/gallery.js";
import { mnistOf, partsOf } from "../../explorer/web/engine/training/parts.js";
import { cutOut } from "../../explorer/web/engine/training/pictures.js";
import { readGrey } from "../../explorer/web/engine/training/png.js";
import { answerOf, createRuns } from "../../explorer/web/engine/training/runs.js";
import { activations, score } from "../../explorer/web/engine/training/score.js";
import { settingsOf } from "../../explorer/web/engine/training/settings.js";
import { createTraining } from "../../explorer/web/engine/training/training.js";
import { freshWeights } from "../../explorer/web/engine/training/weights.js";
import { loadLoops } from "../../explorer/web/engine/wasm.js";

const [folder] = process.argv.slice(2);
const bytes = (name) => {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name));
  return buffer.slice(byteOffset, byteOffset + byteLength);
};
const json = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
compute(await loadLoops(readFileSync(new URL("../../explorer/web/engine/conv.wasm", import.meta.url))));

/** @param {string} name */
async function sheet(name) {
  const told = json(`${name}.json`);
  const pictures = cutOut(told, await readGrey(bytes(`${name}.png`)));
  return { ...pictures, indices: Uint32Array.from(told.indices ?? pictures.labels.keys()) };
}
const reader = {
  digits: () => sheet("digits"),
  examples: existsSync(join(folder, "mnist.json")) ? () => sheet("mnist") : null,
};
const { traced, optimised, asked } = json("asked.json");

/** What a page keeps in its browser: weights, and the names of runs with what their weights are kept under. */
const [kept, ids] = [new Map(), new Map()];
const shelf = {
  runs: async () => [],
  keep: async ({ id, name }) => void ids.set(name, id),
  keepWeights: async (id, step, file) => void kept.set(`${id}@${step}`, file),
  remove: async () => {},
};
async function library(name) {
  const [, run, model, step] = /^(.+)\/([^/@]+)@(\d+)$/.exec(name) ?? [];
  const plan = json(`${model ?? name}.json`);
  return {
    ...plan,
    weights: readSafetensors(run ? kept.get(`${ids.get(run)}@${step}`) : bytes(`${name}.safetensors`)),
  };
}

/** @param {object} config @param {number} steps @param {number} number */
async function trace(config, steps, number) {
  const settings = settingsOf(config);
  const network = await library(settings.model);
  const { recipe } = settings;
  const { training: pictures, held } = await partsOf(reader, settings);
  const begun = settings.start ? network : { ...network, weights: freshWeights(network, recipe.seed) };
  const training = createTraining(begun, pictures, recipe);
  writeFileSync(join(folder, `${number}-0.safetensors`), writeSafetensors(training.network.weights));
  const done = [];
  for (let step = 1; step <= steps; step++) {
    const { gradients, ...told } = training.advance();
    if (step === 1) writeFileSync(join(folder, `${number}-gradients.safetensors`), writeSafetensors(gradients));
    writeFileSync(join(folder, `${number}-${step}.safetensors`), writeSafetensors(training.network.weights));
    done.push(told);
  }
  return {
    steps: training.steps,
    labels: [pictures, held].map(({ labels }) => [...labels]),
    done,
    score: await score(training.network, held, async () => {}),
    activations: activations(training.network, held),
  };
}

/** A parameter's values after each gradient. */
function optimise({ rule, weights, gradients, rates }) {
  const step = createOptimiser(rule);
  let now = { w: { shape: [weights.length], data: Float32Array.from(weights) } };
  return gradients.map((gradient, k) => {
    now = step(
      now,
      { w: { shape: [gradient.length], data: Float32Array.from(gradient) } },
      { rate: rates[k], momentum: null },
    );
    return [...now.w.data];
  });
}

/** A conversation with the runs: [function, request, how long to wait for a state of the run before it, if at all]. */
async function talk() {
  const runs = await createRuns({ library, shelf, ...reader, published: [] });
  const gallery = createGallery({ library, examples: () => mnistOf(reader), held: runs.held_back });
  const answers = [];
  for (const [name, request, state] of asked) {
    for (let k = 0; state && k < 2000; k++) {
      const { runs: listed } = await runs.list_runs();
      if (listed.find((run) => run.name === request.name)?.status.state === state) break;
      await new Promise((done) => setTimeout(done, 5));
    }
    const ask = () => inWords(() => answerOf(name in gallery ? gallery : runs, name, request));
    if (name === "browse" && request.wrong && !state) while ((await ask()).judged < (await ask()).size); // until all are judged
    answers.push(await ask());
  }
  return answers;
}

const answers = { traced: [], optimised: optimised.map(optimise), told: [] };
for (const [number, { config, steps }] of traced.entries()) answers.traced.push(await trace(config, steps, number));
if (asked.length) answers.told = await talk();
writeFileSync(join(folder, "answers.json"), JSON.stringify(answers));
