/** Deflate streams (RFC 1951) and their zlib wrapping (RFC 1950), with a bound and a preset dictionary.
 *
 * The browser's own decompression knows neither; hostile input must end at the bound, and printed codes are made with
 * a dictionary.
 */

import { concat } from "./bytes.js";

const LENGTHS = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
  1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_BITS = [0, 0, ...Array.from({ length: 28 }, (_, place) => place >> 1)];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const FIXED_LENGTHS = [[144, 8], [112, 9], [24, 7], [8, 8]].flatMap(([count, length]) => Array(count).fill(length));
const FIXED_DISTANCES = Array(32).fill(5);
const END_OF_BLOCK = 256;

/** Bytes that are no deflate stream. */
export class Damaged extends Error {}

/** Return {content, isWhole, used}: what the raw stream gives up to `most` bytes, whether it ended, and its length. */
export function inflateRaw(bytes, most, dictionary = new Uint8Array()) {
  const stream = new Stream(bytes, most, dictionary);
  try {
    stream.run();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  return { content: stream.content(), isWhole: stream.isWhole, used: stream.at };
}

/** Return {content, isWhole} of a zlib stream, whose check sum must hold where it ends. */
export function inflateZlib(bytes, most) {
  const [method, flags] = bytes;
  if (bytes.length < 2) return { content: new Uint8Array(), isWhole: false };
  if ((method & 15) !== 8 || method >> 4 > 7 || ((method << 8) | flags) % 31 || flags & 32) throw new Damaged();
  const { content, isWhole, used } = inflateRaw(bytes.subarray(2), most);
  const sum = bytes.subarray(2 + used, 6 + used);
  if (!isWhole || sum.length < 4) return { content, isWhole: false };
  if (new DataView(sum.buffer, sum.byteOffset).getUint32(0) !== adler32(content)) throw new Damaged();
  return { content, isWhole: true };
}

function adler32(bytes) {
  let [low, high] = [1, 0];
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}

/** The input is at its end, or the output at its bound. */
class Stopped extends Error {}

class Stream {
  constructor(bytes, most, dictionary) {
    this.bytes = bytes;
    this.at = 0;
    this.held = 0;
    this.count = 0;
    this.start = dictionary.length;
    this.limit = this.start + most;
    this.window = concat(dictionary, new Uint8Array(Math.min(most, 65_536)));
    this.size = this.start;
    this.isWhole = false;
  }

  content() {
    return this.window.slice(this.start, this.size);
  }

  run() {
    let isLast = 0;
    while (!isLast) {
      isLast = this.bits(1);
      const kind = this.bits(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.coded(FIXED_LENGTHS, FIXED_DISTANCES);
      else if (kind === 2) this.dynamic();
      else damaged();
    }
    this.isWhole = true;
  }

  bits(count) {
    while (this.count < count) {
      if (this.at === this.bytes.length) throw new Stopped();
      this.held |= this.bytes[this.at] << this.count;
      this.at += 1;
      this.count += 8;
    }
    const found = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.count -= count;
    return found;
  }

  put(byte) {
    if (this.size === this.limit) throw new Stopped();
    if (this.size === this.window.length) {
      this.window = concat(this.window, new Uint8Array(Math.min(this.window.length, this.limit - this.size)));
    }
    this.window[this.size] = byte;
    this.size += 1;
  }

  stored() {
    this.held = this.count = 0;
    const [size, complement] = [this.bits(16), this.bits(16)];
    if ((size ^ complement) !== 0xffff) damaged();
    for (let done = 0; done < size; done += 1) this.put(this.bits(8));
  }

  dynamic() {
    const [symbols, distances, codes] = [this.bits(5) + 257, this.bits(5) + 1, this.bits(4) + 4];
    if (symbols > 286 || distances > 30) damaged();
    const first = Array(19).fill(0);
    for (const symbol of CODE_ORDER.slice(0, codes)) first[symbol] = this.bits(3);
    const code = new Code(first, false);
    const lengths = [];
    while (lengths.length < symbols + distances) {
      const symbol = code.read(this);
      if (symbol < 16) lengths.push(symbol);
      else {
        if (symbol === 16 && !lengths.length) damaged();
        const value = symbol === 16 ? lengths.at(-1) : 0;
        const repeats = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
        lengths.push(...Array(repeats).fill(value));
      }
    }
    if (lengths.length > symbols + distances || !lengths[END_OF_BLOCK]) damaged();
    this.coded(lengths.slice(0, symbols), lengths.slice(symbols));
  }

  coded(symbolLengths, distanceLengths) {
    const [symbols, distances] = [new Code(symbolLengths), new Code(distanceLengths)];
    for (;;) {
      const symbol = symbols.read(this);
      if (symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) this.put(symbol);
      else {
        const row = symbol - END_OF_BLOCK - 1;
        if (row >= LENGTHS.length) damaged();
        const length = LENGTHS[row] + this.bits(LENGTH_BITS[row]);
        const place = distances.read(this);
        if (place >= DISTANCES.length) damaged();
        const distance = DISTANCES[place] + this.bits(DISTANCE_BITS[place]);
        if (distance > this.size) damaged();
        for (let done = 0; done < length; done += 1) this.put(this.window[this.size - distance]);
      }
    }
  }
}

/** A canonical Huffman code given by the lengths of its words; an incomplete one may have a single word of one bit. */
class Code {
  constructor(lengths, mayBeIncomplete = true) {
    this.counts = Array(16).fill(0);
    for (const length of lengths) this.counts[length] += 1;
    const used = lengths.length - this.counts[0];
    this.counts[0] = 0;
    let left = 1;
    for (const count of this.counts.slice(1)) {
      left = left * 2 - count;
      if (left < 0) damaged();
    }
    const isSmall = used === 0 || (used === 1 && this.counts[1] === 1);
    if (left > 0 && !(mayBeIncomplete && isSmall)) damaged();
    this.symbols = lengths
      .map((length, symbol) => [length, symbol])
      .filter(([length]) => length)
      .sort(([one, first], [other, second]) => one - other || first - second)
      .map(([, symbol]) => symbol);
  }

  read(stream) {
    let [code, first, index] = [0, 0, 0];
    for (const count of this.counts.slice(1)) {
      code |= stream.bits(1);
      if (code - first < count) return this.symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return damaged();
  }
}

function damaged() {
  throw new Damaged();
}
