/** Trust policies (C2SP tlog-policy): which logs and witnesses a reader knows, and which quorum is asked for. */

import { Breach, text } from "./breach.js";
import { hex } from "./bytes.js";
import { PLAIN, parseCheckpoint, parseVerifierKey, signedBy, verifyNoteSignature } from "./note.js";
import { shortened } from "./shape.js";

const NONE = "none";
const FORBIDDEN = /[\x00-\x08\x0b-\x1f\x7f]/;
const EPOCH = /^(.+)\/e([1-9][0-9]{0,9})$/; // as a consortium names origins
const THRESHOLD = /^[1-9][0-9]{0,5}$/;

/** Return the policy that `source` spells: {logs, witnesses, groups, quorum}, the last three by name. */
export async function parsePolicy(source) {
  if (FORBIDDEN.test(source) || (source && !source.endsWith("\n"))) {
    const why = text("含控制字符，或末行残缺", "it holds control characters or its last line is cut short");
    throw new Breach("bad-policy", { line: "-", why });
  }
  const draft = new Draft();
  const lines = source.split("\n");
  for (const [index, line] of lines.entries()) {
    const parts = line.split(/[ \t]+/).filter(Boolean);
    if (!parts.length || parts[0].startsWith("#")) continue;
    try {
      await draft.add(parts);
    } catch (error) {
      throw error.facts ? new Breach("bad-policy", { line: index + 1, why: error.facts.why }) : error;
    }
  }
  if (draft.quorum === null) {
    throw new Breach("bad-policy", { line: lines.length, why: text("结尾仍没有 quorum 行", "it ends without a quorum") });
  }
  return draft;
}

/** Return the checkpoint in `note` if a known log signed it and the quorum co-signed it.
 *
 * The answer is {checkpoint, logs, cosigned, unchecked}: keys, names of witnesses, and names of those whose ML-DSA-44
 * signatures no browser can check. These count for nothing; where all depends on them, throws `not-checked-here`.
 */
export async function verifyNote(policy, note) {
  const checkpoint = await parseCheckpoint(note.text);
  const witnesses = [...policy.witnesses];
  const logs = [];
  const cosigned = new Set();
  const unchecked = { logs: [], cosigned: new Set() };
  for (const [key, value] of signedBy(note, [...policy.logs, ...policy.witnesses.values()])) {
    let isChecked = true;
    try {
      await verifyNoteSignature(key, note, value);
    } catch (error) {
      if (error.code !== "not-checked-here") throw error;
      isChecked = false;
    }
    const found = isChecked ? { logs, cosigned } : unchecked;
    const [name] = witnesses.findLast(([, witness]) => witness.text === key.text) ?? [];
    if (name !== undefined) found.cosigned.add(name);
    if (key.name === checkpoint.origin && policy.logs.some((log) => log.text === key.text)) found.logs.push(key);
  }
  const hidden = new Set([...unchecked.cosigned, ...unchecked.logs.map((key) => key.name)]);
  if (!logs.length) {
    if (unchecked.logs.length) throw new Breach("not-checked-here", { algorithm: "ML-DSA-44" });
    throw otherEpoch(policy, checkpoint.origin) ?? new Breach("unknown-log", { origin: shortened(checkpoint.origin, 200) });
  }
  const missing = describeMissing(policy, cosigned);
  if (missing) {
    if (!describeMissing(policy, cosigned.union(unchecked.cosigned))) {
      throw new Breach("not-checked-here", { algorithm: "ML-DSA-44" });
    }
    throw new Breach("quorum-missing", { origin: checkpoint.origin, size: checkpoint.size, missing });
  }
  return { checkpoint, logs, cosigned: [...cosigned], unchecked: [...hidden] };
}

/** Return the breach of a checkpoint that says to be of the ledger that is trusted, in another epoch, if it is one. */
function otherEpoch({ logs }, origin) {
  const said = EPOCH.exec(origin);
  const trusted = logs.map(({ name }) => EPOCH.exec(name)).find((each) => said && each?.[1] === said[1] && each[2] !== said[2]);
  return trusted && new Breach("other-epoch", { epoch: said[2], trusted: trusted[2] });
}

/** Return which groups under the quorum have too few members and which members lack; nothing where it stands. */
function describeMissing({ groups, quorum }, cosigned) {
  const met = new Set([NONE, ...cosigned]);
  for (const [name, { threshold, members }] of groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  const short = [];
  const pending = met.has(quorum) ? [] : [quorum];
  for (const name of pending) {
    const { threshold, members } = groups.get(name) ?? { threshold: 1, members: [name] };
    const lacking = members.filter((member) => !met.has(member));
    const names = lacking.map((member) => shortened(member)).join(", ");
    short.push(`${shortened(name)} ${members.length - lacking.length}/${threshold} (- ${names})`);
    pending.push(...lacking.filter((member) => groups.has(member)));
  }
  return short.join("; ");
}

const refuse = (zh, en) => {
  throw new Breach("bad-policy", { line: "?", why: text(zh, en) });
};

/** A policy while its lines are read. */
class Draft {
  logs = [];
  witnesses = new Map();
  groups = new Map();
  quorum = null;
  #members = new Set();
  #keys = new Set();

  async add([word, ...parts]) {
    if (word === "log" && (parts.length === 1 || parts.length === 2)) {
      this.logs.push(await this.#key("log", parts[0]));
    } else if (word === "witness" && (parts.length === 2 || parts.length === 3)) {
      const [name, vkey] = parts;
      this.#define(name);
      const key = await this.#key("witness", vkey);
      this.witnesses.set(name, key);
      if (key.type === PLAIN) refuse("见证方须有共同签名密钥", "a witness needs a key for co-signatures");
    } else if (word === "group" && parts.length > 2) {
      const [name, spelled, ...members] = parts;
      this.#define(name);
      const least = threshold(spelled, members.length);
      this.groups.set(name, { threshold: least, members: members.map((each) => this.#join(each)) });
    } else if (word === "quorum" && parts.length === 1) {
      if (this.quorum !== null) refuse("已有 quorum 行", "there is a quorum already");
      if (parts[0] !== NONE) this.#find(parts[0]);
      [this.quorum] = parts;
    } else refuse("不是 log、witness、group 或 quorum 行", "it is not a log, a witness, a group or a quorum");
  }

  /** Return the key, which no other line of this role may carry: under another name it would count twice. */
  async #key(role, vkey) {
    const key = await parseVerifierKey(vkey);
    const marks = [`${role} ${key.algorithm} ${hex(key.material)}`, `${role} ${key.name} ${hex(key.id)}`];
    if (marks.some((mark) => this.#keys.has(mark))) {
      refuse(`其密钥也属于另一 ${role} 行`, `its key is that of another ${role} too`);
    }
    marks.forEach((mark) => this.#keys.add(mark));
    return key;
  }

  #isTaken(name) {
    return this.witnesses.has(name) || this.groups.has(name);
  }

  #define(name) {
    if (name === NONE || this.#isTaken(name)) {
      refuse(`${shortened(name)} 已有含义`, `${shortened(name)} has a meaning already`);
    }
  }

  #find(name) {
    if (!this.#isTaken(name)) {
      refuse(`${shortened(name)} 未在之前的行中定义`, `${shortened(name)} is not defined on a line before`);
    }
  }

  #join(name) {
    this.#find(name);
    if (this.#members.has(name)) {
      refuse(`${shortened(name)} 已是某组的成员`, `${shortened(name)} is a member of a group already`);
    }
    this.#members.add(name);
    return name;
  }
}

function threshold(spelled, members) {
  if (spelled === "any") return 1;
  if (spelled === "all") return members;
  if (!THRESHOLD.test(spelled) || Number(spelled) > members) {
    refuse(`门槛应为 any、all，或 1 至 ${members} 的数`, `a threshold is any, all, or a number from 1 to ${members}`);
  }
  return Number(spelled);
}
