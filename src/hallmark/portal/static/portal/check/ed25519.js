/** Ed25519 under one strict rule, in front of the browser's own check of the equation.
 *
 * For public key A and signature R || S (RFC 8032): A and R are canonical encodings of points, neither has small
 * order, S < L, and [S]B = R + [k]A without cofactor. Implementations differ on all but the last; this rule does not.
 */

import { Breach, text } from "./breach.js";
import { toNumber } from "./bytes.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const Y = 2n ** 255n - 1n;
const Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const SMALL_ORDER_Y = [0n, 1n, P - 1n, Y8, P - Y8];
const [KEY, R] = [text("密钥", "the key"), text("签名中的 R", "R")];

const littleEndian = (bytes) => toNumber(bytes.slice().reverse());

const refuse = (zh, en) => {
  throw new Breach("bad-signature", { why: text(zh, en) });
};

/** Throw `bad-signature` unless `encoding` is the canonical encoding of a point not of small order. */
function checkPoint(encoding, what) {
  if (encoding.length !== 32) refuse(`${what.zh}不是 32 字节`, `${what.en} is not 32 bytes`);
  const y = littleEndian(encoding) & Y;
  if (y >= P) refuse(`${what.zh}未用规范编码`, `${what.en} is not encoded canonically`);
  if (SMALL_ORDER_Y.includes(y)) refuse(`${what.zh}的阶过小`, `${what.en} has small order`);
}

/** Throw `bad-signature` unless `encoding` is a point as `checkPoint` wants it, and on the curve. */
export function checkKey(encoding) {
  checkPoint(encoding, KEY);
  const y = littleEndian(encoding) & Y;
  // x^2 = (y^2 - 1) / (d y^2 + 1); the quotient is a square where the product is (Euler's criterion).
  if (power((y * y - 1n) * (D * y * y + 1n), (P - 1n) / 2n) !== 1n) {
    refuse("密钥不是曲线上的点", "the key is no point of the curve");
  }
}

/** Throw `bad-signature` unless `signature` over `message` satisfies the rule under the 32-byte `key`. */
export async function verifyEd25519(key, message, signature) {
  if (signature.length !== 64) refuse("长度不是 64 字节", "it is not 64 bytes");
  checkPoint(key, KEY);
  checkPoint(signature.subarray(0, 32), R);
  if (littleEndian(signature.subarray(32)) >= L) refuse("S 未约减", "S is not reduced");
  if (!(await equationHolds(key, message, signature))) refuse("签名等式不成立", "the equation does not hold");
}

async function equationHolds(key, message, signature) {
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") throw new Breach("not-checked-here", { algorithm: "Ed25519" });
    return false;
  }
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

function power(base, exponent) {
  let result = 1n;
  for (let square = base % P, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}
