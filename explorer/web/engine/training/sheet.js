/** Labelled pictures that were published as one grey picture, NAME.png, beside it NAME.json (explorer/publish/pictures.py). */

import { fetched } from "../loading.js";
import { cutOut } from "./pictures.js";
import { readGrey } from "./png.js";

/** `indices`: what each picture is called: its place in the set that it was chosen from. @typedef {import("./pictures.js").Pictures & { indices: Uint32Array }} Named */

/** @param {string} folder of the models: the pictures lie above it @param {string} name @returns {Promise<Named>} */
export async function readSheet(folder, name) {
  const [sheet, image] = await Promise.all([
    fetched(new URL(`../${name}.json`, folder)).then((response) => response.json()),
    fetched(new URL(`../${name}.png`, folder)).then((response) => response.arrayBuffer()),
  ]);
  const pictures = cutOut(sheet, await readGrey(image));
  return { ...pictures, indices: Uint32Array.from(sheet.indices ?? pictures.labels.keys()) };
}
