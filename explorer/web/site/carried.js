/** A page that carries its files: what is fetched beside it, and its threads, come out of the page itself (explorer/publish/saved.py). */

/** A file: its text, or its bytes in base64. @typedef {string | { base64: string }} File */

/**
 * Answer what is fetched below a folder with files of one's own. It is written into threads as text, so it names nothing outside itself.
 * @param {Record<string, File>} files by their path @param {string} folder address
 */
export function carry(files, folder) {
  const outside = globalThis.fetch;
  const bytesOf = (/** @type {string} */ text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  globalThis.fetch = async (asked, ...rest) => {
    const { href } = new URL(asked instanceof Request ? asked.url : asked);
    const own = href.startsWith(folder) ? files[decodeURIComponent(href.slice(folder.length))] : undefined;
    if (own === undefined) return outside(asked, ...rest);
    return new Response(typeof own === "string" ? own : bytesOf(own.base64));
  };
}

/**
 * Start threads from texts of one's own, with the files that they fetch.
 * @param {Record<string, string>} threads by their path @param {Record<string, File>} files @param {string} folder address
 */
export function carryThreads(threads, files, folder) {
  globalThis.Worker = class extends Worker {
    /** @param {string | URL} address @param {WorkerOptions} [options] */
    constructor(address, options) {
      const { href } = new URL(address);
      const own = href.startsWith(folder) ? threads[href.slice(folder.length)] : undefined;
      if (own === undefined) {
        super(address, options);
        return;
      }
      const before = `"use strict";\nglobalThis.home = ${JSON.stringify(folder)};\n(${String(carry)})(${JSON.stringify(files)}, globalThis.home);\n`;
      super(URL.createObjectURL(new Blob([before, own], { type: "text/javascript" }))); // from the disk a browser starts no module
    }
  };
}
