import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { colour } from "../../explorer/web/lib/colour.js";

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

test("no sheet says a rule twice", () => {
  const twice = sheets.flatMap((sheet) => {
    const text = readFileSync(new URL(String(sheet), WEB), "utf8").replace(/\/\*[^]*?\*\//g, "");
    const blocks = [...text.matchAll(/@media([^{]*)\{((?:[^{}]*\{[^{}]*\})*[^{}]*)\}/g)];
    const plain = text.replace(/@media[^{]*\{((?:[^{}]*\{[^{}]*\})*[^{}]*)\}/g, "");
    const said = [["", plain], ...blocks.map(([, when, rules]) => [when, rules])].flatMap(([when, rules]) =>
      [...rules.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(
        ([, selector, body]) => `${when}|${selector.trim()}|${body.trim()}`,
      ),
    );
    return said.filter((one, k) => said.indexOf(one) !== k).map((one) => `${sheet}: ${one.replace(/\s+/g, " ")}`);
  });
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

test("a page has as many columns as letters have room: the widths that rules ask for are in rem, never in px", () => {
  const asked = sheets.flatMap((sheet) =>
    [...readFileSync(new URL(String(sheet), WEB), "utf8").matchAll(/@(?:media|container)[^{]*width[^{]*/g)].map(
      ([found]) => `${sheet}: ${found.trim()}`,
    ),
  );
  assert.ok(asked.length > 20);
  assert.deepEqual(
    asked.filter((one) => !/\drem\)/.test(one) || /\dpx/.test(one)),
    [],
  );
});

/** The tokens of a theme by name. @param {string} text @param {string} selector */
function tokensOf(text, selector) {
  const [, rules] = new RegExp(`${selector} \\{([^}]*)\\}`).exec(text) ?? [];
  return Object.fromEntries(
    [...rules.matchAll(/--cs-([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

test("a colour means one thing: outlines, pairs and what is chosen differ from one another and from below and above zero", () => {
  const text = readFileSync(new URL("tokens.css", WEB), "utf8");
  for (const [selector, dark] of /** @type {const} */ ([
    [":root", false],
    ["\\.dark", true],
  ])) {
    const tokens = tokensOf(text, selector);
    const hex = (/** @type {number} */ t) =>
      `#${colour("diverging", t, dark)
        .map((level) => level.toString(16).padStart(2, "0"))
        .join("")}`;
    const meanings = ["mark", "made", "makes", "first", "second", "accent"].map((name) => tokens[name]);
    assert.ok(meanings.every(Boolean), selector);
    assert.equal(new Set(meanings).size, meanings.length, selector);
    for (const name of ["mark", "made", "makes", "first", "second"])
      for (const t of [-0.5, 0.5, -2 / 3, 2 / 3, -1, 1]) assert.notEqual(tokens[name], hex(t), `${selector} ${name}`);
  }
});

test("colours stand in tokens.css alone", () => {
  const others = sheets.filter((sheet) => String(sheet) !== "tokens.css");
  const found = others.flatMap((sheet) =>
    [...readFileSync(new URL(String(sheet), WEB), "utf8").matchAll(/: [^;{}]*#[0-9a-f]{3,8}\b[^;{}]*;/g)].map(
      ([declaration]) => `${sheet}${declaration}`,
    ),
  );
  assert.deepEqual(found, []);
});

test("no rule for the screen looks through the whole page for what it holds: each change of anything would be looked at", () => {
  const found = sheets.filter((sheet) => {
    const text = readFileSync(new URL(String(sheet), WEB), "utf8");
    return !String(sheet).endsWith("print.css") && /(^|[\s,])(body|html|:root):has\(/.test(text);
  });
  assert.deepEqual(found, []);
});

test("what a level or a fold changes is named, or everything below it is styled anew", () => {
  const found = sheets.flatMap((sheet) => {
    const text = readFileSync(new URL(String(sheet), WEB), "utf8");
    const selectors = [...text.matchAll(/([^{}]+)\{/g)].flatMap(([, list]) => list.split(/,(?![^(]*\))/));
    return selectors
      .map((one) => one.trim())
      .filter((one) => /\[data-level|\.folded/.test(one) && /> (\*|:not\()/.test(one));
  });
  assert.deepEqual(found, []);
});
