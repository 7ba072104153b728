import assert from "node:assert/strict";
import { test } from "node:test";
import { bandsOf } from "../../explorer/web/parts/network/edges.js";
import { edgesOf, foldedAtFirst, groupsOf, representatives } from "../../explorer/web/lib/graph.js";

/** Two residual blocks after a stem: the second has a convolution on its side path. */
const paths = ["", "stem", "body.0.conv", "body.0.relu", "body.0", "body.1.conv", "body.1.side", "body.1", "head", ""];
const parents = [[], [-1], [0], [1], [0, 2], [3], [3], [4, 5], [6], [7]];
const steps = paths.map((path, at) => ({ index: at - 1, path, parents: parents[at] }));
const groups = groupsOf(steps);
const all = (folded = []) => representatives(steps.length, groups, new Set(folded));

test("modules of two steps or more are groups, nested ones inside", () => {
  assert.deepEqual(groups, [
    { path: "body", first: 2, last: 7, depth: 0 },
    { path: "body.0", first: 2, last: 4, depth: 1 },
    { path: "body.1", first: 5, last: 7, depth: 1 },
  ]);
});

test("a module around the same steps as another, or around all of them, is left out", () => {
  const wrapped = ["", "net.a.block.0", "net.a.block.1", "net.b"].map((path, at) => ({
    index: at - 1,
    path,
    parents: [],
  }));
  assert.deepEqual(
    groupsOf(wrapped).map(({ path }) => path),
    ["net.a"],
  );
});

test("a module that runs twice has two groups of one name", () => {
  const twice = ["", "shared.a", "shared.b", "other", "shared.a", "shared.b", "end"].map((path, at) => ({
    index: at - 1,
    path,
    parents: [],
  }));
  assert.deepEqual(
    groupsOf(twice).map(({ path, first, last }) => [path, first, last]),
    [
      ["shared", 1, 2],
      ["shared", 4, 5],
    ],
  );
});

test("a folded module is its last step", () => {
  assert.deepEqual(all(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(all(["body.0"]), [0, 1, 4, 4, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(all(["body", "body.0"]), [0, 1, 7, 7, 7, 7, 7, 7, 8, 9]);
});

test("skips get lanes, neighbours none, and lanes never carry two edges over one column", () => {
  const edges = edgesOf(steps, all());
  const over = edges.filter(({ lane }) => lane > 0).map(({ from, to }) => [from, to]);
  assert.deepEqual(over, [
    [1, 4],
    [4, 6],
    [5, 7],
  ]);
  for (const a of edges) {
    for (const b of edges) {
      if (a === b || a.lane === 0 || a.lane !== b.lane || a.from === b.from) continue;
      assert.ok(a.to <= b.from || b.to <= a.from, JSON.stringify([a, b]));
    }
  }
  assert.equal(edges.length, 11);
});

test("what leaves one source shares its lane", () => {
  const dense = [[], [-1], [-1, 0], [-1, 0, 1], [-1, 0, 1, 2]].map((of, at) => ({
    index: at - 1,
    path: "",
    parents: of,
  }));
  const edges = edgesOf(dense, [0, 1, 2, 3, 4]);
  for (const source of [0, 1, 2])
    assert.ok(new Set(edges.filter(({ from, lane }) => from === source && lane).map(({ lane }) => lane)).size <= 1);
  assert.equal(edges.filter(({ from }) => from === 0).length, 4);
});

test("folding leaves the edges between what is left", () => {
  assert.deepEqual(
    edgesOf(steps, all(["body"])),
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ].map(([from, to]) => ({ from, to, lane: 0 })),
  );
  assert.deepEqual(
    edgesOf(steps, all(["body.0"]))
      .filter(({ from, to }) => to - from > 1)
      .map(({ from, to }) => [from, to]),
    [
      [2, 4],
      [3, 5],
    ],
  );
});

test("a large network opens with its inner modules folded, a small one whole", () => {
  assert.deepEqual([...foldedAtFirst(steps.length, groups, 10)], []);
  assert.deepEqual([...foldedAtFirst(steps.length, groups, 7)], ["body.0", "body.1"]);
  assert.deepEqual([...foldedAtFirst(steps.length, groups, 3)].sort(), ["body", "body.0", "body.1"]);
});

test("a module's band spans its columns, and a folded one hides those inside", () => {
  const stands = all(["body"]);
  const placeOf = (/** @type {number} */ at) => ({ left: 100 * stands[at], width: 90 });
  const bands = bandsOf(groups, new Set(["body"]), { body: "Sequential" }, placeOf);
  assert.deepEqual(
    bands.map(({ group, left, width, folded }) => [group.path, left, width, folded]),
    [["body", 700, 90, true]],
  );
  assert.ok(bands[0].title.startsWith("body · Sequential · "));
  const open = bandsOf(groups, new Set(), {}, (at) => ({ left: 100 * at, width: 90 }));
  assert.deepEqual(
    open.map(({ group, left, width }) => [group.path, left, width]),
    [
      ["body", 200, 590],
      ["body.0", 200, 290],
      ["body.1", 500, 290],
    ],
  );
});
