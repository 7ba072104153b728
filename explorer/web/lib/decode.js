/** Reading what a stranger wrote, such as a link: each function returns what it was given, or throws what it expected. */

/** @typedef {import("./properties.js").Plane} Plane */

/** @param {any} value @param {string} name @returns {boolean} */
export function switchIn(value, name) {
  if (typeof value !== "boolean") throw new Error(`${name} is ${JSON.stringify(value)}, expected true or false`);
  return value;
}

/** @param {any} value @param {string} name @param {number} least @param {number} most */
export function wholeIn(value, name, least, most) {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`${name} is ${JSON.stringify(value)}, expected a whole number from ${least} to ${most}`);
  return /** @type {number} */ (value);
}

/** @template {string} T @param {any} value @param {string} name @param {readonly T[]} known @returns {T} */
export function oneOf(value, name, known) {
  if (!known.includes(value))
    throw new Error(`${name} is ${JSON.stringify(value)}, expected one of ${known.join(", ")}`);
  return value;
}

/** @param {any} value @param {string} name @param {number} least @param {number} most how many @returns {number[]} */
export function numbersIn(value, name, least, most) {
  if (!Array.isArray(value) || value.length < least || value.length > most)
    throw new Error(
      `${name} has ${Array.isArray(value) ? value.length : "no"} numbers, expected ${least === most ? least : `${least} to ${most}`}`,
    );
  const wrong = value.find((each) => typeof each !== "number" || !Number.isFinite(each));
  if (wrong !== undefined) throw new Error(`${name} holds ${JSON.stringify(wrong)}, expected numbers`);
  return value;
}

/** One row of numbers, or a plane of the shape of another. @param {any} value @param {string} name @param {Plane | null} like @param {number} least @param {number} most @returns {Plane} */
export function planeIn(value, name, like, least, most) {
  const values = numbersIn(value, name, least, most);
  return like ? { ...like, values } : { rows: 1, columns: values.length, values };
}
