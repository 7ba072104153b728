/** All operators, in the order of the menu. */

import { adaptivePool, avgPool } from "./avg_pool.js";
import { conv } from "./conv.js";
import { maxPool } from "./max_pool.js";

/** @type {Record<string, import("../arithmetic.js").Operator>} */
export const OPERATORS = Object.fromEntries([conv, maxPool, avgPool, adaptivePool].map((operator) => [operator.name, operator]));
