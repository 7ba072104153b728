import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  largestDifference,
  lineAt,
  momentAt,
  momentCount,
  numberAt,
  OPERATORS,
  passesOf,
  readersOf,
  refusalOf,
  resultOf,
  tapsOf,
  visitedInput,
  writtenAt,
} from "../../explorer/web/lib/arithmetic.js";
import {
  advanced,
  afterKey,
  paced,
  sought,
  SPEEDS,
  startOf,
  stepped,
  toggled,
} from "../../explorer/web/lib/transport.js";

/** What `core` computes, written by tests/explorer/arithmetic_cases.py; Python is held to the same file. */
const golden = JSON.parse(readFileSync(new URL("../golden/arithmetic.json", import.meta.url), "utf8"));

/** Sums of products are the same to the last bit; exponentials, logarithms and roots differ there between languages. */
const ROUNDED = { conv: 0, max: 0, avg: 0, adaptive: 0 };

function passes(given) {
  assert.equal(refusalOf(given), null);
  return passesOf(given);
}
const number = (value) => (value === "-inf" ? -Infinity : value);
function near(ours, theirs, op) {
  const difference = largestDifference([ours], [theirs]);
  return difference === 0 || difference <= (ROUNDED[op] ?? 1e-13) * Math.max(1, Math.abs(theirs));
}

test("every operator has golden cases", () => {
  assert.deepEqual(new Set(golden.cases.map(({ op }) => op)), new Set(Object.keys(OPERATORS)));
});

test("every result is core's", () => {
  for (const [n, given] of golden.cases.entries()) {
    const found = Object.assign({}, ...Object.values(passes(given)).map(resultOf));
    assert.deepEqual(Object.keys(found).sort(), Object.keys(given.results).sort(), `case ${n}`);
    for (const [name, values] of Object.entries(given.results)) {
      assert.equal(found[name].values.length, values.length, `case ${n}, ${name}`);
      values.forEach((value, k) =>
        assert.ok(
          near(found[name].values[k], value, given.op),
          `case ${n}, ${given.op}, ${name}[${k}]: ${found[name].values[k]}, core has ${value}`,
        ),
      );
    }
  }
});

test("the value of a visit is the same without its terms, and so are the elements that it reads", () => {
  const scanned = new Set();
  for (const [n, given] of golden.cases.entries()) {
    for (const pass of Object.values(passes(given)).filter(({ scan }) => scan)) {
      scanned.add(pass.function);
      for (let k = 0; k < pass.count; k++) {
        const [{ target, value, terms }, read] = [pass.visit(k), []];
        assert.ok(
          Object.is(pass.scan(k, (index) => read.push(index)) + 0, value + 0),
          `case ${n}, ${pass.function}, visit ${k}`,
        );
        assert.deepEqual(target, [pass.targets[0], k]);
        if (pass.name === "forward")
          assert.deepEqual(
            read,
            terms.filter(({ inside }) => inside).map(({ cells }) => cells[pass.slides]),
          );
      }
    }
  }
  assert.ok(scanned.size >= 11, [...scanned].join());
});

test("what a visit of a scattering pass adds is the same without its terms", () => {
  const added = new Set();
  for (const [n, given] of golden.cases.entries()) {
    for (const pass of Object.values(passes(given)).filter(({ adds }) => adds)) {
      added.add(pass.function);
      for (let k = 0; k < pass.count; k++) {
        const found = [];
        pass.adds(k, (index, product) => found.push([pass.targets[0], index, product + 0]));
        assert.deepEqual(
          found,
          pass.visit(k).terms.flatMap(({ writes, product }) => (writes ? [[...writes, product + 0]] : [])),
          `case ${n}, ${pass.function}, visit ${k}`,
        );
      }
    }
  }
  assert.deepEqual([...added].sort(), [
    "adaptive_avg_pool2d_input_grad",
    "avg_pool2d_input_grad",
    "max_pool2d_input_grad",
    "pad2d_input_grad",
  ]);
});

test("product by product, the line and its variables are those of the loop as it ran", () => {
  let events = 0;
  const walked = new Set();
  for (const [n, given] of golden.cases.entries()) {
    for (const pass of Object.values(passes(given))) {
      const run = given.traces[pass.targets[0]];
      if (!run) continue;
      assert.equal(momentCount(pass, "product"), run.length, `case ${n}, ${pass.function}`);
      walked.add(pass.function);
      run.forEach(([mark, wanted], k) => {
        const { visit, phase } = momentAt(pass, "product", k);
        const line = lineAt(pass, pass.visit(visit), phase);
        assert.equal(line.mark, mark, `case ${n}, ${pass.function}, ${k}`);
        for (const [name, value] of Object.entries(line.vars)) {
          assert.ok(
            near(value, number(wanted[name]), given.op),
            `case ${n}, ${pass.function}, ${k}, ${name}: ${value}, the loop had ${wanted[name]}`,
          );
          events++;
        }
      });
    }
  }
  assert.ok(events > 10_000);
  const all = new Set(golden.cases.flatMap((given) => Object.values(passes(given)).map((pass) => pass.function)));
  assert.deepEqual(
    [...all].filter((name) => !walked.has(name)),
    [],
  );
});

test("the terms of every visit add up to its value", () => {
  for (const given of golden.cases) {
    for (const pass of Object.values(passes(given))) {
      for (let k = 0; k < pass.count; k++) {
        const { terms, start, value } = pass.visit(k);
        assert.equal(terms.length, tapsOf(pass, k));
        if (start.total === undefined || given.op !== "conv") continue;
        const total = terms.reduce((sum, { inside, product }) => (inside ? sum + product : sum), start.total);
        assert.equal(total, value);
      }
    }
  }
});

test("scrubbing to k is k single steps: what is written does not depend on the way", () => {
  for (const given of golden.cases) {
    for (const pass of Object.values(passes(given))) {
      for (const unit of ["value", "product"]) {
        const count = momentCount(pass, unit);
        let walk = startOf(count);
        for (const target of [Math.floor(count / 3), Math.floor(count / 2), count - 1]) {
          while (walk.at < target) walk = stepped(walk, 1);
          assert.equal(sought(startOf(count), target).at, target);
          assert.deepEqual(
            writtenAt(pass, momentAt(pass, unit, sought(startOf(count), target).at)),
            writtenAt(pass, momentAt(pass, unit, walk.at)),
          );
        }
      }
    }
  }
});

test("in one step a gathering pass writes one value, a scattering one adds its terms", () => {
  for (const given of golden.cases) {
    for (const pass of Object.values(passes(given))) {
      if (pass.scatter || pass.visit(0).terms.some(({ writes }) => writes)) continue;
      for (const k of [0, Math.floor(pass.count / 2), pass.count - 1]) {
        const written = Object.values(writtenAt(pass, momentAt(pass, "value", k))).map(({ written }) =>
          written.reduce((sum, one) => sum + one, 0),
        );
        assert.equal(
          written.reduce((sum, count) => sum + count),
          k + 1,
        );
      }
    }
  }
});

test("moments and their numbers go back and forth", () => {
  for (const given of golden.cases) {
    for (const pass of Object.values(passes(given))) {
      for (const unit of ["value", "product"]) {
        for (let k = 0; k < momentCount(pass, unit); k++)
          assert.equal(numberAt(pass, unit, momentAt(pass, unit, k)), k);
      }
    }
  }
});

test("the readers of a weight are all the products it is in", () => {
  const given = golden.cases.find(({ op, settings }) => op === "conv" && String(settings.padding) === "0,0");
  const { forward, inputGrad } = passes(given);
  const { gradOutput, weight } = given.tensors;
  assert.equal(readersOf(forward, "weight", 0).length, gradOutput.values.length / weight.shape[0]);
  for (const { term } of readersOf(inputGrad, "weight", 0)) assert.equal(term.factors[0], weight.values[0]);
});

test("input that no window reaches is told apart: 5 columns, windows of 2 every 3", () => {
  const settings = { kernel: [2, 2], stride: [3, 3], padding: [0, 0], dilation: [1, 1], ceil: false };
  const given = {
    op: "max",
    settings,
    tensors: {
      input: { shape: [1, 2, 5], values: Array(10).fill(1) },
      gradOutput: { shape: [1, 1, 2], values: [1, 1] },
    },
  };
  assert.deepEqual([...visitedInput(passes(given).forward)], [1, 1, 0, 1, 1, 1, 1, 0, 1, 1]);
});

test("what core refuses is refused for the same reason", () => {
  for (const { reason, ...given } of golden.refusals) assert.equal(refusalOf(given)?.reason, reason);
});

test("differences count what is not finite: equal infinities and NaN agree, others do not", () => {
  assert.equal(largestDifference([1, Infinity, NaN, 0], [1, Infinity, NaN, -0]), 0);
  assert.equal(largestDifference([1, Infinity], [1, -Infinity]), Infinity);
  assert.equal(largestDifference([NaN], [1]), Infinity);
  assert.equal(largestDifference([1], [1, 2]), Infinity);
  assert.equal(largestDifference([1, 2], [1.5, 2.25]), 0.5);
});

test("the transport stays within the walk, whatever it is asked", () => {
  const walk = startOf(5);
  assert.equal(sought(walk, 99).at, 4);
  assert.equal(sought(walk, -3).at, 0);
  assert.equal(stepped(walk, -1).at, 0);
  assert.equal(stepped(toggled(walk), 1).playing, false);
  assert.equal(toggled({ ...walk, at: 4 }).at, 0);
  assert.equal(toggled(startOf(1)).playing, false);
});

test("playing goes at its speed, loses no time between frames and stops at the end", () => {
  for (const speed of SPEEDS) {
    let walk = toggled(startOf(1000, speed));
    for (let frame = 0; frame < 100; frame++) walk = advanced(walk, 16, 400);
    assert.ok(Math.abs(walk.at + walk.due - (1600 * speed) / 400) < 1e-9);
  }
  const end = advanced(toggled(startOf(5)), 60_000, 400);
  assert.deepEqual([end.at, end.playing], [4, false]);
  const paused = startOf(5);
  assert.equal(advanced(paused, 60_000, 400), paused);
});

test("each key does what the page says, others nothing", () => {
  const walk = { ...startOf(9), at: 4 };
  const at = (key) => afterKey(key, walk)?.at;
  assert.deepEqual(["ArrowLeft", "ArrowRight", "Home", "End"].map(at), [3, 5, 0, 8]);
  assert.equal(afterKey(" ", walk).playing, true);
  assert.equal(afterKey("+", walk).speed, 2);
  assert.equal(afterKey("-", walk).speed, 0.5);
  assert.equal(paced({ ...walk, speed: 16 }, 1).speed, 16);
  assert.equal(afterKey("x", walk), null);
});
