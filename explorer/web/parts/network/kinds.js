/** What sort of step a column is, for its colour, and a name short enough for a narrow column. */

/** @typedef {import("./column.js").Step} Step */

/** @param {Step} step @returns {"input" | "sum" | "pool" | "norm" | "activation" | "other"} */
export function kindOf({ index, op, call }) {
  if (index < 0 || op === "input") return "input";
  if (call !== null || op.includes("softmax")) return "activation";
  if (/^conv|^linear|matmul|attention/.test(op)) return "sum";
  if (/pool|^mean/.test(op)) return "pool";
  return op.endsWith("norm") ? "norm" : "other";
}

/** Words of an operator's name that say nothing a narrow column needs. */
const LONG = [/_?[123]d$/, /^(max|avg|adaptive)_(?=.*pool)/, /^(batch|layer|group)_(?=norm)/, /ten$/];

/** "max_pool2d" → "pool", "batch_norm" → "norm", "flatten" → "flat". @param {string} op */
export const shortName = (op) => LONG.reduce((name, part) => name.replace(part, ""), op.replace(/^adaptive_/, ""));
