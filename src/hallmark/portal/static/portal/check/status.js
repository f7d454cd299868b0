/** What a certificate's status is on a day: a reading of its status record. Nothing happens because time passes. */

import { text } from "./breach.js";
import { civilDay, dayAfter } from "./day.js";

export const DAY = 86_400_000;
const HOUR = 3_600_000;
const CLOCKS_DIFFER = 5 * 60_000;
const FINAL = ["withdrawn", "cancelled", "expired"];

/** Return {status, since, reasonCode} at `at`, ms since 1970 UTC, by the effective dates of a checked status record. */
export function readStatusAt(record, at) {
  const today = civilDay(at, record.get("offset_minutes"));
  const last = record.get("history").findLast((event) => event.get("effective_on") <= today);
  if (!last) return { status: "not-yet", since: record.get("valid_from"), reasonCode: "issued" };
  const ends = record.get("valid_until");
  if (["in-force", "suspended"].includes(last.get("status")) && today > ends) {
    return { status: "expired", since: dayAfter(ends), reasonCode: "validity-ended" };
  }
  return { status: last.get("status"), since: last.get("effective_on"), reasonCode: last.get("reason_code") };
}

/** Return the status as `readStatusAt`, unknown with its reason where knowledge of `knownAt` does not reach to `at`. */
export function readFresh(record, knownAt, at, now, freshFor) {
  const reading = readStatusAt(record, at);
  if (FINAL.includes(reading.status)) return { ...reading, why: null }; // not undone, so age does not matter
  if (at > now + CLOCKS_DIFFER) {
    return { ...UNKNOWN, why: text("所问时间尚未到来", "the time asked for has not come yet") };
  }
  if (knownAt > now + CLOCKS_DIFFER) {
    const why = text(
      "状态公布时间晚于此处的时钟；请校准时钟",
      "the status was stated later than the clock here shows; set the clock",
    );
    return { ...UNKNOWN, why };
  }
  if (at - knownAt > freshFor) {
    const hours = Math.floor((at - knownAt) / HOUR);
    const why = text(
      `状态信息已过 ${hours} 小时；请联网重新获取该文件`,
      `the knowledge is ${hours} hours old; fetch the file again while online`,
    );
    return { ...UNKNOWN, why };
  }
  return { ...reading, why: null };
}

export const UNKNOWN = { status: "unknown", since: "", reasonCode: "" };
