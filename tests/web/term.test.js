import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const words = (language) =>
  JSON.parse(readFileSync(new URL(`../../explorer/web/i18n/${language}.json`, import.meta.url), "utf8"));
const MARK = /\[[^\]|]+\|(\w+)\]/g;

test("every marked word has a card, the same ones in both languages", () => {
  const [english, chinese] = ["en", "zh"].map(words);
  const cards = (text) => [...text.matchAll(MARK)].map(([, name]) => name).sort();
  let marked = 0;
  for (const [key, text] of Object.entries(english)) {
    for (const name of cards(text)) {
      assert.ok(english[`term.${name}`] && english[`term.${name}.name`], `${key}: no card ${name}`);
      marked++;
    }
    assert.deepEqual(cards(chinese[key]), cards(text), key);
  }
  assert.ok(marked > 20);
});
