/** JSON with one reading (RFC 7493): no name twice, no fractions, no lone surrogates, numbers up to 2^53. */

import { Breach, text } from "./breach.js";

const MAX_DEPTH = 64;
const LARGEST = 2n ** 53n;
const BLANK = /[ \t\n\r]*/y;
const STRING = /"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*)"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const WORD = /true|false|null|NaN|-?Infinity/y;
const WORDS = { true: true, false: false, null: null };

const refuse = (zh, en) => {
  throw new Breach("bad-json", { why: text(zh, en) });
};

/** Return the value that `source` spells, its objects as Map; throws `bad-json`. */
export function parseJson(source) {
  if (source === null) wrong();
  const reader = new JsonReader(source);
  const value = reader.value();
  if (reader.at !== source.length) wrong();
  return ordered(value, 0);
}

const wrong = () => refuse("语法有误", "its syntax is wrong");

function ordered(value, depth) {
  if (depth > MAX_DEPTH) refuse(`嵌套超过 ${MAX_DEPTH} 层`, `it is nested deeper than ${MAX_DEPTH}`);
  if (typeof value === "string" && !value.isWellFormed()) refuse("文字含有孤立代理项", "a text holds a lone surrogate");
  if (typeof value === "bigint" && (value > LARGEST || value < -LARGEST)) {
    refuse("含有不允许的数或类型", "it holds a number or a type that has no place in it");
  }
  if (Array.isArray(value)) return value.map((item) => ordered(item, depth + 1));
  if (!(value instanceof Map)) return typeof value === "bigint" ? Number(value) : value;
  for (const name of value.keys()) ordered(name, 0);
  return new Map([...value].map(([name, item]) => [name, ordered(item, depth + 1)]));
}

class JsonReader {
  constructor(source) {
    this.source = source;
    this.at = 0;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  takes(character) {
    const isThere = this.source[this.at] === character;
    if (isThere) this.at += 1;
    this.match(BLANK);
    return isThere;
  }

  value() {
    this.match(BLANK);
    const found = this.content();
    this.match(BLANK);
    return found;
  }

  content() {
    if (this.takes("{")) return this.object();
    if (this.takes("[")) return this.list();
    if (this.source[this.at] === '"') return this.string();
    const word = this.match(WORD);
    if (word) return word[0] in WORDS ? WORDS[word[0]] : fraction(word[0]);
    const number = this.match(NUMBER) ?? wrong();
    return number[1] || number[2] ? fraction(number[0]) : BigInt(number[0]);
  }

  string() {
    const found = this.match(STRING) ?? wrong();
    return JSON.parse(found[0]);
  }

  list() {
    const items = [];
    if (this.takes("]")) return items;
    do items.push(this.value());
    while (this.takes(","));
    return this.takes("]") ? items : wrong();
  }

  object() {
    const pairs = new Map();
    let count = 0;
    if (this.takes("}")) return pairs;
    do {
      const name = this.string();
      this.match(BLANK);
      if (!this.takes(":")) wrong();
      pairs.set(name, this.value());
      count += 1;
    } while (this.takes(","));
    if (!this.takes("}")) wrong();
    if (pairs.size !== count) refuse("有名称重复出现", "a name comes twice");
    return pairs;
  }
}

function fraction(spelled) {
  const shown = spelled.slice(0, 20);
  return refuse(`${shown} 不是整数`, `${shown} is not a whole number`);
}
