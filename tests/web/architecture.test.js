import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

const WEB = new URL("../../explorer/web/", import.meta.url);
const MODULES = readdirSync(WEB, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".js"));

/** Every module's text. */
const TEXTS = new Map(MODULES.map((name) => [name, readFileSync(new URL(name, WEB), "utf8")]));

/** A module's folder: what it belongs to. @param {string} name */
const roomOf = (name) => name.split("/")[0];

/** The modules that run with a module: types alone are not among them. @param {string} name @returns {string[]} */
const importsOf = (name) =>
  [...(TEXTS.get(name) ?? "").matchAll(/^(?:import|export)\b[^;]*?from "(\.[^"]+)";|^import "(\.[^"]+)";/gm)].map(
    ([, from, bare]) => posix.join(posix.dirname(name), from ?? bare),
  );

/** The modules whose types a module reads. @param {string} name @returns {string[]} */
const typesOf = (name) =>
  [...(TEXTS.get(name) ?? "").matchAll(/import\("(\.[^"]+)"\)/g)].map(([, from]) =>
    posix.join(posix.dirname(name), from),
  );

/** A circle of modules that load one another, or null. @returns {string[] | null} */
function circle() {
  /** @type {Map<string, "open" | "done">} */
  const seen = new Map();
  /** @param {string} name @param {string[]} path @returns {string[] | null} */
  function visit(name, path) {
    if (seen.get(name) === "done") return null;
    if (seen.get(name) === "open") return [...path.slice(path.indexOf(name)), name];
    seen.set(name, "open");
    for (const next of importsOf(name)) {
      const found = visit(next, [...path, name]);
      if (found) return found;
    }
    seen.set(name, "done");
    return null;
  }
  for (const name of MODULES) {
    const found = visit(name, []);
    if (found) return found;
  }
  return null;
}

test("modules import what is there", () => {
  assert.ok(MODULES.length > 100);
  for (const name of MODULES)
    for (const from of [...importsOf(name), ...typesOf(name)]) assert.ok(TEXTS.has(from), `${name} imports ${from}`);
});

/** What a room imports from: a page's folder from itself, lib and parts. @type {Record<string, string[]>} */
const ALLOWED = {
  lib: ["lib"],
  parts: ["lib", "parts", "engine"],
  engine: ["lib", "engine"],
  site: ["lib", "parts", "models", "engine", "site"],
};

test("a page's folder imports only itself, lib and parts; parts imports lib and the engine, lib only itself; types too", () => {
  const crossed = MODULES.flatMap((name) => {
    const room = roomOf(name);
    const allowed = ALLOWED[room] ?? ["lib", "parts", room];
    const foreign = [...importsOf(name), ...typesOf(name)].filter((from) => !allowed.includes(roomOf(from)));
    return foreign.map((from) => `${name} → ${from}`);
  });
  assert.deepEqual(crossed, []);
});

test("no modules load one another in a circle", () => {
  assert.equal(circle(), null);
});

test("lib and the engine's answers touch no page", () => {
  const page =
    /\b(document|window|navigator|location|history|localStorage|sessionStorage|matchMedia|getComputedStyle|HTML\w*Element|requestAnimationFrame|ResizeObserver)\s*[.(]|\bnew (Image|Worker|\w+Observer)\b|\bglobalThis\b/;
  const pure = MODULES.filter((name) => ["lib", "engine"].includes(roomOf(name)) && name !== "engine/client.js");
  const touching = pure.flatMap((name) =>
    (TEXTS.get(name) ?? "")
      .replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
      .replace(/\/\/.*$/gm, "")
      .split("\n")
      .flatMap((line, k) => (page.test(line) ? [`${name}:${k + 1}: ${line.trim()}`] : [])),
  );
  assert.deepEqual(touching, []);
});
