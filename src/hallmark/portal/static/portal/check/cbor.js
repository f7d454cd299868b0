/** Canonical CBOR, RFC 8949 section 4.2: one value, one encoding; what has two readings is refused.
 *
 * Whole numbers are Number where it holds them exactly and BigInt beyond; bytes are Uint8Array, maps are Map.
 */

import { Breach, text } from "./breach.js";
import { compare, concat, fromUtf8, toNumber, utf8 } from "./bytes.js";

const MAX_DEPTH = 24;
const COSE_SIGN1 = 18;
const [UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, MAP, TAG, SIMPLE] = [0, 1, 2, 3, 4, 5, 6, 7];
const SIMPLE_VALUES = new Map([[20, false], [21, true], [22, null]]);
const NO_PLACE = [
  "浮点数，或 false、true、null 之外的简单值",
  "a float, or a simple value other than false, true and null",
];
const OUT_OF_ORDER = ["映射的键顺序有误或重复", "map keys out of order, or one that comes twice"];
const LEAST = { 24: 24, 25: 2 ** 8, 26: 2 ** 16, 27: 2 ** 32 };

/** A tagged value; the only tag is 18, COSE_Sign1. */
export class Tag {
  constructor(value) {
    this.value = value;
  }
}

/** Tell whether `value` is a whole number. */
export const isWhole = (value) => typeof value === "bigint" || Number.isInteger(value);

/** Return the value whose canonical encoding is `bytes`; throws `not-canonical`. */
export function decode(bytes, what) {
  const reader = new Reader(bytes, what);
  const value = reader.item(0);
  if (reader.at !== bytes.length) reader.refuse("结尾之后还有字节", "bytes follow its end");
  return value;
}

/** Return the canonical bytes of `value`. */
export function encode(value) {
  if (value instanceof Uint8Array) return concat(head(BYTES, value.length), value);
  if (isWhole(value)) return value >= 0 ? head(UNSIGNED, value) : head(NEGATIVE, -1n - BigInt(value));
  if (typeof value === "string") {
    const encoded = utf8(value);
    return concat(head(TEXT, encoded.length), encoded);
  }
  if (Array.isArray(value)) return concat(head(LIST, value.length), ...value.map(encode));
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => [encode(key), encode(item)]);
    pairs.sort(([one], [other]) => compare(one, other));
    return concat(head(MAP, pairs.length), ...pairs.flat());
  }
  if (value instanceof Tag) return concat(head(TAG, COSE_SIGN1), encode(value.value));
  for (const [number, simple] of SIMPLE_VALUES) if (simple === value) return head(SIMPLE, number);
  throw new TypeError("this has no place in canonical CBOR");
}

/** Return the first bytes of an item: its major type and the shortest form of its number. */
function head(major, number) {
  if (number < 24) return Uint8Array.of((major << 5) | Number(number));
  const power = [2n ** 8n, 2n ** 16n, 2n ** 32n].filter((limit) => BigInt(number) >= limit).length;
  const digits = BigInt(number).toString(16).padStart(2 << power, "0");
  return Uint8Array.of((major << 5) | (24 + power), ...digits.match(/../g).map((pair) => parseInt(pair, 16)));
}

const exact = (number) => (Number.isSafeInteger(Number(number)) ? Number(number) : number);

const typeName = (value) => {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "list" : value instanceof Map ? "dict" : "Tag";
};

class Reader {
  constructor(bytes, what) {
    this.bytes = bytes;
    this.what = what;
    this.at = 0;
  }

  refuse(zh, en, at = this.at) {
    const why = text(`${zh}（第 ${at} 字节之前）`, `${en} (before byte ${at})`);
    throw new Breach("not-canonical", { what: this.what, why });
  }

  take(size) {
    const { length } = this.bytes;
    if (size > length - this.at) this.refuse("提前结束", "it ends too early", length);
    this.at += Number(size);
    return this.bytes.subarray(this.at - Number(size), this.at);
  }

  /** Return the number that follows a first byte whose five low bits are `info`, 24 or more. */
  number(info) {
    if (info > 27) this.refuse("长度不定或为保留值", "an indefinite or reserved length");
    const number = exact(toNumber(this.take(1 << (info - 24))));
    if (number < LEAST[info]) this.refuse("数未用最短形式", "a number not in its shortest form");
    return number;
  }

  item(depth) {
    const [first] = this.take(1);
    const major = first >> 5;
    const number = (first & 31) < 24 ? first & 31 : this.number(first & 31);
    if (major === TEXT) {
      const found = fromUtf8(this.take(number));
      return found === null ? this.refuse("文字不是 UTF-8", "text that is not UTF-8") : found;
    }
    if (major === BYTES) return this.take(number);
    if (major === UNSIGNED) return number;
    if (major === NEGATIVE) return exact(-1n - BigInt(number));
    if (major === SIMPLE) {
      if (!SIMPLE_VALUES.has(number)) this.refuse(...NO_PLACE);
      return SIMPLE_VALUES.get(number);
    }
    if (depth === MAX_DEPTH) this.refuse(`嵌套超过 ${MAX_DEPTH} 层`, `nested deeper than ${MAX_DEPTH}`);
    if (major === LIST) {
      const items = [];
      for (let count = 0; count < number; count += 1) items.push(this.item(depth + 1));
      return items;
    }
    if (major === MAP) return this.map(number, depth + 1);
    if (number !== COSE_SIGN1) this.refuse(`不得含有标签 ${number}`, `tag ${number} has no place in it`);
    return new Tag(this.item(depth + 1));
  }

  /** Return a map of `size` pairs whose encoded keys ascend. */
  map(size, depth) {
    const pairs = new Map();
    let last = new Uint8Array();
    for (let count = 0; count < size; count += 1) {
      const start = this.at;
      const key = this.item(depth);
      if (!isWhole(key) && typeof key !== "string" && !(key instanceof Uint8Array)) {
        const name = typeName(key);
        this.refuse(`${name} 不得作为映射的键`, `a ${name} as map key`);
      }
      const encoded = this.bytes.subarray(start, this.at);
      if (compare(encoded, last) <= 0) this.refuse(...OUT_OF_ORDER);
      last = encoded;
      pairs.set(key, this.item(depth));
    }
    return pairs;
  }
}
