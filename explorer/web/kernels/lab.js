/** The speed lab: one convolution in many ways, measured on the server's machine, proven equal first. */

import { h } from "../parts/dom.js";
import { fillWords, t } from "../parts/i18n.js";
import { ask } from "../lib/live.js";
import { linked, page, shared } from "../parts/page.js";
import { inWords } from "../parts/server.js";
import { short } from "../lib/numbers.js";
import { createLabChart } from "./lab_chart.js";
import { createForm } from "./lab_form.js";
import { createLadder } from "./lab_ladder.js";
import { extended, largestError, nothing, reasonsOf, timeText } from "./lab_results.js";
import { differing, settingsFrom, usual } from "./lab_settings.js";
import { createTable } from "./lab_table.js";

/** ms between two looks at a running measurement. */
const PAUSE = 250;

/** @param {{ server: import("../lib/contract/kernels.js").Server }} gradio */
export function createLab({ server }) {
  const body = h("div", { class: "lab-body" });
  const element = h(
    "details",
    { class: "lab", open: page.get("lab") !== null, ontoggle: toggle },
    h(
      "summary",
      {},
      h("h3", { class: "lab-title", dataset: { i18n: "lab" } }),
      h("span", { class: "note", dataset: { i18n: "lab.what" } }),
    ),
    body,
  );
  let built = false;
  const keep = shared("lab", () => {
    built = false; // somebody else chose its settings
    element.open = page.get("lab") !== null;
    if (element.open) void toggle();
  });

  async function toggle() {
    if (!element.open) return keep(null);
    if (page.get("lab") === null) keep({});
    if (built) return;
    built = true;
    try {
      const offer = await ask(server.offer_speed, {}, t("error.unreachable"));
      const bench = createBench(offer, server, keep);
      body.replaceChildren(bench.element);
      fillWords(body);
      if (offer.run !== null) await bench.watch(offer.run);
    } catch (error) {
      built = false;
      body.replaceChildren(h("p", { class: "problem", role: "alert" }, /** @type {Error} */ (error).message));
    }
  }

  return { element };
}

/**
 * @param {import("../lib/contract/kernels.js").Offer} offer
 * @param {import("../lib/contract/kernels.js").Server} server
 * @param {(settings: Partial<import("./lab_settings.js").Settings>) => void} keep called with the settings that differ from the usual ones
 */
function createBench({ ways, cores }, server, keep) {
  const plain = usual(ways);
  let results = nothing();
  let [run, running, seconds] = [0, false, 0];
  /** @type {import("./lab_settings.js").Settings | null} */
  let measured = null;

  const form = createForm({
    ways,
    cores,
    settings: linked("lab", (told) => settingsFrom(told, ways), plain),
    onchange: () => keep(differing(form.settings, plain)),
    onstart: start,
    oncancel: cancel,
  });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const of = h("p", { class: "lab-of" });
  const machine = h("p", { class: "note lab-machine" });
  const proof = h("p", { class: "lab-proof" });
  const reasons = h("ul", { class: "note lab-reasons" });
  const [chart, ladder, table] = [createLabChart(ways.map(({ name }) => name)), createLadder(), createTable()];
  const found = h(
    "div",
    { class: "lab-found", hidden: true },
    h("div", {}, of, machine, proof),
    h("div", { class: "lab-pictures" }, chart.element, ladder.element),
    table.element,
    reasons,
  );

  /** @param {string} message */
  function complain(message) {
    problem.textContent = message;
    problem.hidden = !message;
  }

  async function start() {
    if (form.unread !== null) return complain(t("lab.problem.sizes", { text: form.unread }));
    complain("");
    form.tell({ running: true, share: null, words: t("lab.starting") });
    try {
      await watch((await ask(server.start_speed, form.settings, t("error.unreachable"))).run);
    } catch (error) {
      complain(/** @type {Error} */ (error).message);
      tell();
      await watchAnother();
    }
  }

  /** Follow the measurement of another person, if one runs: the reason why a new one cannot start. */
  async function watchAnother() {
    try {
      const offer = await ask(server.offer_speed, {}, t("error.unreachable"));
      if (offer.run !== null && offer.run !== run) await watch(offer.run);
    } catch (error) {
      complain(/** @type {Error} */ (error).message);
    }
  }

  async function cancel() {
    try {
      await ask(server.cancel_speed, { run }, t("error.unreachable"));
    } catch (error) {
      complain(/** @type {Error} */ (error).message);
    }
  }

  /** Follow a measurement to its end. @param {number} number */
  async function watch(number) {
    [run, running, results] = [number, true, nothing()];
    let since = 0;
    try {
      while (running) {
        const answer = await ask(server.read_speed, { run, since }, t("error.unreachable"));
        results = extended(results, answer.events);
        [since, running, seconds, measured] = [answer.next, answer.running, answer.seconds, answer.settings];
        tell();
        if (answer.events.length) show();
        if (running) await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } finally {
      running = false;
      tell();
    }
    if (results.end?.kind === "failed") complain(results.end.message ?? "");
  }

  function tell() {
    const done = results.points.length + results.leftOut.length;
    const share = results.expected ? done / results.expected : null;
    const numbers = { done, count: results.expected, time: timeText(seconds) };
    const key = running
      ? share === null
        ? "lab.starting"
        : "lab.progress.at"
      : results.end
        ? `lab.end.${results.end.kind}`
        : "";
    form.tell({ running, share, words: key && t(key, numbers) });
  }

  function show() {
    if (!measured || !results.machine) return;
    found.hidden = results.points.length + results.leftOut.length === 0;
    const { images, channels, outputs, kernel } = measured;
    const { cpu, cores: all, threads, torch, python, load_average: load } = results.machine;
    of.textContent = t("lab.of", { images, channels, outputs, kernel });
    machine.textContent = t("lab.machine", {
      cpu,
      cores: all,
      threads,
      torch,
      python,
      load: load === null ? "–" : short(load, 2),
    });
    proof.textContent = results.points.length ? t("lab.proven", { error: short(largestError(results), 2) }) : "";
    reasons.replaceChildren(...reasonsOf(results).map(reason));
    chart.show(results);
    ladder.show(results);
    table.show(results, measured);
    fillWords(found);
  }

  page.on(["language"], () => {
    show();
    tell();
  });
  return { element: h("div", { class: "lab-bench" }, form.element, problem, found), watch };
}

/** Why a way was left out, in the page's language where it has the words. @param {ReturnType<typeof reasonsOf>[number]} reason */
function reason({ way, sizes, message, key, values }) {
  const why = key && values ? inWords(key, values) : message;
  return h("li", {}, t("lab.left", { way: t(`lab.way.${way}`), sizes: sizes.join(", "), message: why }));
}
