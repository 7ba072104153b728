/** A network's card and structure, as the bar above the pages asks for them. */

/** @param {import("../shown.js").Library} library @param {{ model: string }} asked */
export async function describe(library, { model }) {
  const { facts, description } = await library(model);
  return { ...facts, ...description };
}
