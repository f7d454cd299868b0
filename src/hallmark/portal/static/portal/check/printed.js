/** Was the certificate on this paper issued? What a printed code proves, offline: issue, and never status. */

import { fromBase45 } from "./base45.js";
import { Breach, text } from "./breach.js";
import { equal, fromBase64, hex, toBase64 } from "./bytes.js";
import { checkBody, describeVouchers, readStatement } from "./certificate.js";
import { decode } from "./cbor.js";
import { DICTIONARY } from "./data.js";
import { readEntry } from "./form.js";
import { Damaged, inflateRaw } from "./inflate.js";
import { digestOf } from "./keys.js";
import { leafHash, rootOfPath } from "./merkle.js";
import { makeCheckpoint, makeNote } from "./note.js";
import { verifyNote } from "./policy.js";
import { check, DIGEST, listOf, whole, words } from "./shape.js";
import { UNKNOWN } from "./status.js";

const PREFIX = "HM1:";
const MAX_PRINTED = 1500;
const MAX_CONTENT = 16 * 1024;
const MAX_SIGNATURES = 256;
const MOST_CHARACTERS = PREFIX.length + Math.floor((MAX_PRINTED + 1) / 2) * 3;
const UNNAMED = text(
  "（码中未载明，可能属于另一纪元）",
  "(which the code does not name; it may be of another epoch than your trust bundle)",
);
const WHY = text(
  "印刷的二维码只能证明证书曾经颁发；当前状态请查询登记簿或证书文件",
  "a printed code proves that the certificate was issued; for its status ask the register or use the file",
);

const refuse = (zh, en) => {
  throw new Breach("bad-printed", { why: text(zh, en) });
};

/** Return what the printed code proves under `bundle`, as `verifyCertificate` does, its status unknown. */
export async function verifyPrinted(code, bundle) {
  const proof = parsePrinted(code);
  if (proof.address) {
    throw new Breach("proves-nothing", { number: proof.number, digest: hex(proof.digest), address: proof.address });
  }
  const { logs, witnesses } = bundle.policy;
  const origin = logs.find((key) => proof.signatures.some(([id]) => equal(id, key.id)))?.name;
  if (origin === undefined) {
    throw new Breach("unknown-log", { origin: UNNAMED });
  }
  const note = await makeSigned(proof, origin, [...logs, ...witnesses.values()]);
  const endorsement = await verifyNote(bundle.policy, note);
  const issued = readStatement(proof.issued.encoded, bundle, "certificate.issued");
  checkBody(issued);
  return {
    number: issued.subject,
    record: issued.public,
    recordDigest: await digestOf("hallmark/certificate/1", [issued.subject, issued.public]),
    ...UNKNOWN,
    why: WHY,
    knownAt: null,
    age: null,
    ...describeVouchers(endorsement, bundle),
  };
}

/** Return the checkpoint that the proof stands under, as a note with the signatures of the known `keys`. */
async function makeSigned({ issued, size, extensions, signatures }, origin, keys) {
  const root = await rootOfPath(await leafHash(issued.encoded), issued.index, size, issued.path);
  const known = signatures.flatMap(([id, value]) =>
    keys.filter((key) => equal(key.id, id)).map(({ name }) => ({ name, id, value })),
  );
  const head = await makeCheckpoint(origin, BigInt(size), root, extensions);
  const lines = [head.origin, head.size, toBase64(root), ...extensions];
  return makeNote(lines.map((line) => `${line}\n`).join(""), known);
}

/** Return what the code says: a proof, or the number, digest and address of a reference. */
function parsePrinted(code) {
  if (!code.startsWith(PREFIX) || [...code].length > MOST_CHARACTERS) {
    refuse("其开头不是 HM1:，或过长", "it does not begin with HM1:, or is too long");
  }
  const value = decode(inflate(fromBase45(code.slice(PREFIX.length))), text("印刷的二维码", "printed code"));
  const [form, ...parts] = Array.isArray(value) ? value : [];
  if (form === 1 && parts.length === 6) {
    const [encoded, index, path, size, extensions, signatures] = parts;
    const areParts = encoded instanceof Uint8Array && path instanceof Uint8Array && Array.isArray(extensions);
    if (areParts && Array.isArray(signatures)) return readProof(encoded, index, path, size, extensions, signatures);
  }
  if (form === 2 && parts.length === 3) {
    const [number, digest, address] = parts;
    if (typeof number === "string" && digest instanceof Uint8Array && typeof address === "string") {
      check(["id", []], number, "number");
      check(DIGEST, digest, "record digest");
      check(words(200), address, "address");
      return { number, digest, address };
    }
  }
  return refuse("其内容既非证明亦非引用", "it holds neither a proof nor a reference");
}

function readProof(encoded, index, path, size, extensions, signatures) {
  check(listOf(words(200), 0, 8), extensions, "extensions");
  check(whole(0, 2n ** 62n), size, "size of the log");
  if (signatures.length > MAX_SIGNATURES || path.length % 32) {
    refuse("签名过多，或路径残缺", "it has too many signatures, or a path cut short");
  }
  for (const signature of signatures) {
    const [id, value] = Array.isArray(signature) && signature.length === 2 ? signature : [];
    if (!(id instanceof Uint8Array) || !(value instanceof Uint8Array) || id.length !== 4) {
      refuse("签名残缺", "a signature is not a key identifier and bytes");
    }
    check(["octets", 0, 4096], value, "signature");
  }
  const hashes = Array.from({ length: path.length / 32 }, (_, at) => path.subarray(at * 32, at * 32 + 32));
  return { issued: readEntry([encoded, index, hashes], "issued"), size, extensions, signatures };
}

function inflate(bytes) {
  try {
    const { content, isWhole, used } = inflateRaw(bytes, MAX_CONTENT, fromBase64(DICTIONARY));
    if (isWhole && used === bytes.length) return content;
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    refuse("压缩数据有误", "its compressed bytes are damaged");
  }
  return refuse("压缩数据残缺或过长", "its compressed bytes are cut short or hold too much");
}
