/** `node check.js LANGUAGE FILE…`: what is wrong with lessons, a line for each fault, FILE:LINE: WHAT; the exit status is 1 where there is one. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { faultsIn } from "../web/lib/lesson/faults.js";

const WEB = new URL("../web/", import.meta.url);

/** @param {string} path in explorer/web */
const read = (path) => JSON.parse(readFileSync(new URL(path, WEB), "utf8"));

const [language, ...files] = process.argv.slice(2);
const words = read(`i18n/${language}.json`);
const shipped = read("learn/lessons/index.json");

/** @param {string} file */
function faultsOf(file) {
  const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  const taken = shipped.includes(basename(file, ".json")) ? [`${file}:1: ${words["lessons.check.taken"]}`] : [];
  return [...taken, ...faultsIn(file, text, words)];
}

const faults = files.flatMap(faultsOf);
for (const fault of faults) console.log(fault);
process.exitCode = faults.length ? 1 : 0;
