import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

const web = new URL("../../explorer/web/", import.meta.url);

test("every module parses, finds its imports and touches no page while it loads", async () => {
  const modules = readdirSync(web, { recursive: true }).filter((name) => name.endsWith(".js"));
  assert.ok(modules.length > 15);
  for (const name of modules) await import(new URL(name, web));
});
