"""What the ledger says of the consortium, and of its nodes' evidence: what was presented, and what members found of it.

Times are ms since 1970 UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from hallmark.consortium.constitution import Constitution, Member
from hallmark.consortium.epoch import Start
from hallmark.office.registry.models import Entry
from hallmark.rules import consortium
from hallmark.statement import envelope
from hallmark.statement.consortium import KINDS
from hallmark.verify.bundle import Attested

STARTED = ("consortium.founded", "epoch.started")
_KINDS = tuple(kind.name for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What a member said of a node's evidence, until when it stands, and when and at which entry that was said."""

    by: str
    accepted: bool
    code: str
    reason: str
    until: int
    at: int
    entry: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence that was presented for a seat in an epoch, by its digest, and how members appraised it."""

    epoch: int
    digest: bytes
    at: int
    entry: int
    appraisals: tuple[Appraisal, ...]

    @property
    def accepted(self) -> int:
        """How many members accepted it."""
        return sum(each.accepted for each in self.appraisals)


@dataclass(frozen=True, slots=True)
class Told:
    """An entry, its public claims, and the time that was told before it."""

    entry: int
    at: int
    kind: str
    issuer: str
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    """The entries about the consortium among the first `size`, of which the last has this digest."""

    size: int = 0
    digest: bytes = b""
    told: tuple[Told, ...] = ()


_lock = Lock()
_kept = _Kept()


def _read() -> tuple[Told, ...]:
    """Return the entries about the consortium; no index finds them, so a process reads the ledger once for them."""
    global _kept  # noqa: PLW0603 - one a process
    columns = ("index", "told_ms", "kind", "issuer", "encoded")
    with _lock:
        if not Entry.objects.filter(pk=_kept.size - 1, digest=_kept.digest).exists():  # another database
            _kept = _Kept()
        last = Entry.objects.order_by("-index").first()
        if last is not None and last.index >= _kept.size:
            rows = Entry.objects.filter(index__gte=_kept.size, index__lte=last.index, kind__in=_KINDS).order_by("index")
            news = [
                Told(entry, at, kind, issuer, envelope.parse(bytes(encoded)).draft.public)
                for entry, at, kind, issuer, encoded in rows.values_list(*columns)
            ]
            _kept = _Kept(last.index + 1, bytes(last.digest), (*_kept.told, *news))
        return _kept.told


def told(*kinds: str) -> list[Told]:
    """Return the entries of these kinds, in ledger order."""
    return [each for each in _read() if each.kind in kinds]


def evidence() -> list[tuple[Mapping[str, Any], Evidence]]:
    """Return seats that were asked for, each with the evidence for it and what members said of that very evidence."""
    records = [Start.parse(each.claims["start"]).ballot.record for each in told(*STARTED)]
    epochs = {record.epoch: record for record in records}
    appraised: dict[tuple[bytes, bytes], dict[str, Appraisal]] = defaultdict(dict)
    for each in told("node.appraised"):  # anew where the same evidence was presented again: the last word counts
        said = {name: each.claims[name] for name in ("accepted", "code", "reason", "until")}
        appraisal = Appraisal(each.issuer, **said, at=each.at, entry=each.entry)
        appraised[each.claims["presented"], each.claims["evidence"]][each.issuer] = appraisal
    found = []
    for each in told("node.presented"):
        seat, number, digest = (each.claims[name] for name in ("seat", "epoch", "evidence"))
        request = consortium.seat_digest(epochs[number], seat)
        appraisals = tuple(appraised[request, digest["sha256"]].values())
        found.append((seat, Evidence(number, digest["sha256"], each.at, each.entry, appraisals)))
    return found


def of(member: Member) -> tuple[Evidence, ...]:
    """Return the evidence that was presented for the keys that a member has, in ledger order."""
    return tuple(each for seat, each in evidence() if _is_for(seat, member))


def attested(constitution: Constitution) -> dict[str, Attested]:
    """Return how members are attested: by the newest evidence for their keys that any *other* member accepted."""
    found: dict[str, Attested] = {}
    for seat, each in evidence():
        member = constitution.member(seat["name"])
        if member and _is_for(seat, member):
            said = [other for other in each.appraisals if other.accepted and other.by != member.name]
            if said:
                found[member.name] = Attested(member.family, len(said), max(other.at for other in said))
    return found


def _is_for(seat: Mapping[str, Any], member: Member) -> bool:
    return Member.from_value({"product": "", **seat}).keys == member.keys
