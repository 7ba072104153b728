/** What a lesson needs that not every place has which shows the pages: a folder of files trains nothing and measures nothing. */

import { statesOf } from "./states.js";

/** A page without a server has no runs and no speed lab. */
const SERVED = ["train", "lab"];

/** The pages that have to be there, and the models. @param {import("./check.js").Lesson} lesson @returns {{ tabs: Set<string>, models: Set<string> }} */
export function needsOf(lesson) {
  const states = statesOf(lesson).flatMap(({ before, after }) => [before, after]);
  const served = lesson.cards.some(({ at, doors }) => !doors && SERVED.includes(at.split(/[.[]/)[0]));
  return {
    tabs: new Set([...states.map(({ tab }) => tab ?? "draw"), ...(served ? ["train"] : [])]),
    models: new Set(states.flatMap(({ model }) => (model ? [model.replace(/:untrained$/, "")] : []))),
  };
}
