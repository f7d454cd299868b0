/** A file that somebody shows: a machine form, or a PDF that holds one and whose page its body may have sealed. */

import { toBinary } from "./bytes.js";
import { verifyCertificate } from "./certificate.js";
import { attachment, MACHINE_FORM } from "./pdf.js";
import { verifySeal } from "./seal.js";

/** Return the answer about a file's content, and `page`: whether its page was checked, null where it has none. */
export async function verifyFile(bytes, bundle, at, options = {}) {
  if (toBinary(bytes.subarray(0, 5)) !== "%PDF-") {
    return { ...(await verifyCertificate(bytes, bundle, at, options)), page: null };
  }
  const answer = await verifyCertificate(attachment(bytes, MACHINE_FORM), bundle, at, options);
  if (answer.seal) await verifySeal(bytes, answer.seal, answer.knownAt);
  return { ...answer, page: Boolean(answer.seal) };
}
