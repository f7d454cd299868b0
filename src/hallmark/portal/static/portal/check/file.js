/** A file that somebody shows: a machine form, a PDF around one, sealed by its body or not, or a printed code's text. */

import { toBinary } from "./bytes.js";
import { verifyCertificate } from "./certificate.js";
import { attachment, MACHINE_FORM } from "./pdf.js";
import { verifyPrinted } from "./printed.js";
import { verifySeal } from "./seal.js";

const PRINTED = /^[\t-\r ]*HM1:/;

/** Return the answer about a file's content, and `page`: whether its page was checked, null where it has none. */
export async function verifyFile(bytes, bundle, at, options = {}) {
  if (PRINTED.test(toBinary(bytes.subarray(0, 1024)))) {
    const code = toBinary(bytes).replace(/^[\t-\r ]+|[\t-\r ]+$/g, "").replace(/[\x80-\xff]/g, "\ufffd");
    return { ...(await verifyPrinted(code, bundle)), page: null };
  }
  if (toBinary(bytes.subarray(0, 5)) !== "%PDF-") {
    return { ...(await verifyCertificate(bytes, bundle, at, options)), page: null };
  }
  const answer = await verifyCertificate(attachment(bytes, MACHINE_FORM), bundle, at, options);
  if (answer.seal) await verifySeal(bytes, answer.seal, answer.knownAt);
  return { ...answer, page: Boolean(answer.seal) };
}
