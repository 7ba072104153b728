/**
 * One request in the air at a time, always with the newest input: asking again while one is under way replaces what
 * waits. Many people on one server slow down together instead of piling up stale drawings.
 */

/**
 * @template T, R
 * @param {(input: T) => Promise<R>} send
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
 * Call a server function; an `error` in its answer, or no answer, becomes an Error with words for the user.
 * @param {(argument: any) => Promise<any>} serverFunction @param {unknown} argument @param {string} unreachable
 */
export async function ask(serverFunction, argument, unreachable) {
  let answer;
  try {
    answer = await serverFunction(argument);
  } catch {
    throw new Error(unreachable);
  }
  if (answer === undefined || answer === null) throw new Error(unreachable);
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer;
}
