"""Is this certificate real, in force, and for exactly this product and version?

In this order; the first that fails is raised, and then nothing of the certificate may be relied on:

1. the bytes are a machine form (`certificate.form`);
2. the checkpoint is of a log in the trust bundle, under its quorum (`ledger.policy`);
3. the issuing statement, the one that gave the body its key and the stated status are in that log (`NotIncluded`);
4. all three are of the bundle's environment, of the right kinds, about the right parties, and in an order in which they
   can have happened (`WrongParts`);
5. the body's own signature on the issuing statement verifies under that key (`BadSignature`);
6. the status record is the one in the stated map (`NotPresent`), of this certificate's record (`WrongParts`).

The status then is a reading at the time asked for. Knowledge older than the reader accepts gives `unknown`, which is
not the same as withdrawn; so does knowledge from after the reader's present, for then a clock is wrong.

What admission proves, and what it does not. That the body signed with the key it had that day, that everybody who had
to approve did, that the status is the one the ledger gives: all that is proven by inclusion under the quorum, whose
members check it (`rules.admission`). The signature checked here is one more proof, that a key which once was the body's
made the statement. Offline nobody can show that no `organisation.rekeyed` stands between the two entries; a thief of a
retired key who also holds a quorum of the log is beyond this verifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.certificate import status as certificate_status
from hallmark.certificate.form import MachineForm
from hallmark.certificate.status import Reading, Status
from hallmark.kernel import instant, keys
from hallmark.kernel.errors import Unverified
from hallmark.kernel.text import Text
from hallmark.ledger import sorted_map
from hallmark.ledger.policy import Endorsement
from hallmark.statement import envelope
from hallmark.statement.certificate import record_digest, status_digest
from hallmark.statement.envelope import Statement
from hallmark.verify.answer import Answer as Answer  # part of this face
from hallmark.verify.bundle import Attested, TrustBundle

FRESH_FOR = instant.DAY
CLOCKS_DIFFER = 5 * instant.MINUTE
"""So much may the clocks of reader and operator differ; the rules allow statements the same."""


class WrongParts(Unverified):
    """Genuine parts that do not belong together."""

    en = "The parts of this certificate do not belong together: {why}. Do not rely on it; ask the register."
    zh = "该证书的各部分不相符：{why}。请勿信赖，并向登记簿查询。"


def verify_certificate(
    data: bytes, bundle: TrustBundle, at: int, *, now: int | None = None, fresh_for: int = FRESH_FOR
) -> Answer:
    """Return what the machine form in `data` proves under `bundle` of the time `at`, ms since 1970 UTC.

    `now` is the reader's present where the question is about another time, and `fresh_for` the greatest age of the
    status that the reader accepts, both in ms. Raises the first check that fails.
    """
    form = MachineForm.parse(data)
    endorsement = bundle.verify(form.checkpoint)
    for entry in (form.issued, form.issuer, form.stated):
        entry.verify(endorsement.checkpoint)
    issued = read_statement(form.issued.encoded, bundle, "certificate.issued")
    issuer = read_statement(form.issuer.encoded, bundle, "organisation.registered", "organisation.rekeyed")
    stated = read_statement(form.stated.encoded, bundle, "status.stated")
    check_body(issued)
    if issuer.draft.subject != issued.draft.issuer or form.issuer.index > form.issued.index:
        why = Text("密钥属于另一机构，或在颁发之后才登记", "the key is another organisation's, or was given later")
        raise WrongParts(why=why)
    key = issuer.draft.public["key"]
    issued.verify(keys.PublicKey(key["algorithm"], key["material"]))
    digest = record_digest(issued.draft.subject, issued.draft.public)
    _verify_status(form, issued, stated, digest)
    known_at = stated.draft.public["at"]
    present = at if now is None else now
    reading, why_unknown = _read(form.status.record, known_at, at, present, fresh_for)
    return Answer(
        number=issued.draft.subject,
        record=issued.draft.public,
        record_digest=digest,
        reading=reading,
        known_at=known_at,
        age=max(0, present - known_at),
        vouched_by=vouchers(endorsement, bundle),
        development=bundle.development,
        why=why_unknown,
        seal=issuer.draft.public.get("seal", b""),
        attested=attested(endorsement, bundle),
    )


def read_statement(encoded: bytes, bundle: TrustBundle, *kinds: str) -> Statement:
    """Return the statement in `encoded`, of the bundle's environment and of `kinds` if any; raises `WrongParts`."""
    statement = envelope.parse(encoded)
    made_for, here = statement.draft.environment, bundle.environment
    if made_for != here:
        why = Text(f"它属于环境 {made_for}，而您信任的是 {here}", f"it was made for {made_for}, you trust {here}")
        raise WrongParts(why=why)
    kind = statement.draft.kind.name
    if kinds and kind not in kinds:
        raise WrongParts(why=Text(f"{kind} 出现在 {kinds[0]} 的位置", f"{kind} stands where {kinds[0]} belongs"))
    return statement


def check_body(issued: Statement) -> None:
    """Raise `WrongParts` unless the record names the body that issued it."""
    if issued.draft.public["body"]["id"] != issued.draft.issuer:
        why = Text("证书所载机构并非颁发机构", "the certificate names another body than the one that issued it")
        raise WrongParts(why=why)


def vouchers(endorsement: Endorsement, bundle: TrustBundle) -> tuple[Text, ...]:
    """Return the names of those whose signatures an endorsement stands on, logs first."""
    names = (*(key.name for key in endorsement.logs), *endorsement.cosigned)
    return tuple(dict.fromkeys(bundle.vouchers.get(name, Text(name, name)) for name in names))


def attested(endorsement: Endorsement, bundle: TrustBundle) -> tuple[tuple[Text, Attested | None], ...]:
    """Return those who co-signed, each with how its node is attested as the bundle says, or None."""
    cosigned = dict.fromkeys(endorsement.cosigned)
    return tuple((bundle.vouchers.get(name, Text(name, name)), bundle.attested.get(name)) for name in cosigned)


def why_unknown(known_at: int, at: int, now: int, fresh_for: int) -> Text | None:
    """Return why what was stated at `known_at` says nothing of `at` to a reader at `now`, None where it does; in ms."""
    if at > now + CLOCKS_DIFFER:
        return Text("所问时间尚未到来", "the time asked for has not come yet")
    if known_at > now + CLOCKS_DIFFER:
        return Text(
            "状态公布时间晚于此处的时钟；请校准时钟",
            "the status was stated later than the clock here shows; set the clock",
        )
    if at - known_at > fresh_for:
        hours = (at - known_at) // instant.HOUR
        return Text(
            f"状态信息已过 {hours} 小时；请联网重新获取该文件",
            f"the knowledge is {hours} hours old; fetch the file again while online",
        )
    return None


def _verify_status(form: MachineForm, issued: Statement, stated: Statement, digest: bytes) -> None:
    """Raise unless the status record is this certificate's in the map that was stated after it was issued."""
    status = form.status
    if form.stated.index < form.issued.index:
        why = Text("状态公布于证书颁发之前", "the status was stated before the certificate was issued")
        raise WrongParts(why=why)
    sorted_map.verify_presence(
        stated.draft.public["root"], issued.draft.subject, status_digest(status.record), status.presence
    )
    record = status.record
    if record["record"] != digest or record["body"] != issued.draft.issuer:
        raise WrongParts(why=Text("状态属于另一记录", "the status is of another record"))
    if any(record[name] != issued.draft.public[name] for name in ("valid_from", "valid_until")):
        raise WrongParts(why=Text("状态与记录的日期不同", "status and record name other dates"))


def _read(record: Mapping[str, Any], known_at: int, at: int, now: int, fresh_for: int) -> tuple[Reading, Text | None]:
    reading = certificate_status.read(record, at)
    if reading.status in (Status.WITHDRAWN, Status.CANCELLED, Status.EXPIRED):
        return reading, None  # these are not undone, so their age does not matter
    why = why_unknown(known_at, at, now, fresh_for)
    return (Reading(Status.UNKNOWN), why) if why else (reading, None)
