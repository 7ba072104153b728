/** The Train page: new runs, the list of runs, and one run watched live, steered, and looked at at any moment of it. */

import { h } from "../parts/dom.js";
import { createHelp } from "../parts/help.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask, newestOnly } from "../lib/live.js";
import { page } from "../parts/page.js";
import { followed, sinceOf, unread } from "../lib/telling.js";
import { createCurves } from "./curves.js";
import { createForm } from "./form.js";
import { createHandwriting } from "./handwriting.js";
import { createJudged } from "./judged.js";
import { createList } from "./list.js";
import { createMoment } from "./moment.js";
import { createSteer } from "./steer.js";

/** How often a run that trains is read, in the second after a command, and the list, ms. */
const READ_MS = 500;
const SOON_MS = 60;
const SOON_FOR_MS = 1500;
const LIST_MS = 2000;
const ALIVE = ["queued", "running", "paused"];
const KEYS = [
  { keys: "Space", words: "train.help.space" },
  { keys: "← →", words: "train.help.arrows" },
  { keys: "Home End", words: "train.help.ends" },
  { keys: "+ −", words: "train.help.speed" },
  { keys: "Tab", words: "train.help.tab" },
  { keys: "?", words: "train.help.help" },
];

/** @typedef {{ server: any, options: { models: any[], sources: string[], distortions: Record<string, any> } }} Gradio */

/** Whether a run may still tell something. @param {import("../lib/contract/train.js").Run} run */
const isAlive = ({ status }) => ALIVE.includes(status.state);

/** Build the page when it is first looked at. @param {HTMLElement} element @param {Gradio} gradio */
export function mount(element, gradio) {
  const stop = page.on(["tab"], build);
  function build() {
    if (page.get("tab") !== "train") return;
    stop();
    void open(element, gradio);
  }
  build();
}

/** @param {HTMLElement} element @param {Gradio} gradio */
async function open(element, { server, options }) {
  const examples = await (await fetch(new URL("../examples.json", import.meta.url))).json();
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const handwriting = createHandwriting({ onteach: () => form.choose("handwriting"), onchange: () => summarise(null) });
  const form = createForm({ ...options, onchange: () => summarise(null), onstart: start });
  const list = createList({
    onchoose: choose,
    oncompare: compare,
    onrename: (name, to) =>
      act(server.rename_run, { name, to }, ({ name: named }) => (name === page.get("run") ? choose(named) : undefined)),
    ondelete: (name) => act(server.delete_run, { name }),
    corner: createHelp("train", KEYS).element,
  });
  const steer = createSteer({
    oncommand: (command, value) => act(server.control_run, { name: page.get("run"), command, value }, hurry),
  });
  const curves = createCurves();
  const judged = createJudged({
    onask: async (indices) =>
      (await ask(server.wrong, { name: page.get("run"), indices }, t("error.unreachable"))).pictures,
    onopen: ({ width, height, data }) => {
      page.set({
        source: { width, height, data, name: page.get("run"), notes: [] },
        centred: false,
        tab: "draw",
        model: moment.model,
        cells: [],
        edits: [],
      });
    },
  });
  const moment = createMoment({
    server,
    example: examples[3].strokes,
    onmoment: (kept) => judged.show(kept, watched.telling.started?.classes ?? []),
    onfail: fail,
  });
  const view = h(
    "section",
    {
      class: "train-run card",
      tabindex: -1,
      hidden: true,
      onkeydown: (/** @type {KeyboardEvent} */ event) => (event.defaultPrevented ? undefined : moment.onkey(event)),
    },
    steer.element,
    curves.element,
    moment.element,
    judged.element,
  );
  element.replaceChildren(
    h(
      "div",
      { class: "train" },
      problem,
      h(
        "div",
        { class: "train-top" },
        form.element,
        h("div", { class: "train-side" }, list.element, handwriting.element),
      ),
      view,
    ),
  );

  /** @type {import("./list.js").Run[]} */
  let runs = [];
  /** The run that is watched: the list may know of its end before it was read. */
  let watched = unread();
  /** When the last command was given, ms. */
  let commanded = -Infinity;
  let due = 0;
  /** The runs that are compared, by name. @type {Map<string, import("../lib/telling.js").Followed>} */
  const others = new Map();

  /** @param {Error | null} error */
  function fail(error) {
    problem.hidden = !error;
    problem.textContent = error?.message ?? "";
  }

  /** @param {any} call @param {any} argument @param {(answer: any) => void} [then] */
  async function act(call, argument, then) {
    try {
      const answer = await ask(call, argument, t("error.unreachable"));
      fail(null);
      then?.(answer);
    } catch (error) {
      fail(/** @type {Error} */ (error));
    }
    await Promise.all([readList(), readRun()]);
  }

  /** @param {import("../lib/run_form.js").Form} chosen @param {string} name */
  function start(chosen, name) {
    void act(
      server.start_run,
      { config: form.config, name, drawings: chosen.source === "strokes" ? handwriting.drawings : null },
      (answer) => choose(answer.name),
    );
  }

  const summarise = newestOnly(
    () =>
      form.form.source === "strokes" && !handwriting.drawings.length
        ? Promise.reject(new Error(t("train.hand.needed")))
        : ask(server.summarise_run, { config: form.config, drawings: handwriting.drawings }, t("error.unreachable")),
    (found) => form.tell(found),
    (error) => form.tell(null, error.message),
  );

  /** Another run is watched, of which nothing is known yet. */
  function forget() {
    watched = unread();
  }

  /** @param {string} name */
  function choose(name) {
    if (name === page.get("run") && watched.since) return;
    page.set({ run: name });
    forget();
    list.show(runs, name);
    void readRun();
  }

  /** @param {string[]} names */
  function compare(names) {
    for (const name of [...others.keys()]) if (!names.includes(name)) others.delete(name);
    for (const name of names) if (!others.has(name)) others.set(name, unread());
    void readOthers();
  }

  async function readList() {
    try {
      ({ runs } = await ask(server.list_runs, {}, t("error.unreachable")));
    } catch (error) {
      fail(/** @type {Error} */ (error));
      return;
    }
    if (!runs.some(({ name }) => name === page.get("run"))) {
      page.set({ run: runs[0]?.name ?? "" });
      forget();
    }
    form.offer(runs.filter(({ steps }) => steps.length).map(({ name }) => name));
    list.show(runs, page.get("run"));
  }

  let reading = false;
  async function readRun() {
    const name = page.get("run");
    view.hidden = !name;
    if (!name || reading) return;
    reading = true;
    try {
      const since = sinceOf(watched);
      const answer = await ask(server.read_run, { name, since }, t("error.unreachable"));
      if (name !== page.get("run") || !answer.run) return;
      watched = followed(watched, since, answer, !isAlive(answer.run));
      runs = runs.map((run) => (run.name === name ? answer.run : run));
      list.show(runs, name);
      showRun(answer.run, answer.events.length > 0);
    } catch (error) {
      fail(/** @type {Error} */ (error));
    } finally {
      reading = false;
      if (name !== page.get("run")) void readRun();
    }
  }

  async function readOthers() {
    await Promise.all(
      [...others].map(async ([name, other]) => {
        const since = sinceOf(other);
        const answer = await ask(server.read_run, { name, since }, t("error.unreachable")).catch(() => null);
        if (!others.has(name)) return;
        others.set(name, answer ? followed(other, since, answer, !isAlive(answer.run)) : { ...other, over: true });
      }),
    );
    draw();
  }

  function draw() {
    curves.show(page.get("run"), watched, new Map([...others].map(([name, { telling }]) => [name, telling])));
  }

  /** @param {import("./list.js").Run} run @param {boolean} told something new */
  function showRun(run, told) {
    const { telling, since } = watched;
    steer.show(run, telling);
    curves.element.hidden = telling.batches.length === 0;
    judged.element.hidden = telling.kept.length === 0;
    if (told || !since) draw();
    moment.show(run, telling.kept);
    handwriting.tell(run.source === "strokes" ? telling : null);
  }

  const trains = (/** @type {string} */ name) => runs.some((run) => run.name === name && isAlive(run));
  const inFront = () => page.get("tab") === "train" && !document.hidden;
  /** A command was given: see soon what comes of it. */
  function hurry() {
    commanded = performance.now();
    clearTimeout(due);
    due = window.setTimeout(follow, SOON_MS);
  }

  /** Read a run that trains again and again, more often after a command. */
  async function follow() {
    const soon = performance.now() - commanded < SOON_FOR_MS;
    if (inFront() && page.get("run") && (soon || !watched.over || trains(page.get("run")))) await readRun();
    due = window.setTimeout(follow, soon ? SOON_MS : READ_MS);
  }
  setInterval(() => {
    if (!inFront()) return;
    void readList();
    if ([...others].some(([name, other]) => !other.over || trains(name))) void readOthers();
  }, LIST_MS);

  page.on(["language"], () => {
    fillWords(element);
    handwriting.redraw();
    summarise(null);
    if (view.hidden) return;
    moment.redraw();
    judged.redraw();
    draw();
    void readRun();
  });
  page.on(["dark"], () => {
    handwriting.redraw();
    moment.redraw();
    judged.redraw();
  });
  fillWords(element);
  handwriting.redraw();
  await readList();
  await readRun();
  void follow();
  summarise(null);
}
