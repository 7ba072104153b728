/** Python that computes an opened tensor as `output`, for a computer that has ConvScope, or torch alone where no file holds the weights: the twin of `explorer/draw/exports.py`. */

import { INPUT } from "../network.js";
import { Refused } from "../place.js";
import { shownFor } from "../shown.js";

/** @typedef {import("../step.js").Step} Step */
/** @typedef {import("../tensor.js").Tensor} Tensor */
/** @typedef {import("../../lib/contract/draw.js").AtPlace} AtPlace */

/** Most numbers that lines may state one by one. */
const MOST_STATED = 4096;
/** Columns of a line. */
const WIDTH = 110;

const FILES = (/** @type {string} */ name, /** @type {string} */ grad) => `from core.models import load

model = load(${quoted(name)})
trace = record(model, known.prepare(picture)${grad})`;

const CHANGED = (/** @type {string} */ name, /** @type {string} */ grad, /** @type {string} */ edits) =>
  `from explorer.screen.edits import Edits
from explorer.models.library import Library

edits = ${edits}
explored = Library().explored(${quoted(name)})
trace, problem = explored.trace(picture, changes=Edits(inputs).changes(explored, edits)${grad})`;

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** A value as Python writes it. @param {unknown} value @returns {string} */
function python(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${quoted(name)}: ${python(each)}`)
    .join(", ")}}`;
}

/** In lines no longer than they are wide, broken behind commas. @param {string} text */
function wrapped(text) {
  let column = 0;
  return text
    .split(/(?<=, )/)
    .map((part) => {
      const breaks = column > 0 && column + part.length > WIDTH;
      column = (breaks ? 0 : column) + part.length;
      return breaks ? `\n ${part}` : part;
    })
    .join("")
    .replaceAll(/ +\n/g, "\n");
}

/** What is shown, as a request of Python names it: without what only this browser adds. @param {AtPlace["source"]} source */
function sourceTold(source) {
  if (!source || source === "example") return source ?? null;
  if ("digit" in source) return { digit: source.digit };
  return "run" in source ? { run: source.run, picture: source.picture } : source;
}

/** @param {import("../shown.js").Library} library @param {AtPlace} asked @returns {Promise<{ lines: string }>} */
export async function pytorchLines(library, asked) {
  const { network, trace } = await shownFor(library, asked);
  const { model: name, of, label } = asked;
  const step = asked.step === INPUT ? null : trace.steps[asked.step];
  if (!network.card.shipped || (asked.source && asked.source !== "example" && "run" in asked.source))
    return { lines: stated(name, asked, step) };
  const drawing = {
    strokes: asked.strokes,
    brush: asked.brush,
    centred: asked.centred,
    source: sourceTold(asked.source),
    perturbation: asked.perturbation ?? {},
  };
  const inner = of !== "" && of !== "class";
  const grad = inner && label !== null ? ", grad=True" : "";
  const edits = asked.edits.map((edit) => ("source" in edit ? { ...edit, source: sourceTold(edit.source) } : edit));
  const lines = [
    "import torch",
    "import torch.nn.functional as F",
    `from core.explain import record${inner ? ", backward, parameter_gradients" : ""}`,
    "from core.models import card",
    "from explorer.screen.inputs import Inputs",
    "",
    `drawing = ${wrapped(python(drawing))}`,
    "inputs = Inputs()",
    `known = card(${quoted(name)})`,
    "picture = inputs.read(drawing, known).picture  # intensity in [0, 1]",
    edits.length ? CHANGED(name, grad, wrapped(python(edits))) : FILES(name, grad),
    ...placeLines(asked, step),
    `print(output[${asked.cell.join(", ")}].item())`,
  ];
  return { lines: `${lines.join("\n")}\n` };
}

/** The names of a step's arguments that are tensors, or lists of some. @param {Step} step */
const tensorNames = (step) => [...new Set(Object.keys(step.arguments).map((name) => name.split(".")[0]))];

/** From the trace to the tensor. @param {AtPlace} asked @param {Step | null} step @returns {string[]} */
function placeLines({ of, label, step: index }, step) {
  if (of === "class") return ["output = torch.softmax(trace.output.double(), 1)"];
  if (of === "output") return [`output = backward(trace, ${label}).gradients[${index}]`];
  if (of && label !== null)
    return [`output = parameter_gradients(trace, ${label})[${quoted(step?.parameters[of] ?? "")}]`];
  if (of) return [`output = trace.steps[${index}].tensor(${quoted(of)})`];
  if (!step) return [`output = trace.value(${index})`];
  return [
    `step = trace.steps[${index}]  # ${step.op}`,
    ...tensorNames(step).map((name) => `${name} = step.arguments[${quoted(name)}]`),
    `output = ${step.texts.pytorch}`,
  ];
}

/** @param {Tensor} tensor */
function literal({ shape, data }) {
  /** @param {number} at @param {number} axis @returns {string} */
  const nested = (at, axis) => {
    if (axis === shape.length) return pythonNumber(data[at]);
    const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    return `[${Array.from({ length: shape[axis] }, (_, k) => nested(at + k * stride, axis + 1)).join(", ")}]`;
  };
  return wrapped(`torch.tensor(${nested(0, 0)}, dtype=torch.float32)`);
}

/** @param {number} value */
const pythonNumber = (value) =>
  Number.isFinite(value) ? String(value) : `float("${Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf"}")`;

/** Lines that state the tensors of the opened step instead of loading them. @param {string} model @param {AtPlace} asked @param {Step | null} step */
function stated(model, { of, cell }, step) {
  if (of || !step) throw new Refused(`no file holds the weights of ${model}`, "told.unsaved", { model });
  const count = Object.values(step.arguments).reduce((sum, { data }) => sum + data.length, 0);
  if (count > MOST_STATED)
    throw new Refused(`the step has ${count} numbers`, "told.unsaved.large", { count, most: MOST_STATED });
  const given = tensorNames(step).map((name) => {
    const whole = step.arguments[name];
    if (whole) return `${name} = ${literal(whole)}`;
    const parts = Object.keys(step.arguments).filter((each) => each.startsWith(`${name}.`));
    return `${name} = [${parts.map((part) => literal(step.arguments[part])).join(", ")}]`;
  });
  const lines = ["import torch", "import torch.nn.functional as F", "", ...given, `output = ${step.texts.pytorch}`];
  return `${[...lines, `print(output[${cell.join(", ")}].item())`].join("\n")}\n`;
}
