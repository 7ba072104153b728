import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const WEB = new URL("../../explorer/web/", import.meta.url);
const sheets = readdirSync(WEB, { recursive: true }).filter((name) => String(name).endsWith(".css"));

/** The classes that a sheet's rules define by themselves: rules whose whole selector is one class. @param {string} text */
function ownClasses(text) {
  const rules = text.replace(/\/\*[^]*?\*\//g, "").replace(/@media[^{]*\{((?:[^{}]*\{[^{}]*\})*[^{}]*)\}/g, "");
  const selectors = [...rules.matchAll(/([^{}]+)\{[^{}]*\}/g)].flatMap(([, list]) => list.split(","));
  return new Set(selectors.map((one) => one.trim()).filter((one) => /^\.[\w-]+$/.test(one)));
}

test("no class is defined in two style sheets", () => {
  assert.ok(sheets.length > 5);
  const places = new Map();
  for (const sheet of sheets)
    for (const name of ownClasses(readFileSync(new URL(String(sheet), WEB), "utf8")))
      places.set(name, [...(places.get(name) ?? []), sheet]);
  const twice = [...places].filter(([, found]) => found.length > 1);
  assert.deepEqual(twice, []);
});

test("text is as large as a person wants it: sizes of letters and lines are in rem, never in px", () => {
  const fixed = sheets.flatMap((sheet) =>
    [
      ...readFileSync(new URL(String(sheet), WEB), "utf8").matchAll(
        /\b(?:font|font-size|line-height):[^;]*\dpx[^;]*;/g,
      ),
    ].map(([found]) => `${sheet}: ${found}`),
  );
  assert.deepEqual(fixed, []);
});
