/** Public keys by COSE algorithm number, and signatures under them. What no browser can check is said, never passed. */

import { Breach, text } from "./breach.js";
import { sha256, toNumber } from "./bytes.js";
import { encode } from "./cbor.js";
import { verifyEd25519 } from "./ed25519.js";

export const ED25519 = -19;
export const ML_DSA_44 = -48;
export const ESP256 = -9;
const N_P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const refuse = (zh, en) => {
  throw new Breach("bad-signature", { why: text(zh, en) });
};

/** Return the 32-byte identifier of a key. */
export const keyId = (algorithm, material) => digestOf("hallmark/key/1", [algorithm, material]);

/** Return SHA-256 over the canonical pair [domain, value]. */
export const digestOf = (domain, value) => sha256(encode([domain, value]));

/** Throw `bad-signature` unless `signature` over `message` is that key's; `not-checked-here` where no browser can tell. */
export async function verifySignature(algorithm, material, message, signature) {
  if (algorithm === ED25519) return verifyEd25519(material, message, signature);
  if (algorithm === ESP256) return verifyP256(material, message, signature);
  if (algorithm === ML_DSA_44) throw new Breach("not-checked-here", { algorithm: "ML-DSA-44" });
  return refuse(`不支持算法 ${algorithm}`, `algorithm ${algorithm} is not supported`);
}

async function verifyP256(material, message, signature) {
  if (signature.length !== 64) refuse("长度不是 64 字节", "it is not 64 bytes");
  const [r, s] = [toNumber(signature.subarray(0, 32)), toNumber(signature.subarray(32))];
  // A high s would give one statement two encodings.
  if (r === 0n || r >= N_P256 || s === 0n || s > N_P256 / 2n) refuse("r 或 s 超出范围", "r or s is out of range");
  const curve = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const imported =
    material[0] === 4 && (await crypto.subtle.importKey("raw", material, curve, false, ["verify"]).catch(() => null));
  if (!imported || !(await crypto.subtle.verify(curve, imported, signature, message))) {
    refuse("签名等式不成立", "the equation does not hold");
  }
}
