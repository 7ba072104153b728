/** A person's changes to a network, as `explorer/screen/edits.py` applies them: the network itself stays as it is. */

import { read } from "./input.js";
import { backward, parameterGradients, run, UNCHANGED } from "./network.js";
import { fedWith } from "./prepare.js";
import { ACTIVATIONS } from "./ops/activation.js";
import { isCell, mapped, offsetOf } from "./tensor.js";

/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./network.js").Changes} Changes */
/** @typedef {import("./tensor.js").Tensor} Tensor */
/** @typedef {import("../lib/contract/draw.js").Edit} Edit */

/** Changed networks that stay at hand: drawing on one costs no more than on the network as it is. */
const REMEMBERED = 32;

/** @param {Network} network @param {Changes} changes @param {string} name @returns {Tensor} */
function parameterOf({ weights }, { parameters }, name) {
  const found = parameters[name] ?? weights[name];
  if (!found) throw new Error(`the model has no parameter '${name}'; it has ${Object.keys(weights).join(", ")}`);
  return found;
}

/** @param {Changes} changes @param {Record<string, Tensor>} parameters @returns {Changes} */
const withParameters = (changes, parameters) => ({ ...changes, parameters: { ...changes.parameters, ...parameters } });

/** @param {Network} network @param {Changes} changes @param {Edit & { kind: "set" }} edit */
function set(network, changes, { parameter, index, value }) {
  const tensor = mapped(parameterOf(network, changes, parameter), (x) => x);
  if (!isCell(tensor.shape, index))
    throw new Error(`${parameter} has elements of shape ${tensor.shape.join("×")}, got index ${index.join(", ")}`);
  tensor.data[offsetOf(tensor.shape, index)] = value;
  return withParameters(changes, { [parameter]: tensor });
}

/** @param {Network} network @param {Changes} changes @param {Edit & { kind: "scale" }} edit */
function scale(network, changes, { parameters, channel, factor }) {
  const scaled = parameters.map((name) => {
    const [own, tensor] = [
      parameterOf(network, UNCHANGED, name),
      mapped(parameterOf(network, changes, name), (x) => x),
    ];
    if (!(channel < tensor.shape[0]))
      throw new Error(`${name} has ${tensor.shape[0]} channels, got channel ${channel}`);
    const count = tensor.data.length / tensor.shape[0];
    for (let k = channel * count; k < (channel + 1) * count; k++) tensor.data[k] = own.data[k] * factor;
    return [name, tensor];
  });
  return withParameters(changes, Object.fromEntries(scaled));
}

/** w ← w − rate · dL/dw of every trained parameter. @param {Network} network @param {Changes} changes @param {Edit & { kind: "sgd" }} edit */
function descend(network, changes, edit) {
  const trace = run(network, fedWith(network, read(edit, network.card.takes)), changes);
  const stepped = Object.entries(parameterGradients(trace, backward(trace, edit.label))).map(([name, gradient]) => {
    const { shape, data } = parameterOf(network, changes, name);
    return [name, { shape, data: data.map((w, k) => w - Math.fround(edit.rate * gradient.data[k])) }];
  });
  return withParameters(changes, Object.fromEntries(stepped));
}

/** @param {Changes} changes @param {Edit & { kind: "swap" }} edit @returns {Changes} */
function swap(changes, { call, activation }) {
  const { [call]: _, ...swaps } = changes.swaps;
  if (activation === null) return { ...changes, swaps };
  if (!(activation in ACTIVATIONS))
    throw new Error(`the activation is ${activation}, expected one of ${Object.keys(ACTIVATIONS).join(", ")}`);
  return { ...changes, swaps: { ...swaps, [call]: activation } };
}

/** @param {Network} network @param {Changes} changes @param {Edit} edit @returns {Changes} */
function applied(network, changes, edit) {
  if (edit.kind === "set") return set(network, changes, edit);
  if (edit.kind === "scale") return scale(network, changes, edit);
  if (edit.kind === "sgd") return descend(network, changes, edit);
  return swap(changes, edit);
}

/** @type {Map<string, Changes>} */
const known = new Map();

/** What differs from the network's own after some changes. @param {Network} network @param {Edit[]} edits @returns {Changes} */
export function changesOf(network, edits) {
  let changes = UNCHANGED;
  for (const [k, edit] of edits.entries()) {
    const key = JSON.stringify([network.facts.name, edits.slice(0, k + 1)]);
    const found = known.get(key) ?? applied(network, changes, edit);
    known.delete(key);
    known.set(key, found);
    changes = found;
  }
  for (const key of [...known.keys()].slice(0, Math.max(0, known.size - REMEMBERED))) known.delete(key);
  return changes;
}
