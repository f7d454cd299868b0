/** The organisation's signature around a statement: COSE_Sign1 with CWT claims, as RFC 9052 and RFC 9943 have it. */

import { Breach, text } from "./breach.js";
import { equal } from "./bytes.js";
import { decode, encode, Tag } from "./cbor.js";
import { KINDS } from "./data.js";
import { keyId, verifySignature } from "./keys.js";
import { check, CODE, DIGEST, ORGANISATION, record, shortened, whole, words } from "./shape.js";

const MAX_SIZE = 65_535;
const PREFIX = "application/vnd.hallmark.";
const SUFFIX = "+cbor";
const [ALG, CONTENT_TYPE, KID, CWT_CLAIMS] = [1, 3, 4, 15];
const [ISS, SUB, IAT, ENV] = [1, 2, 6, "env"];
const VISIBILITIES = ["public", "members", "sealed"];
const ASSERTION = { authenticator_data: ["octets", 0, 1024], client_data: ["octets", 0, 2048] };
const APPROVAL = record(
  { person: ["id", ["PERSON"]], function: CODE, key: DIGEST, signature: ["octets", 0, 4096] },
  ASSERTION,
);

const refuse = (zh, en) => {
  throw new Breach("bad-statement", { why: text(zh, en) });
};

/** Return the statement in `encoded`; nothing is verified yet but its form. */
export function parseStatement(encoded) {
  if (encoded.length > MAX_SIZE) {
    refuse(
      `共 ${encoded.length} 字节，上限 ${MAX_SIZE}；较大内容请作为证据提交`,
      `it has ${encoded.length} bytes, more than ${MAX_SIZE}; put large content into evidence`,
    );
  }
  const [protectedBytes, body, signature] = open(decode(encoded, text("声明", "statement")));
  const header = decode(protectedBytes, text("受保护头", "protected header"));
  const payload = decode(body, text("载荷", "payload"));
  const { algorithm, kind, keyId: identifier, issuer, subject, environment } = readHeader(header);
  const layout = readPayload(payload);
  checkLayout(kind, layout);
  for (const approval of payload.get("approvals")) checkApproval(approval);
  const signed = encode(["Signature1", protectedBytes, new Uint8Array(), body]);
  return { kind, issuer, subject, environment, public: layout.public, algorithm, keyId: identifier, signed, signature };
}

/** Throw `bad-signature` unless the key [algorithm, material] signed the statement (RFC 9052 section 4.4). */
export async function verifyStatement(statement, algorithm, material) {
  if (!equal(await keyId(algorithm, material), statement.keyId) || algorithm !== statement.algorithm) {
    throw new Breach("bad-signature", { why: text("它指明的是另一密钥", "it names another key") });
  }
  await verifySignature(algorithm, material, statement.signed, statement.signature);
}

function open(envelope) {
  const parts = envelope instanceof Tag && Array.isArray(envelope.value) ? envelope.value : [];
  const [protectedBytes, unprotected, body, signature] = parts;
  const isSign1 = parts.length === 4 && unprotected instanceof Map;
  if (!isSign1 || ![protectedBytes, body, signature].every((part) => part instanceof Uint8Array)) {
    refuse("不是带载荷的 COSE_Sign1", "it is not a COSE_Sign1 with payload");
  }
  if (unprotected.size) refuse("未受保护头不为空", "its unprotected header is not empty");
  return [protectedBytes, body, signature];
}

function readHeader(header) {
  const claims = header instanceof Map ? header.get(CWT_CLAIMS) : null;
  const isComplete =
    claims instanceof Map &&
    [ALG, CONTENT_TYPE, KID].every((name) => header.has(name)) &&
    typeof header.get(CONTENT_TYPE) === "string" &&
    [ISS, SUB, IAT, ENV].every((name) => claims.has(name));
  if (!isComplete) refuse("受保护头不完整", "its protected header is not complete");
  if (header.size !== 4 || claims.size !== 4) refuse("受保护头含有多余内容", "its protected header holds more than it may");
  const contentType = header.get(CONTENT_TYPE);
  if (!contentType.startsWith(PREFIX) || !contentType.endsWith(SUFFIX)) {
    refuse(`其内容类型为 ${shortened(contentType)}`, `its content type is ${shortened(contentType)}`);
  }
  const kind = contentType.slice(PREFIX.length, -SUFFIX.length);
  if (!Object.hasOwn(KINDS, kind)) throw new Breach("unknown-kind", { kind: shortened(kind) });
  const parts = [
    [header.get(ALG), whole(-100, -1), "algorithm"],
    [claims.get(ISS), ORGANISATION, "issuer"],
    [claims.get(SUB), KINDS[kind].about, "subject"],
    [claims.get(IAT), whole(0, 2 ** 53), "issued at"],
    [claims.get(ENV), words(100), "environment"],
    [header.get(KID), DIGEST, "key id"],
  ];
  for (const [value, shape, name] of parts) check(shape, value, name);
  const [algorithm, issuer, subject, , environment, identifier] = parts.map(([value]) => value);
  return { algorithm, kind, keyId: identifier, issuer, subject, environment };
}

function readPayload(payload) {
  const isComplete =
    payload instanceof Map &&
    VISIBILITIES.every((name) => payload.get(name) instanceof Map) &&
    Array.isArray(payload.get("approvals"));
  if (!isComplete) refuse("载荷不完整", "its payload is not complete");
  if (payload.size !== 4) refuse("载荷含有多余内容", "its payload holds more than it may");
  return Object.fromEntries(VISIBILITIES.map((name) => [name, payload.get(name)]));
}

/** Throw `bad-statement` unless each claim stands where its visibility puts it, hidden ones as digests. */
function checkLayout(kind, layout) {
  const claims = KINDS[kind].claims;
  for (const visibility of VISIBILITIES) {
    const known = claims.filter((claim) => claim.visibility === visibility).map((claim) => claim.name);
    const unknown = [...layout[visibility].keys()].filter((name) => !known.includes(name));
    if (unknown.length) {
      const [first] = unknown.map((name) => shortened(name)).sort();
      refuse(`${kind} 没有可见性为 ${visibility} 的声明项 ${first}`, `${kind} has no ${visibility} claim ${first}`);
    }
  }
  for (const { name, visibility, optional, shape } of claims) {
    if (layout[visibility].has(name)) {
      check(visibility === "public" ? shape : DIGEST, layout[visibility].get(name), name);
    } else if (!optional) refuse(`缺少声明项 ${name}`, `the claim ${name} is missing`);
  }
}

function checkApproval(value) {
  check(APPROVAL, value, "approval");
  const given = Object.keys(ASSERTION).filter((name) => value.has(name));
  if (given.length === 1) {
    const why = { zh: "Web Authentication 断言不完整", en: "it is half of a Web Authentication assertion" };
    throw new Breach("bad-claim", { claim: "approval", why });
  }
}
