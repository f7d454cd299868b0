/** A file out of a PDF, read by a small strict reader: of a hostile PDF it gives a breach or bytes, never more.
 *
 * It reads cross-reference tables, plain objects and Flate, and follows the newest revision. What it gives says nothing
 * about the pages.
 */

import { Breach, text } from "./breach.js";
import { fromBinary, toBinary } from "./bytes.js";
import { Damaged, inflateZlib } from "./inflate.js";

export const MACHINE_FORM = "certificate.hallmark";
export const MAX_PDF = 16 * 1024 * 1024;
const MAX_CONTENT = 8 * 1024 * 1024;
const MAX_DEPTH = 24;
const MAX_REVISIONS = 8;
const MAX_OBJECTS = 200_000; // in all tables, each section counted as one more
const MAX_FILES = 100;
const MAX_WORK = 4 * 1024 * 1024; // bytes of values, however often each is read, and 128 more a value
const MAX_STRING = 64 * 1024;

// Every repetition has a bound, so that no file makes a match slow.
const SPACE = "(?:[\\x00\\t\\n\\f\\r ]|%[^\\r\\n]{0,255}[\\r\\n]){0,255}";
const sticky = (source, flags = "") => new RegExp(source, `y${flags}`);
const TOKEN = sticky(
  `${SPACE}(?:(?<reference>([0-9]{1,10})[\\t\\n\\r ]{1,8}0[\\t\\n\\r ]{1,8}R(?![^\\x00\\t\\n\\f\\r ()<>\\[\\]{}/%]))` +
    "|(?<number>[+-]?(?:[0-9]{1,18}(?:\\.[0-9]{0,18})?|\\.[0-9]{1,18}))" +
    "|/(?<name>[^\\x00\\t\\n\\f\\r ()<>\\[\\]{}/%]{0,255})" +
    "|(?<open><<|\\[)|(?<close>>>|\\])" +
    "|<(?<hex>[0-9A-Fa-f\\x00\\t\\n\\f\\r ]{0,65535})>" +
    "|(?<string>\\()" +
    "|(?<word>true|false|null))",
);
const STRING_PART = sticky("[^()\\\\]{1,65535}|\\\\(?:[0-7]{1,3}|\\r\\n|.)|[()]", "s");
const ESCAPES = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", "\n": "", "\r": "", "\r\n": "" };
const WORDS = { true: true, false: false, null: null };
const OBJECT = sticky(`${SPACE}([0-9]{1,10})[\\t\\n\\r ]{1,8}0[\\t\\n\\r ]{1,8}obj`);
const STREAM = sticky(`${SPACE}stream(?:\\r\\n|\\n)`);
const START = /startxref[\r\n ]+([0-9]{1,10})[\r\n ]+%%EOF[\r\n ]*$/;
const TABLE = sticky("xref\\r?\\n");
const SECTION = sticky("([0-9]{1,10}) ([0-9]{1,10}) ?\\r?\\n");
const ENTRY = sticky("([0-9]{10}) [0-9]{5} ([nf])[ \\r\\n]{2}");
const TRAILER = sticky(`${SPACE}trailer`);

/** A reference to an indirect object. */
class Reference {
  constructor(number) {
    this.number = number;
  }
}

/** A name, or a string, of characters from 0 to 255. */
class Name {
  constructor(letters) {
    this.letters = letters;
  }
}
class Letters {
  constructor(letters) {
    this.letters = letters;
  }
}

/** A number with a point; nothing here asks for its value. */
class Real {}

/** A stream: its dictionary, and where its encoded bytes begin. */
class PdfStream {
  constructor(entries, start) {
    this.entries = entries;
    this.start = start;
  }
}

const get = (entries, name, absent) => (entries.has(name) ? entries.get(name) : absent);
const need = (entries, name) => (entries.has(name) ? entries.get(name) : wrongStructure());

const refuse = (zh, en) => {
  throw new Breach("not-our-pdf", { why: text(zh, en) });
};

/** Return the bytes of the one file called `name` inside `pdf`, at most 8 MiB; throws `not-our-pdf`. */
export const attachment = (pdf, name) => new PdfReader(pdf).attachment(name);

class PdfReader {
  constructor(pdf) {
    if (pdf.length > MAX_PDF || toBinary(pdf.subarray(0, 7)) !== "%PDF-1.") {
      refuse("文件不是 PDF，或过大", "it is no PDF, or too large");
    }
    this.pdf = toBinary(pdf);
    this.places = new Map();
    this.objects = 0;
    this.work = 0;
    this.root = this.revisions();
  }

  /** Return the content of the one file of that name. */
  attachment(wanted) {
    const names = this.dictionary(get(this.dictionary(this.root), "Names", new Map()));
    const found = this.files(get(names, "EmbeddedFiles", new Map()))
      .map(([key, file]) => [key, this.dictionary(file)])
      .filter(([key, entries]) => [key, entries.get("F"), entries.get("UF")].map(plain).includes(wanted))
      .map(([, entries]) => entries);
    if (found.length !== 1) refuse("其中没有该附件，或不止一个", "it holds no such file, or more than one");
    const [entries] = found;
    if (plain(entries.get("F")) !== wanted || plain(entries.get("UF")) !== wanted) {
      refuse("附件有两个名称", "the file inside it has two names");
    }
    const stream = this.resolve(need(this.dictionary(need(entries, "EF")), "F"));
    if (!(stream instanceof PdfStream)) refuse("附件没有内容", "the file inside it has no content");
    return this.content(stream);
  }

  /** Return the pairs of a name tree. */
  files(tree) {
    const [waiting, pairs] = [[tree], []];
    for (let seen = 1; waiting.length; seen += 1) {
      const node = this.dictionary(waiting.pop());
      waiting.push(...this.array(get(node, "Kids", [])));
      const flat = this.array(get(node, "Names", []));
      if (flat.length % 2) wrongStructure();
      for (let at = 0; at < flat.length; at += 2) pairs.push([flat[at], flat[at + 1]]);
      if (seen + waiting.length > MAX_FILES || pairs.length > MAX_FILES) refuse("附件过多", "it holds too many files");
    }
    return pairs;
  }

  content({ entries, start }) {
    const length = this.resolve(need(entries, "Length"));
    if (!Number.isInteger(length) || length < 0 || length > this.pdf.length - start) {
      refuse("附件长度有误", "the file inside it has a wrong length");
    }
    const raw = fromBinary(this.pdf.slice(start, start + length));
    const filter = this.resolve(entries.get("Filter") ?? null);
    if (entries.has("DecodeParms") || (filter !== null && filter.letters !== "FlateDecode")) {
      refuse("附件的编码未知", "the file inside it has an unknown coding");
    }
    const content = filter === null ? raw : inflate(raw);
    if (content.length > MAX_CONTENT) {
      refuse("附件过大", `the file inside it is larger than ${MAX_CONTENT} bytes`);
    }
    return content;
  }

  /** Read the cross-reference tables, newest first, and return the newest root. */
  revisions() {
    const last = START.exec(this.pdf.slice(-64)) ?? refuse("文件不完整", "its end is missing");
    let root;
    let at = Number(last[1]);
    for (let count = 0; count < MAX_REVISIONS; count += 1) {
      const trailer = this.table(at);
      if (trailer.has("Encrypt")) refuse("文件已加密", "it is encrypted");
      if (root === undefined) root = need(trailer, "Root");
      if (!trailer.has("Prev")) return root;
      const previous = trailer.get("Prev");
      if (!Number.isInteger(previous) || previous >= at) break;
      at = previous;
    }
    return refuse("修订记录有误", "its revisions are wrong");
  }

  /** Return what `pattern` matches at `at`, with its end, or null. */
  match(pattern, at) {
    if (at < 0) return null;
    pattern.lastIndex = at;
    const found = pattern.exec(this.pdf);
    return found && { groups: found, named: found.groups, end: pattern.lastIndex };
  }

  /** Read the table at `at` and return its trailer. */
  table(at) {
    let match = this.match(TABLE, at) ?? refuse("没有交叉引用表", "it has no cross-reference table where it should");
    for (let section = this.match(SECTION, match.end); section; section = this.match(SECTION, match.end)) {
      match = section;
      const [first, count] = [Number(section.groups[1]), Number(section.groups[2])];
      this.objects += 1 + count;
      if (first + count > MAX_OBJECTS || this.objects > MAX_OBJECTS) refuse("对象过多", "it has too many objects");
      for (let number = first; number < first + count; number += 1) {
        match = this.match(ENTRY, match.end) ?? refuse("交叉引用表有误", "its cross-reference table is wrong");
        const place = match.groups[2] === "n" ? Number(match.groups[1]) : -1;
        if (!this.places.has(number)) this.places.set(number, place);
      }
    }
    const end = this.match(TRAILER, match.end) ?? refuse("没有文件尾", "it has no trailer");
    return this.dictionary(this.value(end.end, 0)[0]);
  }

  /** Return the object that a reference names; an object is no reference itself. */
  resolve(value) {
    if (!(value instanceof Reference)) return value;
    const head = this.match(OBJECT, this.places.get(value.number) ?? -1);
    if (!head || Number(head.groups[1]) !== value.number) refuse("对象缺失", `object ${value.number} is missing`);
    const [found, end] = this.value(head.end, 0);
    const stream = this.match(STREAM, end);
    if (found instanceof Reference) refuse("对象有误", `object ${value.number} is a reference`);
    return stream && found instanceof Map ? new PdfStream(found, stream.end) : found;
  }

  dictionary(value) {
    const found = this.resolve(value);
    return found instanceof Map ? found : refuse("应为字典", "a dictionary is wanted where none is");
  }

  array(value) {
    const found = this.resolve(value);
    return Array.isArray(found) ? found : refuse("应为数组", "an array is wanted where none is");
  }

  /** Return the value at `at` and where it ends. */
  value(at, depth) {
    const token = this.match(TOKEN, at);
    if (!token || depth > MAX_DEPTH) wrongSyntax(at);
    this.spend(at, token.end);
    const { named, groups, end } = token;
    if (named.reference !== undefined) return [new Reference(Number(groups[2])), end];
    if (named.number !== undefined) return [named.number.includes(".") ? new Real() : Number(named.number), end];
    if (named.name !== undefined) {
      const letters = named.name.replace(/#([0-9A-Fa-f]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
      return [new Name(letters), end];
    }
    if (named.hex !== undefined) {
      const digits = named.hex.replace(/[^0-9A-Fa-f]/g, "");
      const pairs = `${digits}${digits.length % 2 ? "0" : ""}`.match(/../g) ?? [];
      return [new Letters(pairs.map((pair) => String.fromCharCode(parseInt(pair, 16))).join("")), end];
    }
    if (named.string !== undefined) return this.letters(end);
    if (named.word !== undefined) return [WORDS[named.word], end];
    if (named.open !== undefined) return this.collection(end, depth, named.open === "<<" ? ">>" : "]");
    return wrongSyntax(at);
  }

  collection(start, depth, closing) {
    const items = [];
    let at = start;
    let token = this.match(TOKEN, at);
    while (!token?.named.close) {
      const [item, end] = this.value(at, depth + 1);
      items.push(item);
      at = end;
      token = this.match(TOKEN, at);
    }
    if (token.named.close !== closing) wrongSyntax(at);
    if (closing === "]") return [items, token.end];
    const entries = new Map();
    for (let index = 0; index < items.length; index += 2) {
      if (items[index] instanceof Name) entries.set(items[index].letters, items[index + 1]);
    }
    if (items.length % 2 || entries.size * 2 !== items.length) {
      refuse("字典有误", `its dictionary before byte ${at} is wrong`);
    }
    return [entries, token.end];
  }

  spend(start, end) {
    this.work += end - start + 128;
    if (this.work > MAX_WORK) refuse("内容过多", "it says too much");
  }

  letters(start) {
    const parts = [];
    let [at, depth, size] = [start, 1, 0];
    for (;;) {
      const part = this.match(STRING_PART, at);
      if (!part || size > MAX_STRING) wrongSyntax(at);
      this.spend(at, part.end);
      at = part.end;
      let [letters] = part.groups;
      depth += (letters === "(") - (letters === ")");
      if (depth === 0) return [new Letters(parts.join("")), at];
      if (letters[0] === "\\") {
        const code = letters.slice(1);
        if (/^[89]/.test(code)) wrongStructure();
        letters = /^[0-7]/.test(code) ? String.fromCharCode(parseInt(code, 8) & 255) : (ESCAPES[code] ?? code);
      }
      parts.push(letters);
      size += letters.length;
    }
  }
}

function wrongSyntax(at) {
  return refuse("语法有误", `its syntax is wrong at byte ${at}`);
}

function wrongStructure() {
  return refuse("结构有误", "its structure is wrong");
}

function inflate(raw) {
  try {
    const { content, isWhole } = inflateZlib(raw, MAX_CONTENT + 1);
    if (isWhole || content.length > MAX_CONTENT) return content;
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    wrongStructure();
  }
  return refuse("附件不完整", "the file inside it is cut off");
}

/** Return a text string, out of UTF-16 where it is in that, if it is plain ASCII; else null. */
function plain(value) {
  if (!(value instanceof Letters)) return null;
  let { letters } = value;
  if (letters.startsWith("\xfe\xff")) {
    if (letters.length % 2 || /[^\0]/.test(letters.slice(2).replace(/(.)./gs, "$1"))) return null;
    letters = letters.slice(2).replace(/.(.)/gs, "$1");
  }
  return /^[\0-\x7f]*$/.test(letters) ? letters : null;
}
