import assert from "node:assert/strict";
import { test } from "node:test";
import { tableOf, tableText } from "../../explorer/web/lib/table.js";

const rows = (text) => tableOf(text).rows;
const problem = (text) => tableOf(text).problem;

test("a table is read as a spreadsheet, a file, a text or Python writes it", () => {
  const wanted = [
    [1, -2],
    [0.5, 40],
  ];
  for (const text of [
    "1\t−2\n0,5\t40\n",
    "1,-2\r\n0.5,40\r\n",
    "1; -2\n0,5; 4e1",
    "  1 -2\n .5   40",
    "[[1, -2], [0.5, 40]]",
    "[[ 1.  -2. ]\n [ 0.5 40. ]]",
  ]) {
    assert.deepEqual(rows(text), wanted, JSON.stringify(text));
  }
  assert.deepEqual(rows("7"), [[7]]);
  assert.deepEqual(rows("1, 2, 3"), [[1, 2, 3]]);
  assert.deepEqual(rows("1/9\t2/9"), [[1 / 9, 2 / 9]]);
});

test("what is no table says where and why", () => {
  assert.deepEqual(problem(" \n"), { reason: "empty", values: {} });
  assert.deepEqual(problem("1\t2\n3"), { reason: "ragged", values: { row: 2, count: 1, first: 2 } });
  assert.deepEqual(problem("1\t\t3"), { reason: "hole", values: { row: 1, column: 2 } });
  assert.deepEqual(problem("1 2\n3 x"), { reason: "number", values: { row: 2, column: 2, text: "x" } });
  assert.deepEqual(problem("1e999"), { reason: "number", values: { row: 1, column: 1, text: "1e999" } });
});

test("a plane copied as a table is read back", () => {
  assert.deepEqual(rows(tableText(Float64Array.of(1, 0.1, -3, 4), 2)), [
    [1, 0.1],
    [-3, 4],
  ]);
});
