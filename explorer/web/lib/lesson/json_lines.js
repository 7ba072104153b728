/** JSON that knows on which line each of its values stands, so that whoever wrote it is told where a mistake is. */

/** @typedef {{ value: unknown, lineOf: (...path: (string | number)[]) => number }} Read  `lineOf`: where the value at a path begins; of one that is not there, where what should hold it begins */

/** What a text says where it is no JSON; `line` counts from 1. */
export class Unreadable extends Error {
  /** @param {number} line */
  constructor(line) {
    super(`line ${line} is no JSON`);
    this.line = line;
  }
}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** @param {string} text @returns {Read} @throws {Unreadable} */
export function readJson(text) {
  /** @type {Map<string, number>} */
  const lines = new Map();
  let at = 0;
  let [line, counted] = [1, 0];

  function lineNow() {
    for (; counted < at; counted++) if (text[counted] === "\n") line++;
    return line;
  }

  /** @param {RegExp} pattern @returns {string | null} */
  function taken(pattern) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return null;
    at += found[0].length;
    return found[0];
  }

  /** The next sign, which is one of some. @param {string} signs */
  function sign(signs) {
    taken(SPACE);
    if (at >= text.length || !signs.includes(text[at])) throw new Unreadable(lineNow());
    return text[at++];
  }

  /** @param {(string | number)[]} path @returns {unknown} */
  function value(path) {
    taken(SPACE);
    lines.set(JSON.stringify(path), lineNow());
    if (text[at] === "{") return object(path);
    if (text[at] === "[") return list(path);
    const token = taken(STRING) ?? taken(PLAIN);
    if (token === null) throw new Unreadable(lineNow());
    return JSON.parse(token);
  }

  /** @param {(string | number)[]} path */
  function object(path) {
    at++;
    /** @type {Record<string, unknown>} */
    const found = {};
    taken(SPACE);
    if (text[at] === "}") return (at++, found);
    do {
      taken(SPACE);
      const name = taken(STRING);
      if (name === null) throw new Unreadable(lineNow());
      const key = /** @type {string} */ (JSON.parse(name));
      sign(":");
      found[key] = value([...path, key]);
    } while (sign(",}") === ",");
    return found;
  }

  /** @param {(string | number)[]} path */
  function list(path) {
    at++;
    /** @type {unknown[]} */
    const found = [];
    taken(SPACE);
    if (text[at] === "]") return (at++, found);
    do found.push(value([...path, found.length]));
    while (sign(",]") === ",");
    return found;
  }

  const found = value([]);
  taken(SPACE);
  if (at < text.length) throw new Unreadable(lineNow());
  return {
    value: found,
    lineOf(...path) {
      for (let length = path.length; length > 0; length--) {
        const known = lines.get(JSON.stringify(path.slice(0, length)));
        if (known !== undefined) return known;
      }
      return lines.get("[]") ?? 1;
    },
  };
}
