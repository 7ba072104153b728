/** Steering one run: pause, step, resume, stop, the learning rate while it runs; where it is and how long it takes. */

import { icon } from "../parts/bar.js";
import { h } from "../parts/dom.js";
import { short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";

/** Commands that make sense in each state. @type {Record<string, string[]>} */
const FITTING = {
  queued: ["stop"],
  running: ["pause", "step", "stop"],
  paused: ["resume", "step", "stop"],
  stopped: ["resume"],
  failed: ["resume"],
  done: [],
};
const ICONS = /** @type {const} */ ({ pause: "pause", resume: "play", step: "on", stop: "stop" });

/** @param {{ oncommand: (command: string, value?: number) => void }} options */
export function createSteer({ oncommand }) {
  const title = h("h2", { class: "run-title" });
  const state = h("span", { class: "run-state" });
  const buttons = Object.fromEntries(
    Object.entries(ICONS).map(([command, name]) => [
      command,
      h(
        "button",
        {
          type: "button",
          class: "tool transport-tool",
          dataset: { command, i18nTitle: `train.command.${command}` },
          onclick: () => oncommand(command),
        },
        icon(name),
      ),
    ]),
  );
  const rate = h("input", {
    type: "number",
    min: 0,
    step: "any",
    dataset: { control: "live-rate" },
    onchange: () => {
      if (rate.value !== "" && rate.validity.valid) oncommand("learning_rate", Number(rate.value));
    },
  });
  const progress = h("progress", { max: 1 });
  const facts = h("p", { class: "note run-facts", role: "status" });
  const message = h("p", { class: "problem", role: "alert", hidden: true });
  const notes = h("ul", { class: "note run-notes" });
  const element = h(
    "header",
    { class: "run-head" },
    h(
      "div",
      { class: "run-line" },
      title,
      state,
      h(
        "div",
        { class: "run-buttons", role: "group", dataset: { i18nAria: "train.commands" } },
        ...Object.values(buttons),
      ),
      h(
        "label",
        { class: "setting", dataset: { i18nTitle: "train.rate.why" } },
        h("span", { class: "setting-name", dataset: { i18n: "train.rate" } }),
        rate,
      ),
    ),
    progress,
    facts,
    message,
    notes,
  );

  return {
    element,
    /** @param {import("./list.js").Run} run @param {import("../lib/telling.js").Telling} telling */
    show(run, telling) {
      const { status } = run;
      const { started, batches } = telling;
      title.textContent = run.name;
      state.textContent =
        run.waiting > 0 ? t("train.state.waiting", { place: run.waiting }) : t(`train.state.${status.state}`);
      state.dataset.state = status.state;
      for (const [command, button] of Object.entries(buttons)) {
        button.hidden =
          !run.yours ||
          !FITTING[status.state]?.includes(command) ||
          (command === "resume" && status.state !== "paused" && !run.resumable);
      }
      const alive = ["queued", "running", "paused"].includes(status.state);
      rate.parentElement.hidden = !alive || !run.yours;
      if (document.activeElement !== rate) rate.value = String(batches.at(-1)?.learning_rate ?? "");
      progress.value = status.steps ? status.step / status.steps : 0;
      facts.textContent = [
        t("train.facts.steps", { step: status.step, steps: status.steps, epoch: status.epoch, epochs: status.epochs }),
        ...(alive && status.examples_per_second
          ? [t("train.facts.speed", { speed: Math.round(status.examples_per_second).toLocaleString("en") })]
          : []),
        ...(alive && status.seconds_left !== null
          ? [t("train.facts.left", { seconds: duration(status.seconds_left) })]
          : []),
        ...(started
          ? [
              t("train.facts.parameters", {
                trained: started.trained.toLocaleString("en"),
                frozen: (started.parameters - started.trained).toLocaleString("en"),
              }),
              `${started.device}, ${t("train.facts.threads", { threads: started.threads })}`,
            ]
          : []),
        ...(telling.compiled === null ? [] : [t("train.facts.compiled", { seconds: short(telling.compiled, 3) })]),
      ].join(" · ");
      message.hidden = !status.message || alive;
      message.textContent = status.message;
      notes.replaceChildren(...[...(started?.notes ?? []), ...telling.notes].map((note) => h("li", {}, note)));
    },
  };
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
