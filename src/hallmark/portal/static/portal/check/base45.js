/** Base45 (RFC 9285): bytes in the 45 characters that a QR code's alphanumeric mode packs best. */

import { Breach, text } from "./breach.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

const refuse = (zh, en) => {
  throw new Breach("bad-base45", { why: text(zh, en) });
};

/** Return the bytes whose one Base45 spelling is `spelled`; throws `bad-base45`. */
export function fromBase45(spelled) {
  const characters = [...spelled];
  if (characters.length % 3 === 1) refuse("结尾多出一个字符", "one character is left over at its end");
  const digits = characters.map((character) => {
    const value = ALPHABET.indexOf(character);
    if (value < 0) refuse(`含有非法字符 ${quoted(character)}`, `it holds the character ${quoted(character)}`);
    return value;
  });
  const bytes = [];
  for (let at = 0; at < digits.length; at += 3) {
    const group = digits.slice(at, at + 3);
    const number = group.reduceRight((sum, digit) => sum * 45 + digit, 0);
    const size = group.length - 1;
    if (number >= 1 << (8 * size)) refuse("有一组超出范围", "a group of characters is out of range");
    if (size === 2) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return Uint8Array.from(bytes);
}

/** Return a character between quotes, in ASCII. */
function quoted(character) {
  const code = character.codePointAt(0);
  if (code >= 32 && code < 127) return character === "'" ? `"'"` : `'${character === "\\" ? "\\\\" : character}'`;
  const named = { 9: "\\t", 10: "\\n", 13: "\\r" }[code];
  const [letter, width] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `'${named ?? `\\${letter}${code.toString(16).padStart(width, "0")}`}'`;
}
