/** A message of the server is said in the page's language, with or without a key. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { speak } from "../../explorer/web/parts/i18n.js";
import { speaking } from "../../explorer/web/parts/server.js";

Object.assign(globalThis, {
  document: { documentElement: {} },
  fetch: async (/** @type {URL} */ address) => ({ json: async () => JSON.parse(readFileSync(address, "utf-8")) }),
});

const server = speaking({
  keyed: async () => ({ error: "busy", key: "told.busy", values: { count: 3 } }),
  plain: async () => ({ error: "step 3 has no parameter 'bias {of}'" }),
  missing: async () => ({ missing: "not here", folder: "data" }),
  fine: async () => ({ value: 1 }),
  silent: async () => null,
});

test("a message is said in the page's language, and without a key as the server's own words", async () => {
  await speak("zh");
  assert.match((await server.keyed()).error, /^服务器正忙：有 3 个/);
  assert.equal((await server.plain()).error, "服务器的原话：step 3 has no parameter 'bias {of}'");
  assert.equal((await server.missing()).missing, "服务器的原话：not here");
  await speak("en");
  assert.match((await server.keyed()).error, /^The server is busy: 3 /);
  assert.equal((await server.plain()).error, "step 3 has no parameter 'bias {of}'");
  assert.deepEqual(await server.fine(), { value: 1 });
  assert.equal(await server.silent(), null);
});

test("what is said can be said anew when the language changes", async () => {
  await speak("en");
  const { key, values } = /** @type {import("../../explorer/web/parts/server.js").Said} */ (await server.plain());
  assert.deepEqual([key, values], ["told.own", { words: "step 3 has no parameter 'bias {of}'" }]);
});
