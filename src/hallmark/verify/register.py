"""What an extract proves: that there is no certificate of a number, which ones there are, or what a statement says.

In this order; the first that fails is raised, and then nothing in the file may be relied on:

1. the bytes are an extract (`certificate.extract`);
2. the checkpoint is of a log in the trust bundle, under its quorum (`ledger.policy`);
3. the statement is in that log (`NotIncluded`), of the bundle's environment and of the right kind (`WrongParts`);
4. the number is absent from the stated map (`NotAbsent`), or the records are all that it has (`NotTheWholeRegister`),
   or the claim is the one whose digest the statement holds (`WrongDisclosure`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.certificate import extract
from hallmark.certificate import status as certificate_status
from hallmark.certificate.extract import Absence, DisclosedClaim
from hallmark.certificate.status import Reading
from hallmark.kernel.errors import Unverified
from hallmark.kernel.text import Text
from hallmark.ledger import sorted_map
from hallmark.ledger.sorted_map import SortedMap
from hallmark.statement import disclosure
from hallmark.statement.certificate import status_digest
from hallmark.statement.kind import Kind
from hallmark.verify.bundle import Attested, TrustBundle
from hallmark.verify.certificate import FRESH_FOR, attested, read_statement, vouchers, why_unknown


class NotTheWholeRegister(Unverified):
    """The records do not give the root that was stated."""

    en = "The list is not the whole register: its {records} records do not give the stated root. Fetch it again."
    zh = "该清单并非完整登记簿：其 {records} 条记录与所公布的根不符。请重新获取。"


@dataclass(frozen=True, slots=True)
class Extract:
    """What the register said at `known_at`, `age` before the reader's present, both in ms.

    `absent` is the number that it does not have, or else None, and `readings` are all its certificates by number; `why`
    explains that they cannot be told for the time asked about.
    """

    absent: str | None
    readings: Mapping[str, Reading]
    known_at: int
    age: int
    why: Text | None
    vouched_by: tuple[Text, ...]
    development: bool
    attested: tuple[tuple[Text, Attested | None], ...] = ()

    @property
    def fresh(self) -> bool:
        """Whether it says what is so at the time asked about."""
        return self.why is None


@dataclass(frozen=True, slots=True)
class Said:
    """What `issuer` said of `subject`: one claim, by its name; when it was said in seconds since 1970 UTC."""

    kind: Kind
    issuer: str
    subject: str
    issued_at: int
    claim: str
    value: Any
    vouched_by: tuple[Text, ...]
    development: bool
    attested: tuple[tuple[Text, Attested | None], ...] = ()


def verify_extract(
    data: bytes, bundle: TrustBundle, at: int, *, now: int | None = None, fresh_for: int = FRESH_FOR
) -> Extract | Said:
    """Return what the extract in `data` proves under `bundle` of the time `at`; times as in `verify_certificate`."""
    file = extract.parse(data)
    endorsement = bundle.verify(file.checkpoint)
    if isinstance(file, DisclosedClaim):
        file.entry.verify(endorsement.checkpoint)
        draft = read_statement(file.entry.encoded, bundle).draft
        disclosure.open_claims({**draft.members, **draft.sealed}, [file.claim])
        draft.kind.named(file.claim.name).shape.check(file.claim.value, file.claim.name)
        return Said(
            kind=draft.kind,
            issuer=draft.issuer,
            subject=draft.subject,
            issued_at=draft.issued_at,
            claim=file.claim.name,
            value=file.claim.value,
            vouched_by=vouchers(endorsement, bundle),
            development=bundle.development,
            attested=attested(endorsement, bundle),
        )
    file.stated.verify(endorsement.checkpoint)
    stated = read_statement(file.stated.encoded, bundle, "status.stated").draft.public
    readings: dict[str, Reading] = {}
    if isinstance(file, Absence):
        sorted_map.verify_absence(stated["root"], file.number, file.proof)
    else:
        if SortedMap({number: status_digest(each) for number, each in file.records.items()}).root != stated["root"]:
            raise NotTheWholeRegister(records=len(file.records))
        readings = {number: certificate_status.read(record, at) for number, record in file.records.items()}
    present = at if now is None else now
    return Extract(
        absent=file.number if isinstance(file, Absence) else None,
        readings=readings,
        known_at=stated["at"],
        age=max(0, present - stated["at"]),
        why=why_unknown(stated["at"], at, present, fresh_for),
        vouched_by=vouchers(endorsement, bundle),
        development=bundle.development,
        attested=attested(endorsement, bundle),
    )
