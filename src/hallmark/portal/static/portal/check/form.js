/** The machine form: the issuing statement with everything that a stranger needs to check it offline. */

import { Breach, text } from "./breach.js";
import { decode } from "./cbor.js";
import { STATUS_RECORD } from "./data.js";
import { leafHash, readPresence, verifyInclusion } from "./merkle.js";
import { parseNote } from "./note.js";
import { check, whole } from "./shape.js";

const NAME = "hallmark/certificate/1";
const MAX_SIZE = 512 * 1024;
const MOST_HASHES = 63;
const INDEX = whole(0, 2n ** 62n);

const refuse = (zh, en) => {
  throw new Breach("bad-form", { why: text(zh, en) });
};

/** Return the form in `bytes`: entries `issued`, `issuer` and `stated`, `status`, and the note `checkpoint`. */
export function parseForm(bytes) {
  const size = bytes.length;
  if (size > MAX_SIZE) refuse(`共 ${size} 字节，上限 ${MAX_SIZE}`, `it has ${size} bytes, more than ${MAX_SIZE}`);
  const value = decode(bytes, text("证书", "certificate"));
  const parts = ["issued", "issuer", "stated", "status"];
  const isForm =
    value instanceof Map &&
    value.size === 6 &&
    value.get("form") === NAME &&
    parts.every((name) => value.has(name)) &&
    value.get("checkpoint") instanceof Uint8Array;
  if (!isForm) refuse(`缺少 ${NAME} 的组成部分`, `it does not have the parts of ${NAME}`);
  return {
    issued: readEntry(value.get("issued"), "issued"),
    issuer: readEntry(value.get("issuer"), "issuer"),
    stated: readEntry(value.get("stated"), "stated"),
    status: readStatus(value.get("status")),
    checkpoint: parseNote(value.get("checkpoint")),
  };
}

/** Return the entry of the log in a CBOR value: {encoded, index, path}. */
export function readEntry(value, name) {
  const [encoded, index, path] = Array.isArray(value) && value.length === 3 ? value : [];
  const isNumber = ["number", "bigint", "boolean"].includes(typeof index);
  if (encoded instanceof Uint8Array && isNumber && Array.isArray(path)) {
    check(["octets", 0, 65_535], encoded, name);
    check(INDEX, index, `index of ${name}`);
    const isHash = (item) => item instanceof Uint8Array && item.length === 32;
    if (path.length <= MOST_HASHES && path.every(isHash)) return { encoded, index, path };
  }
  return refuse(`${name} 不是带证明的条目`, `${name} is not an entry with its proof`);
}

/** Throw unless the entry is in the log of `checkpoint`. */
export async function verifyEntry({ encoded, index, path }, { size, root }) {
  await verifyInclusion(await leafHash(encoded), index, size, path, root);
}

function readStatus(value) {
  const [record, presence] = Array.isArray(value) && value.length === 2 ? value : [];
  if (!(record instanceof Map)) refuse("状态不是带证明的记录", "status is not a record with its proof");
  check(STATUS_RECORD, record, "status");
  return { record, presence: readPresence(presence) };
}
