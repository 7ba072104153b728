/** Which cells a moment of the walk marks, in every tensor and in the padding around the one that slides. */

import { present } from "../lib/arithmetic.js";

/**
 * @param {import("./stage.js").Scene} scene @param {import("../lib/arithmetic.js").Visit} visit @param {number} phase @param {[string, number][]} extra cells pointed out beside those of the visit
 * @returns {{ lit: Record<string, Map<number, string>>, around: Map<string, string> }} `lit` by tensor and index, `around` by "plane row column"
 */
export function marksOf({ pass, single, preview }, visit, phase, extra) {
  /** @type {Record<string, Map<number, string>>} */
  const lit = Object.fromEntries([...pass.reads, ...pass.targets].map((name) => [name, new Map()]));
  const around = new Map();
  const stepping = single && preview === null;
  const add = (/** @type {string} */ name, /** @type {number} */ index, /** @type {string} */ mark) => {
    const map = lit[name];
    const before = map?.get(index);
    if (map && index >= 0 && before !== mark) map.set(index, before ? `${before} ${mark}` : mark);
  };
  for (const [name, indices] of present(visit.window)) for (const index of indices) add(name, index, "in");
  visit.terms.forEach((term, k) => {
    const now = stepping && k === phase ? " now" : "";
    for (const [name, index] of present(term.cells))
      if (!term.around || name !== pass.slides) add(name, index, `in${now}`);
    if (term.writes) add(term.writes[0], term.writes[1], stepping && k !== phase ? "in" : "target");
    if (term.around) around.set(term.around.join(" "), `in${now}`);
  });
  for (const [name, index] of present(visit.also ?? {})) add(name, index, "in");
  if (!pass.scatter) add(...visit.target, "target");
  for (const [name, index] of extra) add(name, index, "partner");
  return { lit, around };
}
