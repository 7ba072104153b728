import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const web = new URL("../../explorer/web/", import.meta.url);
const catalogue = (language) => JSON.parse(readFileSync(new URL(`i18n/${language}.json`, web), "utf8"));
const modules = readdirSync(web, { recursive: true }).filter((name) => name.endsWith(".js"));
/** What speaks of things of the page as a lesson calls them: those names look like keys. */
const NAMES = /lib.lesson.(targets|waits|readings|needs)\.js$/;
const sources = modules
  .filter((name) => !NAMES.test(name))
  .map((name) => readFileSync(new URL(name, web), "utf8"))
  .join("\n");
/** What the server tells by key (core/told.py). */
const told = ["core", "explorer"]
  .flatMap((folder) => {
    const root = new URL(`../../${folder}/`, import.meta.url);
    const modules = readdirSync(root, { recursive: true }).filter((name) => String(name).endsWith(".py"));
    return modules.map((name) => readFileSync(new URL(String(name), root), "utf8"));
  })
  .join("\n");
const english = catalogue("en");
const groups = [...new Set(Object.keys(english).map((key) => key.split(".")[0]))].join("|");

test("both languages say the same things with the same numbers in them", () => {
  const chinese = catalogue("zh");
  assert.deepEqual(Object.keys(chinese), Object.keys(english));
  const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(english)) assert.deepEqual(places(chinese[key]), places(english[key]), key);
});

test("every key in the sources has words", () => {
  const used = [...sources.matchAll(new RegExp(`"((?:${groups})\\.[a-z_.]+)"`, "g"))].map((match) => match[1]);
  const keys = used.filter((key) => !/\.(py|csv|npy|png|svg)$/.test(key)); // names of files look alike
  assert.ok(keys.length > 30);
  for (const key of keys) assert.ok(key in english, key);
});

test("every catalogue entry is said somewhere", () => {
  // `group.${name}.why` says group.a.why and group.b.why; `${key}.why` says the why of every key that is said
  const templates = [...sources.matchAll(new RegExp("`((?:" + groups + ")\\.[^`\n ]*\\$\\{[^`\n]*)`", "g"))].map(
    (match) => match[1],
  );
  const patterns = templates.map(
    (text) =>
      new RegExp(
        `^${text
          .split(/\$\{[^}]*\}/)
          .map((part) => part.replaceAll(".", "\\."))
          .join("[\\w.]+")}$`,
      ),
  );
  const endings = [...sources.matchAll(/`\$\{\w+\}(\.\w+)`/g)].map((match) => match[1]);
  const said = (/** @type {string} */ key) =>
    sources.includes(`"${key}"`) ||
    told.includes(`"${key}"`) ||
    patterns.some((pattern) => pattern.test(key)) ||
    endings.some((ending) => key.endsWith(ending) && said(key.slice(0, -ending.length)));
  for (const key of Object.keys(english)) assert.ok(said(key), `${key} is not used`);
});
