/**
 * What torch's generator draws on a processor, seed by seed: noise on a picture, first weights and the order of pictures are the same
 * wherever they are made.
 * Sources: M. Matsumoto and T. Nishimura, "Mersenne Twister" (1998); G. Box and M. Muller (1958), as torch pairs its numbers.
 */

const WORDS = 624;
const APART = 397;
/** Numbers that torch makes of one another at once: the first half are cosines, the second sines. */
const BLOCK = 16;

/** The next 32 bits. @typedef {() => number} Bits */

/** @param {number} seed below 2³² @returns {Bits} */
export function mersenneTwister(seed) {
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let k = 1; k < WORDS; k++) state[k] = Math.imul(1812433253, state[k - 1] ^ (state[k - 1] >>> 30)) + k;
  let place = WORDS;

  function renew() {
    for (let k = 0; k < WORDS; k++) {
      const mixed = (state[k] & 0x80000000) | (state[(k + 1) % WORDS] & 0x7fffffff);
      state[k] = state[(k + APART) % WORDS] ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    place = 0;
  }

  return () => {
    if (place === WORDS) renew();
    let word = state[place++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  };
}

/** A float32 number in [0, 1). @param {Bits} next */
export const unit = (next) => (next() & 0xffffff) / 2 ** 24;

/** `torch.randperm(count)`. @param {number} count @param {Bits} next @returns {Uint32Array} */
export function permutation(count, next) {
  const order = Uint32Array.from({ length: count }, (_, k) => k);
  for (let k = 0; k < count - 1; k++) {
    const other = k + (next() % (count - k));
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}

/** `torch.randn(count, generator=torch.Generator().manual_seed(seed))`, for a count that blocks of 16 fill. @param {number} count @param {number} seed */
export function normals(count, seed) {
  if (count % BLOCK) throw new Error(`${count} numbers are no whole blocks of ${BLOCK}`);
  const next = mersenneTwister(seed);
  const numbers = Float32Array.from({ length: count }, () => unit(next));
  for (let start = 0; start < count; start += BLOCK)
    for (let k = start; k < start + BLOCK / 2; k++) {
      const radius = Math.sqrt(-2 * Math.log(1 - numbers[k]));
      const angle = 2 * Math.PI * numbers[k + BLOCK / 2];
      [numbers[k], numbers[k + BLOCK / 2]] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    }
  return numbers;
}
