/** All operators, in the order of the menu. */

import { activations } from "./activation.js";
import { adaptivePool, avgPool } from "./avg_pool.js";
import { conv } from "./conv.js";
import { linear } from "./linear.js";
import { crossEntropy, nll } from "./loss.js";
import { maxPool } from "./max_pool.js";
import { normalisations } from "./norm.js";
import { optimisers } from "./optimiser.js";
import { transpose } from "./transpose.js";

const ALL = [
  conv,
  transpose,
  maxPool,
  avgPool,
  adaptivePool,
  ...activations,
  linear,
  ...normalisations,
  crossEntropy,
  nll,
  ...optimisers,
];

/** @type {Record<string, import("../arithmetic.js").Operator>} */
export const OPERATORS = Object.fromEntries(ALL.map((operator) => [operator.name, operator]));
