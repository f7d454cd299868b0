/** Whether a page is, byte for byte, what a trusted seal signed: a CMS object (RFC 5652) that has one form. */

import { Breach, text } from "./breach.js";
import { concat, equal, fromBinary, hex, sha256, toBinary } from "./bytes.js";
import { ESP256, verifySignature } from "./keys.js";
import { MAX_PDF } from "./pdf.js";

const MAX_CMS = 4 * 1024;
const BYTE_RANGE = /\/ByteRange ?\[ ?0 ([1-9][0-9]{0,9}) ([1-9][0-9]{0,9}) ([1-9][0-9]{0,9}) *\]/y;
const N_P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const [INTEGER, OCTETS, SEQUENCE, SET, CONTEXT] = [0x02, 0x04, 0x30, 0x31, 0xa0];
const UTC_TIME = 0x17;

const fromHex = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
const DATA = fromHex("06092a864886f70d010701");
const SIGNED_DATA = fromHex("06092a864886f70d010702");
const CONTENT_TYPE = fromHex("06092a864886f70d010903");
const MESSAGE_DIGEST = fromHex("06092a864886f70d010904");
const SIGNING_CERTIFICATE = fromHex("060b2a864886f70d010910022f");
const SHA256 = fromHex("300b0609608648016503040201");
const ECDSA_SHA256 = fromHex("300a06082a8648ce3d040302");
const VERSION = fromHex("020101");
const P256_KEY = fromHex("301306072a8648ce3d020106082a8648ce3d030107");

const refuse = (code, zh, en) => {
  throw new Breach(code, { why: text(zh, en) });
};
const altered = () => refuse("page-altered", "文件在签章后被改动", "the file was changed after it was sealed");
const notASeal = () => refuse("not-a-seal", "结构有误", "its structure is wrong");

/** Throw unless `pdf` is what the seal with this certificate (DER) signed; it must be valid at `at`, in ms. */
export async function verifySeal(pdf, certificate, at) {
  const { sealed, seal } = split(pdf);
  if (!toBinary(seal).includes(toBinary(certificate))) {
    refuse("seal-not-trusted", "其签章不在受信任之列", "its seal is not one of those trusted");
  }
  const { point, issuer, serial, validFrom, validUntil } = readCertificate(certificate);
  if (at < validFrom || at > validUntil) {
    refuse("seal-not-valid", "签章证书在该时刻无效", "the certificate of its seal was not valid at that time");
  }
  const signature = signatureIn(seal) ?? altered();
  const attributes = await makeAttributes(certificate, await sha256(sealed));
  try {
    await verifySignature(ESP256, point, attributes, signature);
  } catch (error) {
    if (error.code !== "bad-signature") throw error;
    altered();
  }
  if (!equal(compose(certificate, issuer, serial, attributes, signature), seal)) altered();
}

/** Return the bytes around the gap, and the CMS object in the gap, which holds nothing else but zeros. */
function split(pdf) {
  if (pdf.length > MAX_PDF) refuse("no-seal", `文件超过 ${MAX_PDF} 字节`, `it is over ${MAX_PDF} bytes`);
  const binary = toBinary(pdf);
  BYTE_RANGE.lastIndex = Math.max(0, binary.lastIndexOf("/ByteRange"));
  const found = BYTE_RANGE.exec(binary) ?? refuse("no-seal", "文件没有签章", "it has no seal");
  const [start, resumed, rest] = found.slice(1).map(Number);
  const gapSize = resumed - start;
  if (resumed + rest !== pdf.length || gapSize < 2 || gapSize > 4 * MAX_CMS) {
    refuse("no-seal", "签章未覆盖整个文件", "its seal does not cover the whole file");
  }
  const gap = binary.slice(start, resumed);
  if (!/^<(?:[0-9A-F]{2})+>$/.test(gap)) altered();
  const content = fromHex(gap.slice(1, -1));
  const size = 4 + ((content[2] ?? 0) << 8) + (content[3] ?? 0); // every CMS object of ours has a length of two bytes
  if (content.subarray(size).some(Boolean)) altered();
  return { sealed: concat(pdf.subarray(0, start), pdf.subarray(resumed)), seal: content.subarray(0, size) };
}

/** Return what of a certificate is needed: its key's point, issuer and serial in DER, and its validity in ms. */
function readCertificate(certificate) {
  const [body] = children(readElement(certificate, 0, SEQUENCE), SEQUENCE);
  const fields = children(body);
  const [serial, , issuer, validity, , key] = fields[0]?.tag === CONTEXT ? fields.slice(1) : fields;
  if (!key || serial.tag !== INTEGER) notASeal();
  const [validFrom, validUntil] = children(validity).map(readTime);
  const [algorithm, bits] = children(key);
  if (!bits || !equal(algorithm.whole, P256_KEY) || bits.content.length !== 66) {
    refuse("not-a-seal", "其密钥不是 P-256", "its key is not P-256");
  }
  return {
    point: bits.content.subarray(1),
    issuer: issuer.whole,
    serial: serial.whole,
    validFrom,
    validUntil: validUntil + 999,
  };
}

function readTime({ tag, content }) {
  const spelled = toBinary(content);
  const century = Number(spelled.slice(0, 2)) < 50 ? "20" : "19";
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(tag === UTC_TIME ? century + spelled : spelled);
  if (!parts) notASeal();
  const [, year, month, day, hour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Return the DER element at `at`: its tag, its content, its whole bytes. */
function readElement(bytes, at, wanted) {
  const [tag, first] = bytes.subarray(at, at + 2);
  const width = first < 0x80 ? 0 : first & 0x7f;
  if (first === undefined || width > 3 || (wanted && tag !== wanted)) notASeal();
  const start = at + 2 + width;
  const size = width ? bytes.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0) : first;
  if (start + size > bytes.length) notASeal();
  return { tag, content: bytes.subarray(start, start + size), whole: bytes.subarray(at, start + size) };
}

function children({ content }, wanted) {
  const found = [];
  for (let at = 0; at < content.length; at += found.at(-1).whole.length) {
    found.push(readElement(content, at, found.length ? undefined : wanted));
  }
  return found;
}

/** Return the signature in an object as 64 bytes r || s, s in the lower half, or null. */
function signatureIn(seal) {
  const spelled = toBinary(seal).split(toBinary(ECDSA_SHA256)).at(-1).slice(2);
  try {
    const numbers = children(readElement(fromBinary(spelled), 0, SEQUENCE), INTEGER);
    const [r, s] = numbers.map(({ content }) => BigInt(`0x${hex(content)}`));
    const low = s > N_P256 - s ? N_P256 - s : s;
    return fromHex([r, low].map((number) => number.toString(16).padStart(64, "0")).join("").slice(0, 128));
  } catch {
    return null;
  }
}

/** Return the signed attributes, a DER SET: the bytes under the signature. */
async function makeAttributes(certificate, digest) {
  const hashed = der(OCTETS, await sha256(certificate));
  const attributes = [
    der(SEQUENCE, CONTENT_TYPE, der(SET, DATA)),
    der(SEQUENCE, MESSAGE_DIGEST, der(SET, der(OCTETS, digest))),
    der(SEQUENCE, SIGNING_CERTIFICATE, der(SET, der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, hashed))))),
  ];
  return der(SET, ...attributes.sort((one, other) => (toBinary(one) < toBinary(other) ? -1 : 1)));
}

/** Return the one object for these parts. */
function compose(certificate, issuer, serial, attributes, signature) {
  const inPlace = concat(Uint8Array.of(CONTEXT), attributes.subarray(1)); // the same set under the tag of its place
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map(derInteger);
  const signer = der(
    SEQUENCE,
    VERSION,
    der(SEQUENCE, issuer, serial),
    SHA256,
    inPlace,
    ECDSA_SHA256,
    der(OCTETS, der(SEQUENCE, ...numbers)),
  );
  const parts = [VERSION, der(SET, SHA256), der(SEQUENCE, DATA), der(CONTEXT, certificate), der(SET, signer)];
  return der(SEQUENCE, SIGNED_DATA, der(CONTEXT, der(SEQUENCE, ...parts)));
}

function derInteger(bytes) {
  const first = bytes.findIndex(Boolean);
  const significant = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return der(INTEGER, significant[0] & 0x80 ? concat(Uint8Array.of(0), significant) : significant);
}

function der(tag, ...parts) {
  const content = concat(...parts);
  const digits = content.length.toString(16);
  const size = fromHex(digits.padStart(digits.length + (digits.length % 2), "0"));
  const head = content.length < 0x80 ? [tag, content.length] : [tag, 0x80 | size.length, ...size];
  return concat(Uint8Array.from(head), content);
}
