/** What the Train page asks, and labelled pictures, answered by a worker of its own, which begins with the first question: drawing goes on beside it. */

import { createTrainer } from "../engine/client.js";
import { t } from "../parts/i18n.js";

/** @typedef {import("../lib/contract/train.js").Run} Run */
/** @typedef {import("../lib/contract/train.js").Picture} Picture */
/** @typedef {import("../engine/client.js").Engine} Engine */

const OWN = [
  "browse",
  "test_picture",
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

/** @param {Parameters<typeof createTrainer>[0] & { here: boolean }} start  `here`: there is such a worker; a saved page has none */
export function createTraining({ here, ...start }) {
  /** @type {Engine | null} */
  let engine = null;
  /** @param {string} name @param {unknown} request */
  async function ask(name, request) {
    engine ??= createTrainer(start);
    const found = /** @type {{ run?: Run, runs?: Run[], pictures?: Picture[] }} */ (await engine.ask(name, request));
    if (found.run) return { ...found, run: told(found.run) };
    return found.runs ? { ...found, runs: found.runs.map(told) } : found;
  }

  /** A source with its label and pixels, where it is a picture that this worker has. @param {Source} source */
  async function pictured(source) {
    if (!source || source === "example" || !("run" in source || "digit" in source)) return source;
    const found = await ("run" in source ? held(source) : ask("test_picture", source));
    const { label, data } = /** @type {Partial<Picture>} */ (found ?? {});
    return data ? { ...source, label, data } : source;
  }

  /** @param {{ run: string, picture: number }} source */
  async function held({ run, picture }) {
    const { pictures = [] } = await ask("wrong", { name: run, indices: [picture] });
    return pictures[0];
  }

  /** A request as the engine answers it: labelled pictures come with their pixels. @template T @param {T} request @returns {Promise<T>} */
  async function filled(request) {
    if (!here) return request;
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
    answers: (name) => here && OWN.includes(name),
    ask,
  };
}
