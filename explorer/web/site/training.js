/** What the Train page asks, answered by a worker of its own, which begins with the first question: drawing goes on beside it. */

import { createTrainer } from "../engine/client.js";
import { t } from "../parts/i18n.js";

/** @typedef {import("../lib/contract/train.js").Run} Run */
/** @typedef {import("../engine/client.js").Engine} Engine */

const OWN = [
  "list_runs",
  "summarise_run",
  "start_run",
  "read_run",
  "control_run",
  "rename_run",
  "delete_run",
  "moment",
  "wrong",
  "export_run",
];

/** Why a run failed, as the engine names it, in words. @param {Run} run @returns {Run} */
function told(run) {
  const { status } = run;
  if (status.message !== "diverged") return run;
  const words = t("train.browser.diverged", { step: status.step.toLocaleString("en") });
  return { ...run, status: { ...status, message: words } };
}

/** @param {Parameters<typeof createTrainer>[0]} start */
export function createTraining(start) {
  /** @type {Engine | null} */
  let engine = null;
  return {
    /** Whether it has the answer. @param {string} name */
    answers: (name) => OWN.includes(name),
    /** @param {string} name @param {unknown} request */
    async ask(name, request) {
      engine ??= createTrainer(start);
      const found = /** @type {{ run?: Run, runs?: Run[] }} */ (await engine.ask(name, request));
      if (found.run) return { ...found, run: told(found.run) };
      return found.runs ? { ...found, runs: found.runs.map(told) } : found;
    },
  };
}
