/** What the Train page asks, answered by a worker of its own, which begins with the first question: drawing goes on beside it. */

import { createTrainer } from "../engine/client.js";
import { t } from "../parts/i18n.js";

/** @typedef {import("../lib/contract/train.js").Run} Run */
/** @typedef {import("../lib/contract/train.js").Picture} Picture */
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

/** @typedef {import("../lib/contract/draw.js").Source} Source */
/** A request, or what stands in it, that shows a source. @typedef {{ source?: Source, edits?: Shown[], first?: Shown, second?: Shown }} Shown */

/** @param {Parameters<typeof createTrainer>[0]} start */
export function createTraining(start) {
  /** @type {Engine | null} */
  let engine = null;
  /** @param {string} name @param {unknown} request */
  async function ask(name, request) {
    engine ??= createTrainer(start);
    const found = /** @type {{ run?: Run, runs?: Run[], pictures?: Picture[] }} */ (await engine.ask(name, request));
    if (found.run) return { ...found, run: told(found.run) };
    return found.runs ? { ...found, runs: found.runs.map(told) } : found;
  }

  /** A source with its pixels, where it is a picture that a run holds back. @param {Source} source */
  async function pictured(source) {
    if (!source || source === "example" || !("run" in source)) return source;
    const { run, picture } = source;
    const { pictures: [found] = [] } = await ask("wrong", { name: run, indices: [picture] });
    return found ? { ...source, label: found.label, data: found.data } : source;
  }

  /** A request as the engine answers it: held-back pictures come with their pixels. @template T @param {T} request @returns {Promise<T>} */
  async function filled(request) {
    const { source, edits, first, second } = /** @type {Shown} */ (request);
    return {
      ...request,
      ...(source ? { source: await pictured(source) } : {}),
      ...(edits ? { edits: await Promise.all(edits.map(filled)) } : {}),
      ...(first && second ? { first: await filled(first), second: await filled(second) } : {}),
    };
  }

  return {
    filled,
    /** Whether it has the answer. @param {string} name */
    answers: (name) => OWN.includes(name),
    ask,
  };
}
