import assert from "node:assert/strict";
import { test } from "node:test";
import { createRest } from "../../explorer/web/parts/network/rest.js";

const cell = (at) => ({ step: 0, of: "", cell: [0, at] });

test("a cell is rested on once nothing has moved for a while, is told once, and again when it is left", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.window = globalThis;
  const told = [];
  const rest = createRest((place) => told.push(place?.cell[1] ?? null));
  for (let at = 0; at < 5; at++) {
    rest.move(cell(at));
    context.mock.timers.tick(50); // who passes over asks for nothing
  }
  assert.deepEqual(told, []);
  context.mock.timers.tick(50);
  rest.move(cell(4)); // the pointer moves within the cell
  context.mock.timers.tick(500);
  assert.deepEqual(told, [4]);
  assert.deepEqual(rest.place, cell(4));
  rest.move(cell(5));
  rest.move(null);
  context.mock.timers.tick(500);
  assert.deepEqual(told, [4, null]);
  assert.equal(rest.place, null);
});
