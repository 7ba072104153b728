import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ask } from "../../explorer/web/lib/live.js";
import { heard, nothing } from "../../explorer/web/lib/telling.js";
import { walkOf } from "../../explorer/web/lib/sent.js";

/** The golden questions and answers that tests/explorer/contract_cases.py writes, by page. */
const GOLDEN = new URL("../golden/contract/", import.meta.url);
const PAGES = Object.fromEntries(
  readdirSync(GOLDEN).map((file) => [
    file.replace(".json", ""),
    JSON.parse(readFileSync(new URL(file, GOLDEN), "utf8")),
  ]),
);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What `tsc` says of a module that is checked as the page's own are; "" for nothing. @param {string} text */
function complaints(text) {
  const folder = mkdtempSync(join(tmpdir(), "contract-"));
  try {
    writeFileSync(join(folder, "answers.js"), text);
    const config = { extends: join(ROOT, "tsconfig.json"), include: ["answers.js"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    return "";
  } catch (error) {
    return error.stdout || String(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Constants of the contract's types, one for each question and each answer; a key that a type lacks is a complaint too. @param {string} page @param {any[]} cases */
function typed(page, cases) {
  const contract = `import(${JSON.stringify(join(ROOT, "explorer/web/lib/contract", `${page}.js`))})`;
  const network = `import(${JSON.stringify(join(ROOT, "explorer/web/lib/live.js"))})`;
  const lines = cases.flatMap(({ function: name, request, answer }, k) => {
    const server = `${contract}.Server["${name}"]`;
    return [
      `/** @type {Parameters<${server}>[0]} */`,
      `export const ${page}Request${k} = ${JSON.stringify(request)};`,
      "error" in answer
        ? `/** @type {${network}.Failure} */`
        : `/** @type {Exclude<Awaited<ReturnType<${server}>>, ${network}.Failure>} */`,
      `export const ${page}Answer${k} = ${JSON.stringify(answer)};`,
    ];
  });
  const names = [...new Set(cases.map((each) => each.function))];
  return [
    ...lines,
    `/** Every function of the contract. @type {Record<keyof ${contract}.Server, true>} */`,
    `export const ${page} = { ${names.map((name) => `${name}: true`).join(", ")} };`,
  ].join("\n");
}

test("every golden question and answer is of its contract's types, and every function has one", () => {
  assert.deepEqual(Object.keys(PAGES).sort(), ["arithmetic", "draw", "kernels", "models", "train"]);
  const text = Object.entries(PAGES)
    .map(([page, cases]) => typed(page, cases))
    .join("\n");
  assert.equal(complaints(text), "");
});

test("an answer that is not of its type is complained about", () => {
  const [golden] = PAGES.draw.filter((each) => each.function === "comparable");
  const missing = { ...golden, answer: { models: [{ name: "a2" }] } };
  assert.match(complaints(typed("draw", [missing])), /Property 'title' is missing/);
  const more = { ...golden, answer: { ...golden.answer, extra: 1 } };
  assert.match(complaints(typed("draw", [more])), /extra"?' does not exist/);
});

test("the page's own code reads the golden answers", async () => {
  const answerTo = (/** @type {string} */ page, /** @type {string} */ name) =>
    PAGES[page].filter((each) => each.function === name && !("error" in each.answer));
  for (const { answer } of answerTo("draw", "arithmetic")) assert.equal(walkOf(answer, "cell").given.op, answer.op);
  const [, long] = answerTo("train", "read_run");
  const { started, batches, ended } = heard(nothing(), long.answer.events);
  assert.deepEqual([started?.steps, batches.length, ended?.state], [20, 20, "done"]);
  const refused = PAGES.draw.find((each) => "error" in each.answer);
  await assert.rejects(
    ask(async () => refused.answer, refused.request, "gone"),
    { message: refused.answer.error },
  );
});
