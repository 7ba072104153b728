/** What names of a lesson may take: the page's own names of presets, operators, tensors, settings. Each list is made when it is first asked for. */

import { OPERATORS, passesOf } from "../arithmetic.js";
import { PRESETS as KERNELS } from "../kernels.js";
import { PRESETS } from "../presets.js";
import { CLAIMS, PROPERTIES } from "../properties.js";
import { INITIAL } from "../properties_state.js";
import { LESSONS, RECIPES } from "../run_form.js";

/** @typedef {() => readonly string[]} Known */

/** @param {() => Iterable<string>} make @returns {Known} */
function listed(make) {
  /** @type {string[] | null} */
  let made = null;
  return () => (made ??= [...new Set(make())]);
}

/** Every operator with the case that it begins with. */
const begun = () => Object.values(OPERATORS).map((operator) => ({ operator, given: operator.begin(null) }));

/** Every pass of every operator. */
const passes = () => begun().flatMap(({ given }) => Object.values(passesOf(given)));

export const TABS = listed(() => ["draw", "arithmetic", "kernels", "train", "learn"]);
export const SECTIONS = listed(() => ["operators", "chain", "properties"]);
export const EXAMPLES = listed(() => Object.keys(PRESETS));
export const OPS = listed(() => Object.keys(OPERATORS));
export const PASSES = listed(() => passes().map(({ name }) => name));
export const TENSORS = listed(() => [
  ...begun().flatMap(({ given }) => Object.keys(given.tensors)),
  ...passes().flatMap(({ reads, targets }) => [...reads, ...targets]),
]);
export const SETTINGS = listed(() =>
  begun().flatMap(({ operator }) => operator.settings.flatMap(({ parts }) => parts.map(({ key }) => key))),
);
export const LAWS = listed(() => Object.keys({ ...PROPERTIES, ...CLAIMS }));
export const SIGNALS = listed(() => Object.keys(INITIAL));
export const FILTERS = listed(() => Object.keys(KERNELS));
export const RUNS = listed(() => Object.keys({ ...RECIPES, ...LESSONS }));
export const RUN_SETTINGS = listed(() => Object.keys(RECIPES.first));
export const ENDS = listed(() => ["first", "last"]);
