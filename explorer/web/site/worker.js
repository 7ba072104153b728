/**
 * The published folder's service worker: what it was asked once it answers from its store, so that a second visit needs no network. A new
 * publication has another VERSION, hence another store. Written to `offline.js` beside index.html by explorer/publish/site.py.
 */

const VERSION = "{version}";
/** What is stored at once; the rest when it is asked for. @type {string[]} */
const FILES = JSON.parse("{files}");

/** @typedef {{ waitUntil: (done: Promise<unknown>) => void }} Lasting */
/** @typedef {{ request: Request, respondWith: (answer: Promise<Response>) => void }} Asked */
/**
 * What a service worker is, as far as it is used here.
 * @typedef {{
 *   addEventListener: ((name: "install" | "activate", heard: (event: Lasting) => void) => void) & ((name: "fetch", heard: (event: Asked) => void) => void),
 *   skipWaiting: () => Promise<void>, clients: { claim: () => Promise<void> }, registration: { scope: string },
 * }} Scope
 */
const scope = /** @type {Scope} */ (/** @type {unknown} */ (globalThis));

scope.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(VERSION)
      .then((store) => store.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" }))))
      .then(() => scope.skipWaiting()),
  );
});

scope.addEventListener("activate", (event) => {
  const old = caches
    .keys()
    .then((names) => Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => scope.clients.claim()));
});

/** @param {Request} request */
async function answered(request) {
  const store = await caches.open(VERSION);
  const known = await store.match(request, { ignoreSearch: true });
  if (known) return known;
  const found = await fetch(request);
  if (found.ok) await store.put(request, found.clone());
  return found;
}

scope.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(scope.registration.scope)) event.respondWith(answered(event.request));
});
