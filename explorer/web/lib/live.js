/**
 * One request in the air at a time, always with the newest input: asking again while one is under way replaces what
 * waits. Many people on one server slow down together instead of piling up stale drawings.
 */

/**
 * @template T, R
 * @param {(input: T) => Promise<R> | R} send
 * @param {(answer: R, input: T) => void} receive
 * @param {(error: Error, input: T) => void} fail
 */
export function newestOnly(send, receive, fail) {
  let busy = false;
  /** @type {{ input: T } | null} */
  let waiting = null;

  /** Send what waits. */
  function start() {
    if (!waiting) return null;
    const { input } = waiting;
    waiting = null;
    return { input, answer: send(input) };
  }

  async function run() {
    busy = true;
    let current = start();
    while (current) {
      const { input, answer } = current;
      try {
        const found = await answer;
        current = start(); // the server works on the next input while the page paints this answer
        receive(found, input);
      } catch (error) {
        if (current?.input === input) current = start();
        fail(/** @type {Error} */ (error), input);
      }
      current ??= start();
    }
    busy = false;
  }

  return (/** @type {T} */ input) => {
    waiting = { input };
    if (!busy) void run();
  };
}

/**
 * Keep the newest answer, or its promise: what is asked again is not sent again, until it is to be forgotten.
 * @template T, R
 * @param {(input: T) => Promise<R>} send
 * @param {(one: T, other: T) => boolean} same whether two inputs ask the same
 */
export function remembering(send, same) {
  /** @type {{ input: T, answer: Promise<R> } | null} */
  let newest = null;
  return {
    /** @param {T} input */
    ask(input) {
      if (newest && same(newest.input, input)) return newest.answer;
      const asked = { input, answer: send(input) };
      newest = asked;
      asked.answer.catch(() => {
        if (newest === asked) newest = null;
      });
      return asked.answer;
    },
    forget() {
      newest = null;
    },
  };
}

/**
 * An answer that says what a person can put right, and by which key the page says it in its own language (parts/server.js).
 * @typedef {{ error: string } & Keyed} Failure
 */
/** Such an answer as an error. */
export class Refusal extends Error {
  /** @param {Failure} answer */
  constructor({ error, key, values }) {
    super(error);
    this.key = key;
    this.values = values;
  }
}
/** What is not here, and why. @typedef {{ missing: string } & Keyed} Lacking */
/** @typedef {{ key?: string, values?: Record<string, string | number> }} Keyed */
/**
 * A function of the server, as a page's contract names it (lib/contract); no answer where the server cannot be reached.
 * @template Q, A
 * @typedef {(request: Q) => Promise<A | Failure | null | undefined>} Asked
 */

/** What a function answers where it can. @template {(request: never) => Promise<unknown>} F @typedef {Exclude<Awaited<ReturnType<F>>, Failure | null | undefined>} AnswerOf */

/**
 * Call a server function; an `error` in its answer, or no answer, becomes an Error with words for the user.
 * @template Q, A @param {Asked<Q, A>} serverFunction @param {NoInfer<Q>} request @param {string} unreachable @returns {Promise<A>}
 */
export async function ask(serverFunction, request, unreachable) {
  const answer = await serverFunction(request).catch(() => null);
  if (answer === undefined || answer === null) throw new Error(unreachable);
  if (failed(answer)) throw new Refusal(answer);
  return answer;
}

/** @template A @param {A | Failure} answer @returns {answer is Failure} */
const failed = (answer) => typeof answer === "object" && answer !== null && "error" in answer;
