/**
 * The pages without a server: each is mounted as the app mounts it, and asks the engine in its worker instead of Python.
 * `site.json` says which models are here and what the pages start with (explorer/publish/site.py).
 */

import { createEngine } from "../engine/client.js";
import { page } from "../parts/page.js";
import { speaking } from "../parts/server.js";
import { keepOffline } from "./offline.js";
import { createTraining } from "./training.js";

/** @typedef {{ mount: (element: HTMLElement, given: { server: object, options: object }) => unknown }} Page */
/** What a page starts with: its options, or the file that holds them. @typedef {object | string} Options */
/** `runs`: those that were published; `compared`: PyTorch's numbers are here as well; `examples`: so many pictures of MNIST. @typedef {{ first: string, compared: boolean, bar: { models: { name: string, title: string }[] }, pages: Record<string, Options>, runs: string[], examples: number }} Site */

/** What the network of a run after a step is called: a link may name one. */
const MOMENT = /\/.+@\d+$/;

/** Until what is not seen yet is loaded, where nobody has drawn. */
const REST_MS = 4000;
/** After the first answer the person draws undisturbed for so long, ms. */
const PAUSE_MS = 1000;

/** @param {string} file */
const fetched = async (file) => (await fetch(new URL(file, document.baseURI))).json();

const models = new URL("models/", document.baseURI.split("#")[0]).href;
const engine = createEngine({ models, trains: true });

/** Called when the first drawing has been answered. */
let drawn = () => {};
const firstAnswer = new Promise((done) => (drawn = () => done(null)));

/** @type {Promise<Site>} */
const site = fetched("site.json");

const trainer = site.then(({ runs, examples, pages }) =>
  createTraining({ here: "train" in pages, models, runs, examples }),
);

/** @param {string} name @param {unknown} request */
async function asked(name, request) {
  if (name === "comparable") return { models: (await site).bar.models };
  const training = await trainer;
  if (training.answers(name)) return training.ask(name, request);
  const found = await engine.ask(name, await training.filled(request));
  if (name === "observe" && /** @type {{ strokes: unknown[] }} */ (request).strokes.length) drawn();
  return found;
}

/** Every function of every page's contract, asked of the engine. */
const server = speaking(
  new Proxy(/** @type {Record<string, (request: unknown) => Promise<unknown>>} */ ({}), {
    get: (_, name) => (/** @type {unknown} */ request) => asked(String(name), request),
  }),
);

/** How far a network's numbers here are from PyTorch's. @param {string} model */
async function truth(model) {
  const [strokes, told] = await Promise.all([fetched("drawings.json"), fetched(`models/${model}.truth.json`)]);
  return engine.ask("truth", { model, strokes, told });
}

/** @type {Map<string, Promise<unknown>>} */
const mounted = new Map();

/** Fill a page's panel, once. @param {string} name @param {Options} options */
function mount(name, options) {
  const known = mounted.get(name);
  if (known) return known;
  const found = Promise.all([
    /** @type {Promise<Page>} */ (import(`../${name}/page.js`)),
    typeof options === "string" ? fetched(options) : options,
  ]).then(([page, given]) => page.mount(viewOf(name), { server, options: given }));
  mounted.set(name, found);
  return found;
}

/** @param {string} name */
const panelOf = (name) => /** @type {HTMLElement} */ (document.querySelector(`#pages > [data-page="${name}"]`));

/** @param {string} name */
const viewOf = (name) => /** @type {HTMLElement} */ (panelOf(name).querySelector(".webview"));

const tabs = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#pages [role=tab]"));

/** @param {string} name @param {Site["pages"]} pages */
function choose(name, pages) {
  for (const tab of tabs) {
    const own = tab.dataset.tabId === name;
    tab.setAttribute("aria-selected", String(own));
    tab.classList.toggle("selected", own);
    tab.tabIndex = own ? 0 : -1;
    panelOf(tab.dataset.tabId ?? "").hidden = !own;
  }
  void mount(name, pages[name]);
}

/** Left and right go through the tabs, as the app's do. @param {KeyboardEvent} event */
function walkTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const place = [...tabs].indexOf(/** @type {HTMLElement} */ (event.target));
  if (!step || place < 0) return;
  const next = tabs[(place + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
}

function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.body.classList.toggle("dark", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

async function start() {
  followTheme();
  const { first, compared, bar: options, pages } = await site;
  const linked = page.get("model");
  if (MOMENT.test(linked)) options.models.push({ name: linked, title: linked });
  const bar = /** @type {Page} */ (/** @type {unknown} */ (await import("../models/bar.js")));
  void engine.ask("describe", { model: first });
  for (const tab of tabs) tab.addEventListener("click", () => choose(tab.dataset.tabId ?? "", pages));
  document
    .querySelector("#pages [role=tablist]")
    ?.addEventListener("keydown", (event) => walkTabs(/** @type {KeyboardEvent} */ (event)));
  await mount("draw", pages.draw);
  await bar.mount(/** @type {HTMLElement} */ (document.querySelector("#bar")), {
    server,
    options: { ...options, ...(compared ? { truth } : {}) },
  });
  await Promise.race([firstAnswer, new Promise((done) => setTimeout(done, REST_MS))]);
  await new Promise((done) => setTimeout(done, PAUSE_MS));
  await keepOffline();
  for (const [name, options] of Object.entries(pages)) await mount(name, options);
}

void start();
