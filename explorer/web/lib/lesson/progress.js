/** How far somebody came in lessons: what the browser keeps of each, under its name. Nothing is changed in place. */

/**
 * `card`: the one in front, from 0; `reached`: the furthest; `guesses` by card, `found`: what the page then showed; `kept`: numbers that a card kept for a later one;
 * `done`: it was gone through.
 * @typedef {{ card: number, reached: number, guesses: Record<string, Guess>, found: Record<string, string>, kept: Record<string, Value>, done: boolean }} Progress
 */
/** A typed number, or the place of a choice. @typedef {number} Guess */
/** What the page tells of itself. @typedef {number | string} Value */

/** @returns {Progress} */
export const begun = () => ({ card: 0, reached: 0, guesses: {}, found: {}, kept: {}, done: false });

/** What was kept, as far as it can be read. @param {string | null} text @returns {Record<string, Progress>} */
export function heard(text) {
  try {
    const told = JSON.parse(text ?? "{}");
    return Object.fromEntries(
      Object.entries(told).filter(([, one]) => Number.isInteger(one?.card) && typeof one.guesses === "object"),
    );
  } catch {
    return {};
  }
}

/** At another card. @param {Progress} before @param {number} card @returns {Progress} */
export const moved = (before, card) => ({ ...before, card, reached: Math.max(before.reached, card) });

/** A guess, made once: another one would be no prediction. @param {Progress} before @param {number} card @param {Guess} guess @returns {Progress} */
export const guessed = (before, card, guess) =>
  card in before.guesses ? before : { ...before, guesses: { ...before.guesses, [card]: guess } };

/** The share of a lesson that was gone through. @param {Progress | undefined} progress @param {number} cards */
export const shareOf = (progress, cards) => (!progress ? 0 : progress.done ? 1 : progress.reached / cards);
