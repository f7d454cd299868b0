/** Signed notes, verifier keys and checkpoints (C2SP signed-note, tlog-checkpoint). */

import { Breach, text } from "./breach.js";
import { concat, equal, fromBase64, fromUtf8, hex, sha256, utf8 } from "./bytes.js";
import { checkKey } from "./ed25519.js";
import { ED25519, ML_DSA_44, verifySignature } from "./keys.js";
import { MAX_SIZE } from "./merkle.js";
import { SPACES } from "./shape.js";

/** Signature types, the byte in front of the public key in a verifier key. */
export const PLAIN = 1;
const COSIGNATURE_ED25519 = 4;
const COSIGNATURE_ML_DSA_44 = 6;
const ALGORITHMS = { [PLAIN]: ED25519, [COSIGNATURE_ED25519]: ED25519, [COSIGNATURE_ML_DSA_44]: ML_DSA_44 };
const ML_DSA_44_KEY = 1312;
const MAX_SIGNATURES = 256;
const MAX_TIMESTAMP = 2n ** 63n - 1n;
const DASH = "\u2014 ";
const FORBIDDEN = /[\x00-\x09\x0b-\x1f]/;
const DECIMAL = /^(0|[1-9][0-9]{0,18})$/;

const refuse = (code, zh, en) => {
  throw new Breach(code, { why: text(zh, en) });
};

const isName = (name) => name !== "" && !name.includes("+") && !SPACES.test(name) && !FORBIDDEN.test(name);

/** Return `line` split in two at the first `separator`, the second part empty where there is none. */
function partition(line, separator) {
  const at = line.indexOf(separator);
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + separator.length)];
}

/** Return the key that a vkey spells: {name, type, algorithm, material, id, text}. */
export async function parseVerifierKey(vkey) {
  const [name, rest] = partition(vkey, "+");
  const [identifier, encoded] = partition(rest, "+");
  const typed = fromBase64(encoded);
  if (!typed?.length) {
    refuse(
      "bad-verifier-key",
      "不是以 + 相连的名称、标识和 base64 密钥",
      "it is not a name, an identifier and a key in base64, joined by +",
    );
  }
  const [type] = typed;
  if (!Object.hasOwn(ALGORITHMS, type)) {
    refuse("bad-verifier-key", `不支持签名类型 ${type}`, `signature type ${type} is not supported`);
  }
  if (!isName(name)) refuse("bad-verifier-key", "名称为空，或含空格或加号", "its name is empty or holds a space or a plus sign");
  const [algorithm, material] = [ALGORITHMS[type], typed.subarray(1)];
  checkMaterial(algorithm, material);
  const id = (await sha256(concat(utf8(`${name}\n`), typed))).subarray(0, 4);
  if (hex(id) !== identifier) refuse("bad-verifier-key", "其标识与密钥不符", "its identifier is not that of its key");
  return { name, type, algorithm, material, id, text: vkey };
}

function checkMaterial(algorithm, material) {
  if (algorithm === ML_DSA_44) {
    if (material.length === ML_DSA_44_KEY) return;
    const why = text("内容不是该算法的密钥", "the bytes are no key of the algorithm");
    throw new Breach("bad-key", { algorithm: "ML-DSA-44", why });
  }
  try {
    checkKey(material);
  } catch (error) {
    throw error.facts ? new Breach("bad-key", { algorithm: "Ed25519", why: error.facts.why }) : error;
  }
}

/** Return the note whose only encoding is `bytes`: {text, signatures}; nothing in it is verified yet. */
export function parseNote(bytes) {
  const whole = fromUtf8(bytes);
  if (whole === null) refuse("bad-note", "不是 UTF-8", "it is not UTF-8");
  const at = whole.lastIndexOf("\n\n");
  if (at < 0 || !whole.endsWith("\n") || at + 2 === whole.length) {
    refuse("bad-note", "没有空行及其后的签名行", "it has no blank line followed by signature lines");
  }
  const lines = whole.slice(at + 2, -1).split("\n");
  return makeNote(whole.slice(0, at + 1), lines.map(parseSignature));
}

/** Return a note of these parts; throws `bad-note` where they make none. */
export function makeNote(noteText, signatures) {
  if (!noteText.endsWith("\n") || FORBIDDEN.test(noteText)) {
    refuse("bad-note", "文字未以换行结尾，或含控制字符", "its text does not end with a newline or holds control characters");
  }
  if (!signatures.length || signatures.length > MAX_SIGNATURES) {
    refuse("bad-note", `没有签名，或超过 ${MAX_SIGNATURES} 个`, `it has no signature or more than ${MAX_SIGNATURES}`);
  }
  return { text: noteText, signatures };
}

function parseSignature(line) {
  const [name, encoded] = partition(line.startsWith(DASH) ? line.slice(DASH.length) : line, " ");
  const blob = fromBase64(encoded);
  if (!line.startsWith(DASH) || !isName(name) || !blob || blob.length <= 4) {
    refuse("bad-note", "有签名行不是破折号、名称和 base64", "a signature line is not a dash, a name and base64");
  }
  return { name, id: blob.subarray(0, 4), value: blob.subarray(4) };
}

/** Return [key, signature] for each signature line that names one of the `known` keys, still to be verified. */
export function signedBy(note, known) {
  return note.signatures.flatMap(({ name, id, value }) => {
    const key = known.findLast((each) => each.name === name && equal(each.id, id));
    return key ? [[key, value]] : [];
  });
}

/** Throw `bad-note-signature` unless `value` is the key's signature of the note; return the co-signature's time.
 *
 * Throws `not-checked-here` for ML-DSA-44.
 */
export async function verifyNoteSignature(key, note, value) {
  let [message, signature, timestamp] = [note.text, value, 0n];
  if (key.type !== PLAIN) {
    timestamp = value.subarray(0, 8).reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
    signature = value.subarray(8);
    message = `cosignature/v1\ntime ${timestamp}\n${note.text}`;
    if (timestamp > MAX_TIMESTAMP) {
      throw new Breach("bad-note-signature", { name: key.name, why: text("时间戳超出范围", "its timestamp is out of range") });
    }
  }
  try {
    await verifySignature(key.algorithm, key.material, utf8(message), signature);
  } catch (error) {
    throw error.code === "bad-signature"
      ? new Breach("bad-note-signature", { name: key.name, why: error.facts.why })
      : error;
  }
  return timestamp;
}

/** Return the checkpoint whose text this is: {origin, size, root, extensions}. */
export async function parseCheckpoint(noteText) {
  const lines = noteText.split("\n");
  if (lines.length <= 3 || lines.pop() !== "") refuse("bad-checkpoint", "不足三行", "it has fewer than three lines");
  const [origin, spelled, root, ...extensions] = lines;
  if (!DECIMAL.test(spelled)) refuse("bad-checkpoint", "第二行不是十进制数", "its second line is not a number in decimal");
  return makeCheckpoint(origin, BigInt(spelled), fromBase64(root) ?? new Uint8Array(), extensions);
}

/** Return the checkpoint of these parts; throws `bad-checkpoint` where they make none. */
export async function makeCheckpoint(origin, size, root, extensions) {
  if ([origin, ...extensions].some((line) => line === "" || line.includes("\n") || FORBIDDEN.test(line))) {
    refuse("bad-checkpoint", "有一行为空或含控制字符", "a line is empty or holds control characters");
  }
  if (size > MAX_SIZE) refuse("bad-checkpoint", "其大小超出范围", "its size is out of range");
  if (root.length !== 32) refuse("bad-checkpoint", "其根不是 32 字节", "its root is not 32 bytes");
  if (size === 0n && !equal(root, await sha256(new Uint8Array()))) {
    refuse("bad-checkpoint", "空日志的根不同", "an empty log has another root");
  }
  return { origin, size, root, extensions };
}
