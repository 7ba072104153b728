import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

const web = new URL("../../explorer/web/", import.meta.url);

/** What runs by itself: the published page, its service worker and the engine's threads. */
const SCRIPTS = ["site/page.js", "site/worker.js", "engine/worker.js", "engine/training/worker.js"];

test("every module parses, finds its imports and touches no page while it loads", async () => {
  const modules = readdirSync(web, { recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".js") && !SCRIPTS.includes(name));
  assert.ok(modules.length > 15);
  for (const name of modules) await import(new URL(name, web));
});
