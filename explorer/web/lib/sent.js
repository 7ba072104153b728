/** An element of a network as a walk: what the server cut out of the trace, and the step at which the element is complete: the last where none writes it. */

import { passesOf, writersOf } from "./arithmetic.js";
import { walkHeard } from "./case_link.js";

/**
 * @param {import("./contract/draw.js").Sent} sent @param {string} name what the element is called
 * @returns {import("./case_link.js").Walked} @throws {Error} why the page cannot walk through it
 */
export function walkOf({ op, settings, tensors, walk, element, left }, name) {
  const told = Object.fromEntries(
    Object.entries(tensors).map(([tensor, { shape, values }]) => [tensor, [shape, values]]),
  );
  const heard = walkHeard({ op, settings, tensors: told, pass: walk, origin: { name, left } });
  const pass = passesOf(heard.given)[walk];
  return { ...heard, at: [...writersOf(pass, pass.targets[0], element)].at(-1) ?? pass.count - 1 };
}
