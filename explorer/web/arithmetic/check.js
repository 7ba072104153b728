/** What autograd says of the numbers on the page: the newest ones are sent, and its answer is compared with ours. */

import { agreementOf } from "../lib/arithmetic.js";
import { ask, newestOnly } from "../lib/live.js";
import { numberOf, short } from "../lib/numbers.js";
import { t } from "../parts/i18n.js";

/** @typedef {import("../lib/case.js").Case} Case */

/**
 * @param {{ check: import("../lib/contract/arithmetic.js").Server["check"], tensors: (given: Case) => import("./stage.js").Tensors | null,
 *   onsaid: (state: "asked" | "agrees" | "differs" | "failed", values: Record<string, string | number>) => void }} options
 *   `tensors` of a case with all of its results; null once it is no longer the one on the page
 * @returns {(given: Case) => void}
 */
export function createCheck({ check, tensors, onsaid }) {
  const send = newestOnly(
    (/** @type {Case} */ { op, settings, tensors: given }) =>
      ask(check, { op, settings, tensors: given }, t("arithmetic.check.unreachable")),
    (answer, given) => {
      const ours = tensors(given);
      if (!ours) return;
      const { agrees, largest, count } = agreementOf(
        Object.entries(answer).map(([name, values]) => ({ ours: ours[name].values, theirs: values.map(numberOf) })),
      );
      onsaid(agrees ? "agrees" : "differs", { count, difference: short(largest, 2) });
    },
    (error, given) => {
      if (tensors(given)) onsaid("failed", { message: error.message });
    },
  );
  return (given) => {
    onsaid("asked", {});
    send(given);
  };
}
