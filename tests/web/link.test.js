import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeInk, encodeInk, readLink, writeLink } from "../../explorer/web/lib/link.js";

const examples = JSON.parse(readFileSync(new URL("../../explorer/web/examples.json", import.meta.url), "utf8"));

test("ink comes back exactly", () => {
  for (const { strokes } of examples) assert.deepEqual(decodeInk(encodeInk(strokes)), strokes);
  assert.deepEqual(
    decodeInk(
      encodeInk([
        [[0, 1]],
        [
          [1, 0],
          [0.5, 0.001],
        ],
      ]),
    ),
    [
      [[0, 1]],
      [
        [1, 0],
        [0.5, 0.001],
      ],
    ],
  );
});

test("a state comes back exactly from its link", () => {
  const state = {
    tab: "kernels",
    model: "runs/mine a2",
    language: "zh",
    ink: examples[3].strokes,
    pen: 1.3,
    centred: false,
    label: 7,
    edits: [
      { kind: "set", parameter: "conv1.weight", index: [4, 0, 2, 2], value: 0.5 },
      { kind: "sgd", rate: 0.1, label: 3, brush: 1, centred: true, strokes: examples[1].strokes },
    ],
    cells: [
      { step: 3, of: "", cell: [0, 1, 1, 6] },
      { step: 2, of: "output", cell: [0, 1, 2, 7] },
      { step: 3, of: "weight", cell: [1, 0, 2, 2] },
      { step: -1, of: "output", cell: [0, 0, 3, 4] },
    ],
  };
  assert.deepEqual(JSON.parse(JSON.stringify(readLink(writeLink(state)))), { state, ignored: [] });
});

test("what is as it is by default is left out", () => {
  assert.equal(
    writeLink({
      tab: "draw",
      model: "a2",
      language: "en",
      ink: [],
      pen: 1,
      centred: true,
      label: null,
      cells: [],
      edits: [],
    }),
    "#model=a2",
  );
});

test("broken and unknown parts are left out and named", () => {
  const { state, ignored } = readLink(
    "#page=2&model=a2&ink=AB&pen=99&lang=fr&cells=3.x&colour=red&raw=1&label=x&edits={}",
  );
  assert.deepEqual(state, { model: "a2", centred: false });
  assert.deepEqual(ignored, ["page", "ink", "pen", "lang", "cells", "colour", "label", "edits"]);
  assert.deepEqual(readLink(""), { state: {}, ignored: [] });
});
