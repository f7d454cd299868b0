/** The shapes of claims: the tables of the server's statements, which say what a decoded value must look like. */

import { Breach, text } from "./breach.js";
import { isWhole } from "./cbor.js";
import { isDay } from "./day.js";

const MAX_NAME = 80;
const MAX_IDENTIFIER = 96;
// C0 without line feed, DEL, C1, and the characters that turn the direction of text.
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const IDENTIFIER = /^[A-Z][A-Z0-9]{0,15}(-[A-Z0-9]{1,32}){1,8}-[0-9A-Z]$/;
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

export const SPACES = new RegExp(SPACE);
const ONLY_SPACES = new RegExp(`^${SPACE}*$`);

export const DIGEST = ["octets", 32, 4096];
export const CODE = ["words", 64, "[A-Za-z0-9][A-Za-z0-9._/-]*"];
export const ORGANISATION = ["id", ["ORG"]];
export const whole = (least, most) => ["whole", least, most];
export const words = (most, pattern = "") => ["words", most, pattern];
export const listOf = (item, least, most) => ["list", item, least, most];
export const record = (fields, optional = {}) => ["record", fields, optional];

/** Throw `bad-claim` unless `value` has the shape; `claim` names the place. */
export function check([kind, ...parameters], value, claim) {
  CHECKS[kind](value, claim, ...parameters);
}

/** Return the first `most` characters of a name that nobody knows. */
export const shortened = (name, most = MAX_NAME) => [...shown(name)].slice(0, most).join("");

const refuse = (claim, zh, en) => {
  throw new Breach("bad-claim", { claim, why: text(zh, en) });
};

const CHECKS = {
  words(value, claim, most, pattern) {
    if (typeof value !== "string" || !value || [...value].length > most || ONLY_SPACES.test(value)) {
      refuse(claim, `应为 1 至 ${most} 个字符的文字`, `text of 1 to ${most} characters is wanted`);
    }
    if (CONTROL.test(value)) refuse(claim, "含有控制字符", "it holds a control character");
    if (pattern && !new RegExp(`^(?:${pattern})$`, "u").test(value)) {
      refuse(claim, `与格式 ${pattern} 不符`, `it does not match ${pattern}`);
    }
  },
  whole(value, claim, least, most) {
    if (!isWhole(value) || value < least || value > most) {
      refuse(claim, `应为 ${least} 至 ${most} 的整数`, `a whole number from ${least} to ${most} is wanted`);
    }
  },
  flag(value, claim) {
    if (typeof value !== "boolean") refuse(claim, "应为 true 或 false", "true or false is wanted");
  },
  octets(value, claim, size, most) {
    if (value instanceof Uint8Array && (!size || value.length === size) && value.length <= most) return;
    if (size) refuse(claim, `应为 ${size} 字节`, `${size} bytes are wanted`);
    refuse(claim, `应为至多 ${most} 字节`, `at most ${most} bytes are wanted`);
  },
  id(value, claim, prefixes) {
    if (typeof value !== "string") refuse(claim, "应为编号", "an identifier is wanted");
    if ([...value].length > MAX_IDENTIFIER || !IDENTIFIER.test(value)) refuse(claim, "格式不符", "its shape is wrong");
    if (value.at(-1) !== checkCharacter(value.slice(0, -2))) {
      refuse(claim, "校验字符不符", "the check character does not match");
    }
    if (prefixes.length && !prefixes.includes(value.split("-", 1)[0])) {
      const names = prefixes.join(", ");
      refuse(claim, `应以 ${names} 之一开头`, `it does not begin with ${names}`);
    }
  },
  day(value, claim) {
    if (!isDay(value)) refuse(claim, "应为日历日期 YYYY-MM-DD", "a date YYYY-MM-DD is wanted");
  },
  "one-of"(value, claim, values) {
    const names = values.join(", ");
    if (!values.includes(value)) refuse(claim, `应为以下之一：${names}`, `one of ${names} is wanted`);
  },
  either(value, claim, shapes) {
    for (const shape of shapes) {
      try {
        return check(shape, value, claim);
      } catch (error) {
        if (error.code !== "bad-claim") throw error;
      }
    }
    return refuse(claim, "与所要求的任一形式均不符", "it has none of the shapes wanted");
  },
  list(value, claim, item, least, most) {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      refuse(claim, `应为 ${least} 至 ${most} 项的列表`, `a list of ${least} to ${most} is wanted`);
    }
    value.forEach((each, index) => check(item, each, `${claim}[${index}]`));
  },
  map(value, claim, key, item, least, most) {
    if (!(value instanceof Map) || value.size < least || value.size > most) {
      refuse(claim, `应为 ${least} 至 ${most} 项的映射`, `a map of ${least} to ${most} is wanted`);
    }
    for (const [name, each] of value) {
      check(key, name, `${claim}[key]`);
      check(item, each, `${claim}[${shown(name)}]`);
    }
  },
  record(value, claim, fields, optional) {
    if (!(value instanceof Map)) refuse(claim, "应为记录", "a record is wanted");
    for (const [name, shape] of Object.entries(fields)) {
      if (!value.has(name)) refuse(`${claim}.${name}`, "缺少该项", "it is missing");
      check(shape, value.get(name), `${claim}.${name}`);
    }
    for (const [name, each] of value) {
      if (Object.hasOwn(optional, name)) check(optional[name], each, `${claim}.${name}`);
      else if (!Object.hasOwn(fields, name)) refuse(`${claim}.${shortened(name)}`, "此处没有该项", "it is not known here");
    }
  },
};

/** Return the ISO 7064 MOD 37,36 check character of `identifier`. */
function checkCharacter(identifier) {
  let product = 36;
  for (const character of identifier.replaceAll("-", "")) {
    product = (product + ALPHABET.indexOf(character)) % 36 || 36;
    product = (product * 2) % 37;
  }
  return ALPHABET[(37 - product) % 36];
}

/** Return a map's key as the server's sentences show it. */
function shown(key) {
  if (!(key instanceof Uint8Array)) return String(key);
  const escaped = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };
  const letters = Array.from(key, (byte) => {
    const plain = byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
    return escaped[byte] ?? plain;
  }).join("");
  const quote = letters.includes("'") && !letters.includes('"') ? '"' : "'";
  return `b${quote}${quote === "'" ? letters.replaceAll("'", "\\'") : letters}${quote}`;
}
