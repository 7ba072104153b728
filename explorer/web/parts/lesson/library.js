/** Where lessons come from: those that ship, those of the folder that the server was started with, and files dropped on the page. */

import { lessonIn } from "../../lib/lesson/check.js";
import { t } from "../i18n.js";

/** @typedef {import("../../lib/lesson/check.js").Lesson} Lesson */
/** @typedef {import("../../lib/lesson/check.js").Problem} Problem */
/** `lesson` null: it has problems. @typedef {{ name: string, file: string, from: "shipped" | "folder" | "dropped", lesson: Lesson | null, problems: Problem[] }} Found */

/** The names of the lessons that ship, in their order; the lessons lie beside it. */
const SHIPPED = new URL("../../learn/lessons/index.json", import.meta.url);
/** Where the browser keeps files that were dropped. */
const DROPPED = "convscope.lessons.own";

/** A lesson's name is its file's, without the ending. @param {string} file */
export const nameOf = (file) =>
  file
    .replace(/\.json$/i, "")
    .replace(/[^\w-]/g, "-")
    .slice(0, 80);

/** What is wrong with a file that is called as a shipped lesson is. @type {{ lesson: null, problems: Problem[] }} */
const TAKEN = { lesson: null, problems: [{ line: 1, key: "lessons.check.taken", values: {} }] };

/** @param {string} file @param {string | null} text null where it is too large to be read @param {Found["from"]} from @returns {Found} */
const found = (file, text, from) => ({ name: nameOf(file), file, from, ...lessonIn(text, (key) => t(key) !== key) });

/** Shipped lessons by name, read once. @type {Map<string, Promise<Found>>} */
const shipped = new Map();

/** @param {string} name */
function readShipped(name) {
  const file = `${name}.json`;
  const known =
    shipped.get(name) ??
    fetch(new URL(file, SHIPPED))
      .then((answer) => answer.text())
      .then((text) => found(file, text, "shipped"));
  shipped.set(name, known);
  return known;
}

/** @returns {Promise<string[]>} the names of the shipped lessons, in their order */
export const shippedNames = async () => (await fetch(SHIPPED)).json();

/** @returns {Record<string, string>} texts by file */
export function dropped() {
  try {
    return JSON.parse(localStorage.getItem(DROPPED) ?? "{}");
  } catch {
    return {};
  }
}

/** Keep a dropped file, or forget it. @param {string} file @param {string | null} text */
export function keepDropped(file, text) {
  const { [file]: _, ...others } = dropped();
  localStorage.setItem(DROPPED, JSON.stringify(text === null ? others : { ...others, [file]: text }));
}

/** The lessons of the server's folder: read anew each time, so that who writes one sees it. @returns {Promise<Found[]>} */
async function ofFolder() {
  const root = /** @type {Window & { gradio_config?: { root: string } }} */ (window).gradio_config?.root;
  try {
    const answer = await fetch(root === undefined ? new URL("lessons", document.baseURI) : `${root}/lessons`);
    if (!answer.ok) return [];
    const { lessons } = /** @type {{ lessons: { file: string, text: string | null }[] }} */ (await answer.json());
    return lessons.map(({ file, text }) => found(file, text, "folder"));
  } catch {
    return []; // pages without a server have none
  }
}

/** All lessons that are not the program's own: a dropped file comes before one of the folder. @returns {Promise<Found[]>} */
export async function ownLessons() {
  const here = Object.entries(dropped()).map(([file, text]) => found(file, text, "dropped"));
  const others = (await ofFolder()).filter(({ name }) => !here.some((one) => one.name === name));
  const taken = await shippedNames();
  return [...here, ...others.map((one) => (taken.includes(one.name) ? { ...one, ...TAKEN } : one))];
}

/** @returns {Promise<Found[]>} */
export const shippedLessons = async () => Promise.all((await shippedNames()).map(readShipped));

/** The lesson of a name, null where there is none that works. @param {string} name @returns {Promise<Lesson | null>} */
export async function lessonNamed(name) {
  if ((await shippedNames()).includes(name)) return (await readShipped(name)).lesson;
  return (await ownLessons()).find((one) => one.name === name && one.lesson)?.lesson ?? null;
}
