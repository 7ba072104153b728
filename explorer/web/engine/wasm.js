/** The compiled loops of conv.c, and the memory they work in. */

/**
 * @typedef {{
 *   memory: WebAssembly.Memory, __heap_base: WebAssembly.Global,
 *   pack: (...numbers: number[]) => void, conv: (...numbers: number[]) => void, weight_grad: (...numbers: number[]) => void,
 *   relu: (...numbers: number[]) => void, max_pool: (...numbers: number[]) => void,
 * }} Compiled
 */
/** Room for one call: what is put there is forgotten with the next `begin`. @typedef {ReturnType<typeof createRoom>} Room */

const PAGE_BYTES = 65_536;
/** Addresses that SIMD loads are fastest at, bytes. */
const ALIGNED = 16;

/** @param {BufferSource} bytes of conv.wasm */
export async function loadLoops(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes);
  const compiled = /** @type {Compiled} */ (/** @type {unknown} */ (instance.exports));
  return { ...compiled, room: createRoom(compiled) };
}

/** @typedef {Awaited<ReturnType<typeof loadLoops>>} Loops */

/** @param {Compiled} compiled */
function createRoom({ memory, __heap_base: base }) {
  let next = 0;
  let numbers = new Float32Array(memory.buffer);

  /** The address of so many numbers that nobody uses. @param {number} count */
  function reserve(count) {
    const address = next;
    next += Math.ceil((4 * count) / ALIGNED) * ALIGNED;
    if (next > memory.buffer.byteLength) {
      memory.grow(Math.ceil((next - memory.buffer.byteLength) / PAGE_BYTES));
      numbers = new Float32Array(memory.buffer);
    }
    return address;
  }

  return {
    begin() {
      next = Math.ceil(base.value / ALIGNED) * ALIGNED;
    },
    /** @param {Float32Array} values @returns {number} their address */
    put(values) {
      const address = reserve(values.length);
      numbers.set(values, address / 4);
      return address;
    },
    /** @param {number} count @returns {number} the address of so many zeros */
    zeros(count) {
      const address = reserve(count);
      numbers.fill(0, address / 4, address / 4 + count);
      return address;
    },
    /** @param {number} address @param {Float32Array} values filled with what stands there */
    take(address, values) {
      values.set(numbers.subarray(address / 4, address / 4 + values.length));
    },
  };
}
