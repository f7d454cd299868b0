/** Is this certificate real, in force, and for exactly this product and version? The rules of `verify.certificate`.
 *
 * In this order; the first that fails is thrown, and then nothing of the certificate may be relied on:
 *
 * 1. the bytes are a machine form;
 * 2. the checkpoint is of a log in the trust bundle, under its quorum;
 * 3. the issuing statement, the one that gave the body its key and the stated status are in that log;
 * 4. all three are of the bundle's environment, of the right kinds, about the right parties, in a possible order;
 * 5. the body's own signature on the issuing statement verifies under that key;
 * 6. the status record is the one in the stated map, of this certificate's record.
 */

import { Breach, text } from "./breach.js";
import { equal } from "./bytes.js";
import { parseForm, verifyEntry } from "./form.js";
import { digestOf } from "./keys.js";
import { verifyPresence } from "./merkle.js";
import { verifyNote } from "./policy.js";
import { parseStatement, verifyStatement } from "./statement.js";
import { DAY, readFresh } from "./status.js";

const refuse = (zh, en) => {
  throw new Breach("wrong-parts", { why: text(zh, en) });
};

/** Return what the machine form in `bytes` proves under `bundle` of the time `at`, ms since 1970 UTC.
 *
 * `now` is the reader's present, `freshFor` the greatest age of the status that is accepted, both in ms; `passed` is
 * called with the number of each check that holds. The answer is {number, record, recordDigest, status, since,
 * reasonCode, why, knownAt, age, seal, vouchedBy, attested, unchecked, development}, `seal` that of the body's pages or null.
 */
export async function verifyCertificate(bytes, bundle, at, { now = at, freshFor = DAY, passed = () => {} } = {}) {
  const form = parseForm(bytes);
  passed(1);
  const endorsement = await verifyNote(bundle.policy, form.checkpoint);
  passed(2);
  for (const entry of [form.issued, form.issuer, form.stated]) await verifyEntry(entry, endorsement.checkpoint);
  passed(3);
  const issued = readStatement(form.issued.encoded, bundle, "certificate.issued");
  const issuer = readStatement(form.issuer.encoded, bundle, "organisation.registered", "organisation.rekeyed");
  const stated = readStatement(form.stated.encoded, bundle, "status.stated");
  checkBody(issued);
  if (issuer.subject !== issued.issuer || form.issuer.index > form.issued.index) {
    refuse("密钥属于另一机构，或在颁发之后才登记", "the key is another organisation's, or was given later");
  }
  passed(4);
  const key = issuer.public.get("key");
  await verifyStatement(issued, key.get("algorithm"), key.get("material"));
  passed(5);
  const recordDigest = await digestOf("hallmark/certificate/1", [issued.subject, issued.public]);
  await verifyStatus(form, issued, stated, recordDigest);
  passed(6);
  const knownAt = stated.public.get("at");
  return {
    number: issued.subject,
    record: issued.public,
    recordDigest,
    ...readFresh(form.status.record, knownAt, at, now, freshFor),
    knownAt,
    age: Math.max(0, now - knownAt),
    seal: issuer.public.get("seal") ?? null,
    ...describeVouchers(endorsement, bundle),
  };
}

/** Return the statement in `encoded`, of the bundle's environment and one of `kinds`; throws `wrong-parts`. */
export function readStatement(encoded, bundle, ...kinds) {
  const statement = parseStatement(encoded);
  const [madeFor, here] = [statement.environment, bundle.environment];
  if (madeFor !== here) {
    refuse(`它属于环境 ${madeFor}，而您信任的是 ${here}`, `it was made for ${madeFor}, you trust ${here}`);
  }
  if (!kinds.includes(statement.kind)) {
    refuse(`${statement.kind} 出现在 ${kinds[0]} 的位置`, `${statement.kind} stands where ${kinds[0]} belongs`);
  }
  return statement;
}

/** Throw `wrong-parts` unless the record names the body that issued it. */
export function checkBody(issued) {
  if (issued.public.get("body").get("id") !== issued.issuer) {
    refuse("证书所载机构并非颁发机构", "the certificate names another body than the one that issued it");
  }
}

/** Return in words who vouches under an endorsement, how their nodes are attested, and whose signatures were not checked.
 *
 * `attested` has [name, {family, acceptedBy, at} or null] of each who co-signed.
 */
export function describeVouchers({ logs, cosigned, unchecked }, { vouchers, attested, development }) {
  const named = (names) => [...new Set(names)].map((name) => vouchers.get(name) ?? text(name, name));
  const distinct = (all) => [...new Map(all.map((name) => [JSON.stringify(name), name])).values()];
  return {
    vouchedBy: distinct(named([...logs.map((key) => key.name), ...cosigned])),
    attested: [...new Set(cosigned)].map((name) => [...named([name]), attested.get(name) ?? null]),
    unchecked: distinct(named(unchecked)),
    development,
  };
}

async function verifyStatus({ stated: { index }, issued: { index: issuedAt }, status }, issued, stated, digest) {
  if (index < issuedAt) refuse("状态公布于证书颁发之前", "the status was stated before the certificate was issued");
  const { record } = status;
  const leaf = await digestOf("hallmark/status/1", record);
  await verifyPresence(stated.public.get("root"), issued.subject, leaf, status.presence);
  if (!equal(record.get("record"), digest) || record.get("body") !== issued.issuer) {
    refuse("状态属于另一记录", "the status is of another record");
  }
  if (["valid_from", "valid_until"].some((name) => record.get(name) !== issued.public.get(name))) {
    refuse("状态与记录的日期不同", "status and record name other dates");
  }
}
