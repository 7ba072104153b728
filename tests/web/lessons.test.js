import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { lessonIn } from "../../explorer/web/lib/lesson/check.js";
import { faultsIn } from "../../explorer/web/lib/lesson/faults.js";
import { READINGS } from "../../explorer/web/lib/lesson/readings.js";
import { TARGETS } from "../../explorer/web/lib/lesson/targets.js";
import { WAITS } from "../../explorer/web/lib/lesson/waits.js";

const WEB = new URL("../../explorer/web/", import.meta.url);
const LESSONS = new URL("learn/lessons/", WEB);
const read = (/** @type {string} */ name) => readFileSync(new URL(name, LESSONS), "utf8");
const names = JSON.parse(read("index.json"));
const words = JSON.parse(readFileSync(new URL("i18n/en.json", WEB), "utf8"));
const knows = (/** @type {string} */ key) => key in words;

/** What is wrong with a text, as whoever wrote it reads it. @param {string} file @param {string} text */
const faults = (file, text) => faultsIn(file, text, words);

test("every lesson that ships can be gone through: targets, acts, numbers and both languages are there", () => {
  assert.deepEqual(
    readdirSync(LESSONS)
      .map((file) => file.replace(/\.json$/, ""))
      .filter((name) => name !== "index")
      .sort(),
    [...names].sort(),
  );
  for (const name of names) assert.deepEqual(faults(`${name}.json`, read(`${name}.json`)), []);
});

/** The page that says how a lesson is written. */
const DOCS = readFileSync(new URL("../../docs/lessons.md", import.meta.url), "utf8");

test("the example of docs/lessons.md is a lesson", () => {
  const [, example] = /```json lesson\n([^]*?)```/.exec(DOCS) ?? [];
  assert.deepEqual(faults("docs/lessons.md", example), []);
});

test("docs/lessons.md names everything that a lesson can stand beside, wait for and read, and nothing else", () => {
  const section = (/** @type {string} */ title) => DOCS.split(`## ${title}`)[1].split("\n## ")[0];
  const namesIn = (/** @type {string} */ title) =>
    new Set([...section(title).matchAll(/`([a-z]+(?:\.[a-z]+)*)(?:\[[^\]]*\])?`/g)].map(([, name]) => name));
  for (const [title, table, more] of /** @type {[string, object, string[]][]} */ ([
    ["What a card can stand beside", TARGETS, []],
    ["What a card can wait for", WAITS, []],
    ["Which numbers there are", READINGS, ["flatten", "first", "y", "gradient", "logit"]],
  ]))
    assert.deepEqual(
      [...namesIn(title)].filter((name) => !more.includes(name)).sort(),
      Object.keys(table).sort(),
      title,
    );
});

test("a lesson has four to eight cards, the quiz more, and at least two questions", () => {
  for (const name of names.filter((/** @type {string} */ one) => one !== "first")) {
    const { lesson } = lessonIn(read(`${name}.json`), knows);
    const cards = lesson?.cards ?? [];
    assert.ok(cards.length >= 4 && (cards.length <= 8 || name === "mistakes"), `${name}: ${cards.length}`);
    assert.ok(cards.filter(({ ask }) => ask).length >= 2, name);
  }
});
