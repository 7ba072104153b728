/** Keeps the folder's files in the browser once the page is at rest, so that the next visit needs no network. */

/** A busy browser is waited for no longer, ms. */
const REST_MS = 2000;

/** Resolves when the browser has nothing else to do. */
const atRest = () =>
  new Promise((done) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(done, { timeout: REST_MS });
    else setTimeout(done, REST_MS);
  });

export async function keepOffline() {
  await atRest();
  if (!navigator.serviceWorker) return; // a folder opened from an address that is not safe
  await navigator.serviceWorker.register(new URL("offline.js", document.baseURI)).catch(() => null);
}
