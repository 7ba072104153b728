import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, newestOnly, remembering } from "../../explorer/web/lib/live.js";
import { createStore } from "../../explorer/web/lib/store.js";

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("one request is under way at a time, and what waits is the newest", async () => {
  const sent = [];
  const received = [];
  let answer = () => {};
  const post = newestOnly(
    (input) => {
      sent.push(input);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    (reply, input) => received.push([reply, input]),
    () => assert.fail("no error was sent"),
  );
  [1, 2, 3, 4].forEach(post);
  assert.deepEqual(sent, [1]);
  answer("one");
  await settled();
  assert.deepEqual(sent, [1, 4]);
  answer("four");
  await settled();
  assert.deepEqual(received, [
    ["one", 1],
    ["four", 4],
  ]);
  post(5);
  assert.deepEqual(sent, [1, 4, 5]);
});

test("the next request is sent before the page shows the last answer, so that both work at once", async () => {
  const order = [];
  const post = newestOnly(
    async (input) => {
      order.push(`send ${input}`);
      return input;
    },
    (answer) => order.push(`show ${answer}`),
    () => assert.fail("no error was sent"),
  );
  post(1);
  post(2);
  await settled();
  assert.deepEqual(order, ["send 1", "send 2", "show 1", "show 2"]);
});

test("after a failure the next request is still sent", async () => {
  const failed = [];
  const post = newestOnly(
    (input) => (input === 1 ? Promise.reject(new Error("no")) : Promise.resolve(input)),
    () => {},
    (error, input) => failed.push([error.message, input]),
  );
  post(1);
  post(2);
  await settled();
  assert.deepEqual(failed, [["no", 1]]);
});

test("an error in the answer, and no answer, become words", async () => {
  await assert.rejects(
    ask(async () => ({ error: "weight has 3 axes" }), {}, "gone"),
    /weight has 3 axes/,
  );
  await assert.rejects(
    ask(async () => undefined, {}, "gone"),
    /gone/,
  );
  await assert.rejects(
    ask(
      async () => {
        throw new Error("socket");
      },
      {},
      "gone",
    ),
    /gone/,
  );
  assert.deepEqual(await ask(async (x) => ({ x }), 3, "gone"), { x: 3 });
});

test("a store calls a listener once for several changes, and not for none", () => {
  const store = createStore({ a: 1, b: 2 });
  let calls = 0;
  const stop = store.on(["a", "b"], () => {
    calls += 1;
  });
  store.set({ a: 5, b: 6 });
  store.set({ a: 5 });
  assert.equal(calls, 1);
  stop();
  store.set({ a: 9 });
  assert.equal(calls, 1);
  assert.equal(store.get("a"), 9);
});

test("the newest answer is kept, also while it is on its way, until it is to be forgotten or failed", async () => {
  const sent = [];
  const kept = remembering(
    async (input) => {
      sent.push(input);
      if (input.fails) throw new Error("gone");
      return sent.length;
    },
    (one, other) => one.at === other.at,
  );
  const [first, again] = [kept.ask({ at: 1 }), kept.ask({ at: 1 })];
  assert.deepEqual(await Promise.all([first, again, kept.ask({ at: 1 })]), [1, 1, 1]);
  assert.equal(await kept.ask({ at: 2 }), 2);
  assert.equal(await kept.ask({ at: 1 }), 3); // only the newest is kept
  kept.forget();
  assert.equal(await kept.ask({ at: 1 }), 4);
  await assert.rejects(kept.ask({ at: 5, fails: true }), /gone/);
  assert.equal(await kept.ask({ at: 5 }), 6);
});
