import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { LARGEST, lessonIn } from "../../explorer/web/lib/lesson/check.js";
import { readJson, Unreadable } from "../../explorer/web/lib/lesson/json_lines.js";
import { lackOf, needsOf } from "../../explorer/web/lib/lesson/needs.js";
import { around, besideOf, overlap } from "../../explorer/web/lib/lesson/place.js";
import { begun, guessed, heard, moved, shareOf } from "../../explorer/web/lib/lesson/progress.js";
import { isRight, rightOf } from "../../explorer/web/lib/lesson/question.js";
import { reader } from "../../explorer/web/lib/lesson/readings.js";
import { filled } from "../../explorer/web/lib/lesson/text.js";
import { WAITS } from "../../explorer/web/lib/lesson/waits.js";
import { fields, LINKED, readLink, writeLink } from "../../explorer/web/lib/link.js";
import { UNSEEN } from "../../explorer/web/parts/onscreen.js";

const WEB = new URL("../../explorer/web/", import.meta.url);
const SHIPPED = readFileSync(new URL("learn/lessons/by-hand.json", WEB), "utf8");
const knows = () => true;

/** The pages with a walk on Arithmetic, and nothing else. @param {unknown} walk */
const worldOf = (walk) => ({
  state: { ...Object.fromEntries(LINKED.map((key) => [key, fields[key].initial])), walk },
  description: null,
  kept: { half: 0.5 },
  ...UNSEEN,
});
const read = (/** @type {unknown} */ walk) => reader(/** @type {any} */ (worldOf(walk)));

test("JSON is read as JSON.parse reads it, and each value knows its line", () => {
  const { value, lineOf } = readJson(SHIPPED);
  assert.deepEqual(value, JSON.parse(SHIPPED));
  const lines = SHIPPED.split("\n");
  assert.match(lines[lineOf("cards", 2, "ask") - 1], /"ask"/);
  assert.equal(lineOf("cards", 2, "nothing"), lineOf("cards", 2));
  for (const text of ['{"a": [1, -2.5e3, true, null, "\\u00e9\\n"]}', "[]", "{}", ' "x" ', "[[], {}]"])
    assert.deepEqual(readJson(text).value, JSON.parse(text));
});

test("what is no JSON is refused with its line", () => {
  for (const [text, line] of /** @type {[string, number][]} */ ([
    ['{\n"a": 1\n"b": 2}', 3],
    ["[1,\n2,\n]", 3],
    ['{"a": tru}', 1],
    ['{"a": 1} x', 1],
    ["", 1],
    ['"a\nb"', 1],
  ]))
    assert.throws(
      () => readJson(text),
      (error) => error instanceof Unreadable && error.line === line,
      text,
    );
});

/** What is wrong with a changed lesson: line and key. @param {string} from @param {string} to */
function faults(from, to) {
  assert.ok(SHIPPED.includes(from), from);
  const text = SHIPPED.replace(from, to);
  return lessonIn(text, knows).problems.map(({ line, key }) => [
    key.replace("lessons.check.", ""),
    text.split("\n")[line - 1].includes(to.split("\n").at(-1) ?? to),
  ]);
}

test("a missing target, an unknown act, a missing translation and a number in a text are named with their line", () => {
  assert.deepEqual(lessonIn(SHIPPED, knows).problems, []);
  assert.deepEqual(faults('"at": "arithmetic.preset"', '"at": "arithmetic.prest"'), [["target", true]]);
  assert.deepEqual(faults('"wait": "arithmetic.stepped"', '"wait": "arithmetic.danced"'), [["wait", true]]);
  assert.deepEqual(faults('"wait": "arithmetic.preset[valid]"', '"wait": "arithmetic.preset"'), [["takes", true]]);
  assert.deepEqual(faults('"number": "arithmetic.value[output,1]"', '"number": "arithmetic.worth[output,1]"'), [
    ["reading", true],
  ]);
  assert.deepEqual(faults('"wait": "arithmetic.preset[valid]"', '"wait": "arithmetic.preset[vallid]"'), [
    ["takes", true],
  ]);
  assert.deepEqual(faults('"number": "arithmetic.value[output,1]"', '"number": "arithmetic.value[outptu,1]"'), [
    ["takes", true],
  ]);
  assert.deepEqual(faults('"at": "arithmetic.badge"', '"at": "arithmetic.tensor[wieght]"'), [["takes", true]]);
  assert.deepEqual(faults("See for yourself:", "See 3 for yourself:"), [["number", true]]);
  assert.deepEqual(faults('"minutes": 7', '"minutes": "long"'), [["minutes", true]]);
  assert.deepEqual(faults('"page": "arithmetic"', '"pag": "arithmetic"'), [["part", true]]);
  const alone = SHIPPED.replace(/"zh": "亲自试试[^"]*"/, '"cn": "x"');
  assert.deepEqual(
    lessonIn(alone, knows).problems.map(({ key, values }) => [key, values.language ?? values.name]),
    [
      ["lessons.check.language", "zh"],
      ["lessons.check.unknown", "cn"],
    ],
  );
});

test("every problem has words in both languages", () => {
  const source = readFileSync(new URL("lib/lesson/check.js", WEB), "utf8");
  const keys = [...source.matchAll(/"(lessons\.check\.\w+)"/g)].map(([, key]) => key);
  assert.ok(keys.length > 15);
  for (const language of ["en", "zh"]) {
    const words = JSON.parse(readFileSync(new URL(`i18n/${language}.json`, WEB), "utf8"));
    for (const key of keys) assert.ok(key in words, key);
  }
});

test("a number that no card kept is named", () => {
  const text = SHIPPED.replace("See for yourself", "See {kept[gone]} for yourself").replace(/亲自试试/, "{kept[gone]}");
  assert.deepEqual(
    lessonIn(text, knows).problems.map(({ key, values }) => [key, values.name]),
    [["lessons.check.kept", "gone"]],
  );
});

test("texts take their numbers from the page as it is now", () => {
  const say = (/** @type {string} */ key) => `<${key}>`;
  const valid = read({ preset: "valid" });
  assert.equal(
    filled("{arithmetic.sum[0]} = {arithmetic.value[output,0]}", valid, say),
    "0 + 1·1 + 0·2 + 0·4 + 1·5 = 6",
  );
  assert.equal(filled("{arithmetic.list[output]} {word a.b}", valid, say), "[[6, 8], [12, 14]] <a.b>");
  assert.equal(filled("{kept[half]|%} {kept[half]|1} {kept[none]} {draw.loss}", valid, say), "50 % 0.5 … …");
  assert.equal(valid("arithmetic.value[output,99]"), null);
  assert.equal(valid("no.such"), null);
});

test("the tutorials' right numbers are the right answers", () => {
  const answers = /** @type {[string, string, number][]} */ ([
    ["valid", "arithmetic.value[output,3]", 14],
    ["inputgrad", "arithmetic.value[gradInput,4]", 5],
    ["weightgrad", "arithmetic.value[gradWeight,0]", 37],
    ["maxpool", "arithmetic.value[output,1]", 8],
    ["crossentropy", "arithmetic.value[rowLoss,0]", Math.LN2],
  ]);
  for (const [preset, number, right] of answers) {
    const found = rightOf({ number }, read({ preset }));
    assert.ok(found !== null && Math.abs(found - right) < 1e-12, preset);
  }
  assert.equal(read({ preset: "inputgrad" })("arithmetic.printed[4]"), 4);
});

test("signs and conditions are judged on the page's numbers, a guess as exactly as the number is", () => {
  const gradient = read({ preset: "pminusy" });
  assert.equal(rightOf({ sign: "arithmetic.value[gradInput,2]" }, gradient), 0);
  assert.equal(rightOf({ sign: "arithmetic.value[gradInput,0]" }, gradient), 2);
  const text = { en: "", zh: "" };
  const choose = [
    { text, if: /** @type {const} */ (["arithmetic.surprise[0]", "<", "arithmetic.surprise[2]"]) },
    { text, if: /** @type {const} */ (["arithmetic.surprise[2]", "=", Math.LN2]) },
  ];
  assert.equal(rightOf(/** @type {any} */ ({ choose }), gradient), 1);
  assert.equal(rightOf(/** @type {any} */ ({ choose: [{ text, if: ["draw.loss", "<", 1] }] }), gradient), null);
  const ask = { number: "x" };
  assert.ok(isRight(ask, 0.69, Math.LN2));
  assert.ok(!isRight(ask, 0.71, Math.LN2));
  assert.ok(isRight(ask, 8, 8));
  assert.ok(!isRight(ask, 8.01, 8));
});

test("an act that follows from the state alone makes the state that is then waited for", () => {
  const before = worldOf({ preset: "edge" });
  for (const [name, ...args] of [
    ["arithmetic.preset", "maxpool"],
    ["arithmetic.pass", "weightGrad"],
    ["arithmetic.op", "relu"],
    ["arithmetic.set", "stride.rows", "2"],
    ["arithmetic.set", "flip", "true"],
    ["arithmetic.section", "properties"],
    ["arithmetic.stepped"],
    ["arithmetic.ended"],
    ["arithmetic.edited"],
    ["arithmetic.edited", "weight"],
    ["properties.edited"],
    ["properties.edited", "flip"],
    ["properties.edited", "shift"],
    ["properties.edited", "K"],
    ["kernels.preset", "sobelx"],
    ["kernels.edited"],
    ["kernels.pixel"],
    ["lab.opened"],
    ["draw.why"],
    ["train.preset", "overfit"],
    ["train.set", "dropout", "0.5"],
    ["train.set", "trained", "head"],
    ["tab", "train"],
  ]) {
    const wait = WAITS[name];
    const arithmetic = { ...before.state, tab: "arithmetic" };
    const after = { ...before, state: { ...arithmetic, ...wait.after?.(/** @type {any} */ (arithmetic), ...args) } };
    assert.ok(!wait.met(/** @type {any} */ (before), /** @type {any} */ (before), ...args), name);
    assert.ok(wait.met(/** @type {any} */ (after), /** @type {any} */ (before), ...args), `${name} ${args}`);
  }
});

test("what an act makes of a state is what a link can say of it", () => {
  const untouched = /** @type {any} */ (worldOf(null).state);
  const wait = WAITS["kernels.preset"];
  const sobel = { ...untouched, ...wait.after?.(untouched, "sobelx") };
  assert.equal(readLink(writeLink(sobel)).state.kernelChain?.stages[0].preset, "sobelx");
  const pixel = { ...sobel, ...WAITS["kernels.pixel"].after?.(sobel) };
  assert.equal(readLink(writeLink(pixel)).state.kernelPixel, pixel.kernelPixel);
  assert.deepEqual(readLink(writeLink({ ...untouched, ...WAITS["draw.class"].after?.(untouched) })).state.cells, [
    { step: -1, of: "class", cell: [0, 0] },
  ]);
});

/** A lesson of these cards. @param {object[]} cards */
const lessonOf = (cards) =>
  /** @type {any} */ ({ cards: cards.map((card) => ({ at: "train.start", says: SAYS, ...card })) });
const SAYS = { en: "", zh: "" };

test("a card that speaks of a run or a measurement names the card that makes it, until it was made", () => {
  const speaks = { en: "{train.held[last]} {kept[good]}", zh: "" };
  const lesson = lessonOf([
    { wait: "train.started" },
    { wait: "train.ended" },
    { keep: { good: "train.held[last]" } },
    { wait: "train.ran" },
    { says: speaks },
    { at: "lab.start", wait: "lab.measured", because: { en: "{lab.size}", zh: "" } },
    { at: "lab.ladder", says: { en: "{lab.size}", zh: "" } },
    { says: { en: "{draw.loss}", zh: "" } },
  ]);
  const nothing = /** @type {any} */ (worldOf(null));
  const lacks = (/** @type {any} */ world) =>
    lesson.cards.map((/** @type {unknown} */ _, /** @type {number} */ at) => lackOf(lesson, at, reader(world), world));
  assert.deepEqual(lacks({ ...nothing, kept: {} }), [null, 0, 0, null, 0, null, 5, null]);
  assert.deepEqual(lacks({ ...nothing, kept: { good: 1 } }), [null, 0, 0, null, 3, null, 5, null]);
  const kept = [{ step: 1, validation: { accuracy: 0.5, loss: 1 } }];
  const made = {
    ...nothing,
    kept: { good: 1 },
    acts: { train: 1 },
    telling: { kept },
    measured: { size: 8, steps: [], over: true },
  };
  assert.deepEqual(lacks(made), Array(8).fill(null));
});

test("a lesson needs a server where it measures, or trains what no browser trains", () => {
  const needs = (/** @type {string} */ name) =>
    needsOf(JSON.parse(readFileSync(new URL(`learn/lessons/${name}.json`, WEB), "utf8")));
  const names = ["by-hand", "train", "optimisers", "speed", "transfer"];
  assert.deepEqual(
    names.map((name) => needs(name).served),
    [null, null, null, "lab", "train"],
  );
  assert.deepEqual([...needs("optimisers").tabs].sort(), ["arithmetic", "train"]);
  assert.deepEqual([...needs("mistakes").models].sort(), ["a1", "a2", "a3", "resnet18"]);
  const forms = [
    { from: "drawn", epochs: 3 },
    { from: "drawn", model: "a3" },
    { from: "first", ema: 0.9 },
    { from: "first", source: "fashion_mnist" },
    { epochs: 2 },
    { from: "halves" },
  ];
  const told = (/** @type {object} */ form) =>
    needsOf(/** @type {any} */ ({ cards: [{ at: "train.start", open: { page: "train", form } }] }));
  assert.deepEqual(
    forms.map((form) => told(form).served),
    [null, null, "train", "train", null, "train"],
  );
  assert.deepEqual([...told(forms[1]).models], ["a3"]);
});

test("a lesson that is too large to be read says so, and how large one may be", () => {
  for (const text of [null, `"${"x".repeat(LARGEST)}"`, `"${"字".repeat(Math.ceil(LARGEST / 3))}"`]) {
    const { problems } = lessonIn(text, knows);
    assert.deepEqual(problems, [{ line: 1, key: "lessons.check.large", values: { most: "200" } }]);
  }
});

test("a card stands beside its target wherever there is room, and nowhere where there is none", () => {
  const room = { width: 1366, height: 768, top: 44 };
  const card = { width: 368, height: 220 };
  for (const target of [
    { left: 20, top: 60, width: 180, height: 180 },
    { left: 1200, top: 700, width: 100, height: 40 },
    { left: 640, top: 380, width: 30, height: 30 },
  ]) {
    const beside = besideOf(target, card, room);
    assert.ok(beside);
    const place = { ...beside, ...card };
    assert.equal(overlap(place, target), 0);
    assert.ok(place.left >= 0 && place.top >= room.top && place.left + card.width <= room.width);
    assert.ok(place.top + card.height <= room.height);
  }
  for (const wide of [
    { left: 300, top: 300, width: 760, height: 60 },
    { left: 100, top: 44, width: 1166, height: 724 },
  ])
    assert.equal(besideOf(wide, card, room), null);
  assert.deepEqual(
    around([
      { left: 3, top: 4, width: 2, height: 2 },
      { left: 1, top: 5, width: 1, height: 9 },
    ]),
    {
      left: 1,
      top: 4,
      width: 4,
      height: 10,
    },
  );
});

test("progress is kept by card, a guess is made once, and what cannot be read is nothing", () => {
  const later = moved(guessed(moved(begun(), 3), 3, 7), 1);
  assert.deepEqual([later.card, later.reached, later.guesses[3]], [1, 3, 7]);
  assert.equal(guessed(later, 3, 8).guesses[3], 7);
  assert.equal(shareOf(later, 6), 0.5);
  assert.equal(shareOf({ ...later, done: true }, 6), 1);
  assert.deepEqual(heard("{broken"), {});
  assert.deepEqual(heard(JSON.stringify({ a: later, b: 3 })), { a: later });
});

test("a link opens a lesson at a card", () => {
  const { state, ignored } = readLink("#lesson=by-hand.3&lang=zh");
  assert.deepEqual([state.lesson, ignored], [{ name: "by-hand", card: 2 }, []]);
  assert.equal(writeLink({ lesson: { name: "by-hand", card: 2 } }), "#lesson=by-hand.3");
  assert.deepEqual(readLink("#lesson=../x").ignored, ["lesson"]);
});
