import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const web = new URL("../../explorer/web/", import.meta.url);
const catalogue = (language) => JSON.parse(readFileSync(new URL(`i18n/${language}.json`, web), "utf8"));
const sources = readdirSync(web, { recursive: true }).filter((name) => name.endsWith(".js"))
  .map((name) => readFileSync(new URL(name, web), "utf8")).join("\n");
const english = catalogue("en");
const groups = [...new Set(Object.keys(english).map((key) => key.split(".")[0]))].join("|");

test("both languages say the same things with the same numbers in them", () => {
  const chinese = catalogue("zh");
  assert.deepEqual(Object.keys(chinese), Object.keys(english));
  const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(english)) assert.deepEqual(places(chinese[key]), places(english[key]), key);
});

test("every key in the sources has words", () => {
  const used = [...sources.matchAll(new RegExp(`"((?:${groups})\\.[a-z.]+)"`, "g"))].map((match) => match[1]);
  assert.ok(used.length > 30);
  for (const key of used) assert.ok(key in english, key);
});

test("every catalogue entry is said somewhere", () => {
  const stems = [...sources.matchAll(new RegExp("`((?:" + groups + ")\\.)\\$\\{", "g"))].map((match) => match[1]);
  for (const key of Object.keys(english)) {
    assert.ok(sources.includes(`"${key}"`) || stems.some((stem) => key.startsWith(stem)), `${key} is not used`);
  }
});
