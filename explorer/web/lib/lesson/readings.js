/** The numbers of the pages that a lesson may say, ask for and compare, each by a name. */

import { crossEntropy, PRESETS, written } from "../presets.js";
import { lastPhase, operatorOf } from "../arithmetic.js";
import { largestOf, numberOf, short } from "../numbers.js";
import { planesOf } from "../planes.js";
import { CLAIMS, PROPERTIES, smoothed } from "../properties.js";
import { heard, INITIAL } from "../properties_state.js";
import { separated } from "../separable.js";
import { ENDS, LAWS, SETTINGS, TENSORS } from "./known.js";
import { thingOf } from "./names.js";
import { kernelOf, stepOf, walkOf } from "./world.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./progress.js").Value} Value */
/** `read`: null while the page does not tell it. @typedef {{ takes: import("./names.js").Takes, of?: import("./known.js").Known, read: (world: World, ...args: string[]) => Value | null | undefined }} Reading */

/** A number out of a list. @param {ArrayLike<number> | undefined} values @param {string} at */
const element = (values, at) => values?.[Number(at)];

/** A tensor as a tutorial writes it. @param {{ shape: number[], values: ArrayLike<number> } | undefined} tensor */
const matrix = (tensor) => tensor && written(tensor.values, planesOf(tensor.shape).columns);

/** A property or claim, worked on the numbers of the page. @param {World} world @param {string} name */
function law({ state }, name) {
  const work = { ...PROPERTIES, ...CLAIMS }[name];
  const { state: given } = state.signals === null ? { state: INITIAL } : heard(/** @type {object} */ (state.signals));
  return work?.(given, given.flip);
}

/** The shares of the classes, where the network gives them. @param {World} world */
const prediction = ({ observed }) => observed?.answer.prediction ?? null;

/** The class of the largest probability; −1 without one. @param {World} world */
function best(world) {
  const probabilities = prediction(world)?.probabilities ?? [];
  return probabilities.indexOf(largestOf(probabilities));
}

/** The scores that a run told of its held-back part, first to last. @param {World} world */
const judged = ({ telling }) => (telling?.kept ?? []).flatMap(({ validation }) => (validation ? [validation] : []));

/** @template T @param {T[]} list @param {string} which "first" or "last" @returns {T | undefined} */
const end = (list, which) => list.at(which === "first" ? 0 : -1);

/** @type {Record<string, Reading>} */
const OF_ARITHMETIC = {
  /** An element of a tensor: `output,0`. */
  "arithmetic.value": {
    takes: [2, 2],
    of: TENSORS,
    read: (world, name, at) => element(walkOf(world)?.tensors[name]?.values, at),
  },
  /** A tensor, row by row. */
  "arithmetic.list": { takes: [1, 1], of: TENSORS, read: (world, name) => matrix(walkOf(world)?.tensors[name]) },
  /** How long an axis of a tensor is. */
  "arithmetic.size": {
    takes: [2, 2],
    of: TENSORS,
    read: (world, name, axis) => element(walkOf(world)?.tensors[name]?.shape, axis),
  },
  /** A tensor's shape, "2 × 2". */
  "arithmetic.shape": {
    takes: [1, 1],
    of: TENSORS,
    read: (world, name) => walkOf(world)?.tensors[name]?.shape.join(" × "),
  },
  /** How many elements a tensor has. */
  "arithmetic.count": {
    takes: [1, 1],
    of: TENSORS,
    read: (world, name) => walkOf(world)?.tensors[name]?.values.length,
  },
  /** The sum behind the element of a step, "1·1 + 5·1"; of the pass in front, or of the one that is named. */
  "arithmetic.sum": {
    takes: [1, 2],
    read(world, step, name) {
      const walk = walkOf(world);
      const pass = name === undefined ? walk?.pass : walk?.passes[name];
      const visit = pass && Number(step) < pass.count ? pass.visit(Number(step)) : null;
      return (
        visit &&
        pass
          ?.worked(visit)
          .map(({ text }) => text)
          .join("")
      );
    },
  },
  /** How many products are added for one element. */
  "arithmetic.products": {
    takes: [0, 0],
    read(world) {
      const pass = walkOf(world)?.pass;
      return pass && (typeof pass.taps === "number" ? pass.taps : lastPhase(pass, 0));
    },
  },
  /** How far the first step of an optimiser moves a parameter. */
  "arithmetic.moved": {
    takes: [1, 1],
    read(world, at) {
      const { steps, parameter } = walkOf(world)?.tensors ?? {};
      return steps && parameter && Math.abs(steps.values[Number(at)] - parameter.values[Number(at)]);
    },
  },
  /** What a control is set to. */
  "arithmetic.setting": {
    takes: [1, 1],
    of: SETTINGS,
    read(world, key) {
      const given = walkOf(world)?.given;
      const value =
        given &&
        operatorOf(given)
          .settings.flatMap(({ parts }) => parts)
          .find((part) => part.key === key)
          ?.get(given);
      return typeof value === "boolean" ? String(value) : value;
    },
  },
  /** The formula of the output's size along an axis, with its numbers. */
  "arithmetic.sizes": {
    takes: [1, 1],
    read(world, axis) {
      const walk = walkOf(world);
      return walk?.pass && operatorOf(walk.given).sizes?.(walk.given).axes[Number(axis)]?.text;
    },
  },
  /** What a tutorial prints for the example, all of it or one element. */
  "arithmetic.printed": {
    takes: [0, 1],
    read(world, at) {
      const walk = walkOf(world);
      const preset = PRESETS[walk?.given.preset ?? ""];
      const pass = preset && walk?.passes[preset.pass];
      if (!pass || !preset.printed) return null;
      const { columns } = planesOf(pass.shapes[pass.targets[0]] ?? [1]);
      return at === undefined ? written(preset.printed, columns) : element(preset.printed, at);
    },
  },
  /** −ln p of a class whose probability is the softmax of the input's row. */
  "arithmetic.surprise": {
    takes: [1, 1],
    read(world, at) {
      const scores = Array.from(walkOf(world)?.tensors.input?.values ?? []);
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      return scores.length
        ? crossEntropy(
            scores.map((score) => Math.exp(score) / total),
            Number(at),
          )
        : null;
    },
  },
  /** The largest difference of the two sides of a law. */
  "properties.difference": { takes: [1, 1], of: LAWS, read: (world, name) => law(world, name)?.largest },
  /** A side of a law: `commutes,left`. */
  "properties.side": {
    takes: [2, 2],
    of: LAWS,
    read(world, name, side) {
      const plane = law(world, name)?.[side === "left" ? "left" : "right"].at(-1)?.plane;
      return plane && written(plane.values, plane.columns, 4);
    },
  },
  /** How far a signal smoothed by the mean of so many neighbours is from the clean one: the mean of the squared differences. */
  "properties.error": {
    takes: [1, 1],
    read({ state }, width) {
      const { clean, noise } = state.signals === null ? INITIAL : heard(/** @type {object} */ (state.signals)).state;
      return smoothed(clean, noise, [Number(width)])[0].error;
    },
  },
  /** By how many places the signal is moved. */
  "properties.shift": {
    takes: [0, 0],
    read: ({ state }) => (state.signals === null ? INITIAL : heard(/** @type {object} */ (state.signals)).state).shift,
  },
};

/** @type {Record<string, Reading>} */
const OF_DRAW = {
  /** The class that the drawing is read as. */
  "draw.best": { takes: [0, 0], read: (world) => prediction(world)?.classes[best(world)] },
  /** The probability of a class, or of the best. */
  "draw.share": {
    takes: [0, 1],
    read: (world, at) => element(prediction(world)?.probabilities, at ?? String(best(world))),
  },
  /** That probability before the model was changed. */
  "draw.before": { takes: [1, 1], read: ({ observed }, at) => element(observed?.answer.before ?? undefined, at) },
  /** The loss for the class that is taken for true. */
  "draw.loss": { takes: [0, 0], read: ({ observed }) => observed?.answer.loss?.value },
  /** The class that is taken for true. */
  "draw.label": {
    takes: [0, 0],
    read: ({ observed, description }) => description?.classes[observed?.input.label ?? -1],
  },
  /** The shape of a step's output. */
  "draw.shape": { takes: [1, 1], read: (world, name) => stepOf(world, name)?.shape.slice(1).join(" × ") },
  /** How long an axis of a step's output is; axis 0 counts the pictures. */
  "draw.size": { takes: [2, 2], read: (world, name, axis) => element(stepOf(world, name)?.shape, axis) },
  /** How many numbers a step gives. */
  "draw.count": {
    takes: [1, 1],
    read: (world, name) => stepOf(world, name)?.shape.reduce((all, extent) => all * extent, 1),
  },
  /** How many steps of an operation run, of all operations without a name; how many axes a step's output has. */
  "draw.steps": {
    takes: [0, 1],
    read: ({ description }, op) =>
      description?.steps.filter((step) => step.index >= 0 && (op === undefined || step.op === op)).length,
  },
  "draw.axes": { takes: [1, 1], read: (world, name) => stepOf(world, name)?.shape.length },
  /** The parameters of a step, with their arithmetic. */
  "draw.parameters": { takes: [1, 1], read: (world, name) => stepOf(world, name)?.parameters },
  /** How many parameters the whole model has. */
  "draw.weights": { takes: [0, 0], read: ({ description }) => description?.parameters },
  /** What the model reached on MNIST's test digits, a share. */
  "draw.accuracy": { takes: [0, 0], read: ({ description }) => description?.figures.mnist_accuracy },
  /** What the model reached on digits drawn with a pen, a share. */
  "draw.strokes": { takes: [0, 0], read: ({ description }) => description?.figures.strokes_accuracy },
  /** How far the model's probabilities are from the share of its right answers on MNIST's test digits, in the mean. */
  "draw.calibration": { takes: [0, 0], read: ({ description }) => description?.figures.expected_calibration_error },
  /** The probability below which the page calls the model unsure. */
  "draw.threshold": { takes: [0, 0], read: (world) => prediction(world)?.threshold },
  /** The part of the input that an element of a step sees, "14 × 14". */
  "draw.field": { takes: [1, 1], read: (world, name) => stepOf(world, name)?.field },
  /** The largest |value| of a step; of its gradient while the network runs backwards. */
  "draw.peak": {
    takes: [1, 1],
    read: (world, name) => world.observed?.answer.peaks[String(stepOf(world, name)?.index)],
  },
  /** By how much the ink was enlarged, and moved along an axis, in pixels of the network's input. */
  "draw.scale": {
    takes: [0, 0],
    read: ({ observed }) => (observed?.answer.stages.kind === "ink" ? observed.answer.stages.scale : null),
  },
  "draw.shift": {
    takes: [1, 1],
    read: ({ observed }, axis) =>
      observed?.answer.stages.kind === "ink" ? observed.answer.stages.shift[Number(axis)] : null,
  },
  /** The opened number. */
  "draw.number": {
    takes: [0, 0],
    read: ({ opened }) => (opened?.sum.shown === undefined ? null : numberOf(opened.sum.shown)),
  },
  /** How many products the opened number is the sum of, a bias apart; how many terms, where none is a product. */
  "draw.terms": {
    takes: [0, 0],
    read({ opened }) {
      if (!opened || !("count" in opened.sum)) return null;
      const products = opened.sum.addends.filter(({ factors }) => factors.length > 1);
      return products.length ? products.reduce((all, { count }) => all + count, 0) : opened.sum.count;
    },
  },
  /** The opened number's rows of classes: `p`, `y`, `gradient` or `logit` of a class. */
  "draw.class": {
    takes: [2, 2],
    read({ opened }, which, at) {
      const row = opened && "classes" in opened.sum ? opened.sum.classes?.[Number(at)] : undefined;
      return row && { p: row.p, y: row.y, gradient: row.gradient, logit: row.logit }[which];
    },
  },
  /** How many changes the model has. */
  "draw.changes": { takes: [0, 0], read: ({ observed }) => observed?.input.edits.length },
};

/** @type {Record<string, Reading>} */
const OF_KERNELS = {
  /** A number of the kernel in view. */
  "kernels.value": { takes: [1, 1], read: (world, at) => element(kernelOf(world)?.kernel.values, at) },
  "kernels.list": {
    takes: [0, 0],
    read(world) {
      const kernel = kernelOf(world)?.kernel;
      return kernel && written(kernel.values, kernel.columns, 4);
    },
  },
  /** What the kernel's numbers add up to. */
  "kernels.total": {
    takes: [0, 0],
    read: (world) => kernelOf(world)?.kernel.values.reduce((sum, value) => sum + value, 0),
  },
  /** How many numbers the kernel has, and how many the column and the row have together whose product it may be. */
  "kernels.taps": { takes: [0, 0], read: (world) => kernelOf(world)?.kernel.values.length },
  "kernels.passes": {
    takes: [0, 0],
    read(world) {
      const kernel = kernelOf(world)?.kernel;
      return kernel && kernel.rows + kernel.columns;
    },
  },
  "kernels.rank": {
    takes: [0, 0],
    read(world) {
      const kernel = kernelOf(world)?.kernel;
      return kernel && separated(kernel).rank;
    },
  },
  /** The column and the row whose product the kernel is. */
  "kernels.factors": {
    takes: [0, 0],
    read(world) {
      const kernel = kernelOf(world)?.kernel;
      const factors = kernel && separated(kernel).factors;
      return (
        factors &&
        [factors.vertical, factors.horizontal]
          .map((some) => `[${some.map((value) => short(value, 3)).join(", ")}]`)
          .join(" · ")
      );
    },
  },
  /** The opened output pixel, of a channel. */
  "kernels.pixel": { takes: [0, 1], read: ({ magnified }, channel) => element(magnified?.values, channel ?? "0") },
  /** How long a way took, in seconds, and how many times faster than the first it was. */
  "lab.seconds": {
    takes: [1, 1],
    read: ({ measured }, name) => measured?.steps.find(({ way }) => way === name)?.median,
  },
  "lab.faster": {
    takes: [1, 1],
    read: ({ measured }, name) => measured?.steps.find(({ way }) => way === name)?.faster,
  },
  /** The side of the picture at which ways were compared. */
  "lab.size": { takes: [0, 0], read: ({ measured }) => measured?.size },
};

/** @type {Record<string, Reading>} */
const OF_TRAIN = {
  /** The loss of the first or the last batch. */
  "train.loss": { takes: [1, 1], of: ENDS, read: ({ telling }, which) => end(telling?.batches ?? [], which)?.loss },
  /** The mean loss and the accuracy on the training part in the first or the last epoch. */
  "train.trained": {
    takes: [1, 1],
    of: ENDS,
    read: ({ telling }, which) => end(telling?.epochs ?? [], which)?.accuracy,
  },
  "train.mean": { takes: [1, 1], of: ENDS, read: ({ telling }, which) => end(telling?.epochs ?? [], which)?.loss },
  /** The accuracy and the loss on the held-back part, first or last. */
  "train.held": { takes: [1, 1], of: ENDS, read: (world, which) => end(judged(world), which)?.accuracy },
  "train.heldloss": { takes: [1, 1], of: ENDS, read: (world, which) => end(judged(world), which)?.loss },
  /** How often the weights were changed. */
  "train.steps": { takes: [0, 0], read: ({ telling }) => telling?.batches.at(-1)?.step },
  /** How many pictures it trained on, and held back. */
  "train.pictures": { takes: [0, 0], read: ({ telling }) => telling?.started?.pictures.training },
  "train.heldback": { takes: [0, 0], read: ({ telling }) => telling?.started?.pictures.validation },
  /** The learning rate of the last batch. */
  "train.rate": { takes: [0, 0], read: ({ telling }) => telling?.batches.at(-1)?.learning_rate },
  /** How many parameters the model has, and how many of them were trained. */
  "train.weights": { takes: [0, 0], read: ({ telling }) => telling?.started?.parameters },
  "train.free": { takes: [0, 0], read: ({ telling }) => telling?.started?.trained },
  /** How many drawings of one's own are labelled. */
  "train.drawings": { takes: [0, 0], read: ({ labels }) => labels.length },
  /** What the network of the moment that is looked at takes the drawing for, and how probable the label of the last drawing is for it. */
  "train.verdict": {
    takes: [0, 0],
    read: ({ moment }) => {
      const { classes = [], probabilities = [] } = moment?.prediction ?? {};
      return classes[probabilities.indexOf(largestOf(probabilities))];
    },
  },
  "train.share": {
    takes: [0, 0],
    read: ({ moment, labels }) => element(moment?.prediction.probabilities, String(labels.at(-1))),
  },
  /** The label of the drawing that was labelled last. */
  "train.label": { takes: [0, 0], read: ({ labels }) => labels.at(-1)?.toString() },
  /** A score before and after, of a set that was tested: `mnist,first`. */
  "train.tested": {
    takes: [2, 2],
    read: ({ telling }, name, which) =>
      end(
        (telling?.tested ?? []).filter((one) => one.name === name),
        which,
      )?.score.accuracy,
  },
};

/** @type {Record<string, Reading>} */
export const READINGS = {
  ...OF_ARITHMETIC,
  ...OF_DRAW,
  ...OF_KERNELS,
  ...OF_TRAIN,
  /** A number that an earlier card kept. */
  kept: { takes: [1, 1], read: ({ kept }, name) => kept[name] },
};

/** What a name says of the world; null while there is nothing, or no such name. @param {World} world @returns {(name: string) => Value | null} */
export const reader = (world) => (name) => {
  const found = thingOf(READINGS, name);
  const value = found?.thing.read(world, ...found.args) ?? null;
  return typeof value === "number" && Number.isNaN(value) ? null : value;
};
