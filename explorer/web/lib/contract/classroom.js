/** What a class asks of the server: types only. The rules: `explorer/classroom/register.py`. */

/** @template Q, A @typedef {import("../live.js").Asked<Q, A>} Asked */

/** A person who is here, "" without a name, and the link of what they look at. @typedef {{ name: string, link: string }} Someone */
/** Who asks, and what the class is told: `look` is counted, "" where the teacher led nobody; `people` are told the teacher. @typedef {{ name: string, teacher: boolean, training: boolean, look: { number: number, link: string }, people: Someone[], count: number }} Told */

/**
 * @typedef {{
 *   attend_class: Asked<{ link: string }, Told>,
 *   join_class: Asked<{ name: string }, {}>,
 *   enter_class: Asked<{ password: string }, {}>,
 *   leave_class: Asked<{}, {}>,
 *   look_here: Asked<{ link: string }, {}>,
 *   allow_training: Asked<{ allowed: boolean }, {}>,
 * }} Server
 */

export {};
