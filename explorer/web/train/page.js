/** The Train page: new runs, the list of runs, and one run watched live, steered, and looked at at any moment of it. */

import { h } from "../parts/dom.js";
import { createHelp } from "../parts/help.js";
import { fillWords, t } from "../parts/i18n.js";
import { complain } from "../parts/server.js";
import { ask, newestOnly } from "../lib/live.js";
import { did, onscreen } from "../parts/onscreen.js";
import { page } from "../parts/page.js";
import { createCurves } from "./curves.js";
import { createFollowing } from "./following.js";
import { createForm } from "./form.js";
import { createHandwriting } from "./handwriting.js";
import { createJudged } from "./judged.js";
import { createList } from "./list.js";
import { createMoment } from "./moment.js";
import { createSteer } from "./steer.js";

const KEYS = [
  { keys: "Space", words: "train.help.space" },
  { keys: "← →", words: "train.help.arrows" },
  { keys: "Home End", words: "train.help.ends" },
  { keys: "+ −", words: "train.help.speed" },
  { keys: "Tab", words: "train.help.tab" },
  { keys: "?", words: "train.help.help" },
];

/** @typedef {{ server: import("../lib/contract/train.js").Server, options: import("../lib/contract/train.js").Options }} Gradio */

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
    onchoose: (name) => following.choose(name),
    oncompare: (names) => following.compare(names),
    onrename: (name, to) =>
      act(server.rename_run, { name, to }, ({ name: named }) =>
        name === page.get("run") ? following.choose(named) : undefined,
      ),
    ondelete: (name) => act(server.delete_run, { name }),
    corner: createHelp("train", KEYS).element,
  });
  const steer = createSteer({
    oncommand: (command, value) =>
      act(server.control_run, { name: page.get("run"), command, value }, () => following.hurry()),
  });
  const curves = createCurves({ onpick: (step) => moment.go(step) });
  const judged = createJudged({
    onask: async (indices) =>
      (await ask(server.wrong, { name: page.get("run"), indices }, t("error.unreachable"))).pictures,
    onopen: (picture) =>
      page.set({ source: { run: page.get("run"), picture }, tab: "draw", model: moment.model, cells: [], edits: [] }),
  });
  const moment = createMoment({
    server,
    example: examples[3].strokes,
    onmoment: (kept) => {
      judged.show(kept, following.watched.telling.started?.classes ?? []);
      curves.mark(kept.step);
    },
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
      { class: "train", tabindex: -1, dataset: { main: "train" } },
      problem,
      h(
        "div",
        { class: "train-top" },
        form.element,
        h(
          "div",
          { class: "train-side" },
          list.element,
          ...(options.sources.includes("strokes") ? [handwriting.element] : []),
        ),
      ),
      view,
    ),
  );

  const following = createFollowing({ server, onlist, onrun, onothers: draw, onfail: fail });

  /** @param {Error | null} error */
  function fail(error) {
    complain(problem, error);
  }

  /**
   * Ask for something to be done, and read what comes of it.
   * @template Q, A @param {import("../lib/live.js").Asked<Q, A>} call @param {NoInfer<Q>} request @param {(answer: A) => void} [then]
   */
  async function act(call, request, then) {
    try {
      const answer = await ask(call, request, t("error.unreachable"));
      fail(null);
      then?.(answer);
    } catch (error) {
      fail(/** @type {Error} */ (error));
    }
    await Promise.all([following.readList(), following.readRun()]);
  }

  /** @param {import("../lib/run_form.js").Form} chosen @param {string} name */
  function start(chosen, name) {
    void act(
      server.start_run,
      { config: form.config, name, drawings: chosen.source === "strokes" ? handwriting.drawings : null },
      (answer) => {
        onscreen.set({ telling: null });
        did("train");
        following.choose(answer.name);
      },
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

  /** @param {import("../lib/contract/train.js").Run[]} runs */
  function onlist(runs) {
    view.hidden = !page.get("run");
    form.offer(runs.filter(({ steps }) => steps.length).map(({ name }) => name));
    list.show(runs, page.get("run"));
  }

  function draw() {
    curves.show(page.get("run"), following.watched, following.compared);
  }

  /** @param {import("../lib/contract/train.js").Run} run @param {boolean} told something new */
  function onrun(run, told) {
    const { telling } = following.watched;
    onscreen.set({ telling });
    steer.show(run, telling);
    curves.element.hidden = telling.batches.length === 0;
    judged.element.hidden = telling.kept.length === 0;
    if (told) draw();
    moment.show(run, telling.kept);
    handwriting.tell(run.source === "strokes" ? telling : null);
  }

  page.on(["language"], () => {
    form.redraw();
    fillWords(element);
    handwriting.redraw();
    summarise(null);
    if (view.hidden) return;
    moment.redraw();
    judged.redraw();
    draw();
    void following.readRun();
  });
  page.on(["dark"], () => {
    handwriting.redraw();
    moment.redraw();
    judged.redraw();
  });
  fillWords(element);
  handwriting.redraw();
  await following.begin();
  summarise(null);
}
