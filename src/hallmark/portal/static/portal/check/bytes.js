/** Bytes: as text, in hexadecimal and base64, compared, and their SHA-256. */

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Return the UTF-8 of `text`. */
export const utf8 = (text) => ENCODER.encode(text);

/** Return the text whose UTF-8 is `bytes`, or null. */
export function fromUtf8(bytes) {
  try {
    return DECODER.decode(bytes);
  } catch {
    return null;
  }
}

/** Return a string with one character from 0 to 255 for each byte. */
export function toBinary(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return parts.join("");
}

/** Return the bytes of a string that `toBinary` made. */
export const fromBinary = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Return `bytes` in lower-case hexadecimal. */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Return `bytes` in base64 with padding. */
export const toBase64 = (bytes) => btoa(toBinary(bytes));

/** Return the bytes whose one base64 spelling is `text`, or null; loose bits and spaces are refused. */
export function fromBase64(text) {
  try {
    const binary = atob(text);
    return btoa(binary) === text ? fromBinary(binary) : null;
  } catch {
    return null;
  }
}

/** Return all `parts` one after the other. */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Return below zero, zero or above zero as `one` comes before, equals or comes after `other`, byte by byte. */
export function compare(one, other) {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) if (one[at] !== other[at]) return one[at] - other[at];
  return one.length - other.length;
}

/** Tell whether two byte arrays hold the same bytes. */
export const equal = (one, other) => compare(one, other) === 0;

/** Return the number whose big-endian bytes these are, as a BigInt. */
export const toNumber = (bytes) => bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);

/** Return the 32-byte SHA-256 of `bytes`. */
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
