/** Proofs of RFC 6962 trees and of the sorted map of statuses over them. */

import { Breach, text } from "./breach.js";
import { concat, equal, sha256, utf8 } from "./bytes.js";
import { digestOf } from "./keys.js";
import { isWhole } from "./cbor.js";

export const MAX_SIZE = 2n ** 63n - 1n;
const MAX_PATH = 63;

/** Return the hash of the leaf that holds `entry`. */
export const leafHash = (entry) => sha256(concat(Uint8Array.of(0), entry));

const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

/** Return the root to which `path` leads from `leaf` at `index` of `size` leaves. */
export async function rootOfPath(leaf, index, size, path) {
  const [place, leaves] = [BigInt(index), BigInt(size)];
  if (place < 0n || place >= leaves) {
    throw new Breach("outside-tree", { what: text(`第 ${place} 个叶子`, `leaf ${place}`), size: leaves });
  }
  const inner = bitLength(place ^ (leaves - 1n)); // below this level both sides occur, above only the left
  const wanted = inner + bitCount(place >> BigInt(inner));
  if (path.length !== wanted) throw new Breach("wrong-path-length", { length: path.length, wanted });
  if (path.some((hash) => hash.length !== 32)) throw new Breach("bad-hash", { what: text("包含证明", "inclusion proof") });
  let node = leaf;
  for (const [level, sibling] of path.entries()) {
    const isRight = level >= inner || (place >> BigInt(level)) & 1n;
    node = await (isRight ? nodeHash(sibling, node) : nodeHash(node, sibling));
  }
  return node;
}

/** Throw unless `path` leads from `leaf` at `index` to `root`. */
export async function verifyInclusion(leaf, index, size, path, root) {
  if (!equal(await rootOfPath(leaf, index, size, path), root)) throw new Breach("not-included", { index, size });
}

/** Return the proof of presence in a CBOR value; throws `bad-map-proof`. */
export function readPresence(value) {
  if (!Array.isArray(value) || value.length !== 3) refuse("不是大小、位置和路径", "it is not a size, an index and a path");
  const [size, index, path] = value;
  for (const position of [size, index]) {
    if (!isWhole(position) || position < 0 || position > MAX_SIZE) {
      refuse("有位置不是整数", "a position is not a whole number");
    }
  }
  const isPath = Array.isArray(path) && path.length <= MAX_PATH && path.every((hash) => hash instanceof Uint8Array);
  if (!isPath) refuse("有路径不是哈希值列表", "a path is not a list of hashes");
  return { size, index, path };
}

/** Throw unless `key` has `value` in the map with `root`. */
export async function verifyPresence(root, key, value, { size, index, path }) {
  const tree = await rootOfPath(await leafHash(concat(value, utf8(key))), index, size, path);
  if (!equal(await digestOf("hallmark/map/1", [size, tree]), root)) {
    throw new Breach("not-present", { key: [...key].slice(0, 80).join("") });
  }
}

const refuse = (zh, en) => {
  throw new Breach("bad-map-proof", { why: text(zh, en) });
};

const bitLength = (number) => (number ? number.toString(2).length : 0);
const bitCount = (number) => number.toString(2).replaceAll("0", "").length;
