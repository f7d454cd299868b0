/** The trust bundle: all that a reader must know beforehand, in one JSON file with a printed fingerprint. */

import { Breach, text } from "./breach.js";
import { fromUtf8, sha256 } from "./bytes.js";
import { parseJson } from "./json.js";
import { parsePolicy } from "./policy.js";
import { check, CODE, listOf, ORGANISATION, record, whole, words } from "./shape.js";

const MAX_SIZE = 256 * 1024;
const NAME = record({ zh: words(200), en: words(200) });
const LATEST = 253_402_300_799_999; // the end of the year 9999
const ATTESTED = record({ family: CODE, accepted_by: whole(1, 200), at: whole(0, LATEST) });
const SHAPE = record(
  {
    bundle: ["one-of", ["hallmark/trust/1"]],
    environment: words(100),
    development: ["flag"],
    policy: words(200_000),
    vouchers: listOf(record({ name: NAME, key: words(200) }, { attested: ATTESTED }), 1, 200),
  },
  { issuers: listOf(record({ id: ORGANISATION, name: NAME, key: words(64) }), 0, 200) },
);

const refuse = (why) => {
  throw new Breach("bad-bundle", { why });
};

/** Return the bundle in `bytes`: {environment, development, policy, vouchers, attested, fingerprint}. */
export async function parseBundle(bytes) {
  if (bytes.length > MAX_SIZE) {
    refuse(text(`共 ${bytes.length} 字节，上限 ${MAX_SIZE}`, `it has ${bytes.length} bytes, more than ${MAX_SIZE}`));
  }
  const value = readJson(bytes);
  check(SHAPE, value, "bundle");
  const vouchers = byKey(value.get("vouchers"));
  byKey(value.get("issuers") ?? []);
  return {
    environment: value.get("environment"),
    development: value.get("development"),
    policy: await parsePolicy(value.get("policy")),
    vouchers,
    attested: new Map(value.get("vouchers").filter((each) => each.has("attested")).map(readAttested)),
    fingerprint: await sha256(bytes),
  };
}

function readJson(bytes) {
  const source = fromUtf8(bytes);
  try {
    return parseJson(source);
  } catch (error) {
    throw error.code === "bad-json" ? new Breach("bad-bundle", { why: error.facts.why }) : error;
  }
}

function readAttested(voucher) {
  const [family, acceptedBy, at] = ["family", "accepted_by", "at"].map((name) => voucher.get("attested").get(name));
  return [voucher.get("key"), { family, acceptedBy, at }];
}

function byKey(entries) {
  const named = new Map(entries.map((entry) => [entry.get("key"), Object.fromEntries(entry.get("name"))]));
  if (named.size !== entries.length) refuse(text("同一密钥出现两次", "one key comes twice"));
  return named;
}
