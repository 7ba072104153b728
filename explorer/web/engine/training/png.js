/** Reads grey pictures: PNG of one byte a pixel, not interlaced. Source: the PNG specification, sections 5, 9 and 11. */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** The parts of a file, in order. @param {ArrayBuffer} buffer @returns {{ name: string, data: Uint8Array<ArrayBuffer> }[]} */
function chunksOf(buffer) {
  const [view, bytes] = [new DataView(buffer), new Uint8Array(buffer)];
  if (SIGNATURE.some((byte, k) => bytes[k] !== byte)) throw new Error("the picture is no PNG");
  const chunks = [];
  for (let at = SIGNATURE.length; at < bytes.length;) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ name, data: bytes.slice(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

/** What a filter adds to a byte, by its left, upper and upper left neighbour. @type {((left: number, up: number, corner: number) => number)[]} */
const PREDICTED = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, corner) => {
    const [a, b, c] = [left, up, corner].map((each) => Math.abs(left + up - corner - each));
    return a <= b && a <= c ? left : b <= c ? up : corner;
  },
];

/** @param {ArrayBuffer} buffer @returns {Promise<{ width: number, height: number, bytes: Uint8Array }>} rows of grey bytes; throws what is wrong with the file */
export async function readGrey(buffer) {
  const chunks = chunksOf(buffer);
  const header = chunks.find(({ name }) => name === "IHDR");
  if (!header) throw new Error("the picture has no header");
  const told = new DataView(header.data.buffer);
  const [width, height] = [told.getUint32(0), told.getUint32(4)];
  const [depth, colour, , , interlaced] = header.data.subarray(8);
  if (depth !== 8 || colour || interlaced) throw new Error("the picture is not of one grey byte a pixel");
  const packed = new Blob(chunks.filter(({ name }) => name === "IDAT").map(({ data }) => data));
  const plain = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  const lines = new Uint8Array(await new Response(plain).arrayBuffer());
  if (lines.length !== height * (width + 1)) throw new Error("the picture ends before its last row");
  const bytes = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const predicted = PREDICTED[lines[y * (width + 1)]];
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const [left, up] = [x ? bytes[at - 1] : 0, y ? bytes[at - width] : 0];
      bytes[at] = lines[y * (width + 1) + 1 + x] + predicted(left, up, x && y ? bytes[at - width - 1] : 0);
    }
  }
  return { width, height, bytes };
}
