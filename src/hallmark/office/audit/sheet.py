"""The sheet of an audit: what was found, noted and photographed, and how the sheets of several people become one.

Joining is the same in any order and however often it is done. Findings on one item by two people must agree. What one
person says again replaces what that person said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from hallmark.kernel import canonical
from hallmark.kernel.text import Text
from hallmark.office.audit.errors import FindingsConflict
from hallmark.statement.evaluation import FINDINGS, GRADES
from hallmark.statement.shape import CODE, DAY, DIGEST, PERSON, PROSE, ListOf, MapOf, OneOf, Record, Shape, Whole, Words

SITE = Record({"name": Words(200), "address": Words(400)})
LABEL = Words(20, r"[A-Za-z0-9][A-Za-z0-9._-]*")
NONCONFORMITY = Record(
    {
        "requirement": CODE,
        "grade": OneOf(GRADES),
        "finding": PROSE,
        "due": DAY,
        "photos": ListOf(DIGEST, 0, 50),
    }
)
_WORK: Mapping[str, Shape] = {
    "findings": MapOf(CODE, OneOf(FINDINGS)),
    "notes": MapOf(CODE, PROSE),
    "photos": ListOf(Record({"item": CODE, "sha256": DIGEST, "title": Words(200)})),
    "nonconformities": MapOf(LABEL, NONCONFORMITY, 0, 100),
}
_CLOSING: Mapping[str, Shape] = {"by": PERSON, "made_at": Whole(1), "started_on": DAY, "finished_on": DAY}
FILLED = Record({**_WORK, **_CLOSING})
"""What one person filled in: by whom, when it was closed in ms, and the days of the audit."""
FILLING = Record(_WORK, _CLOSING)
"""The same before it is closed, or where it is filled in online."""

Filled = Mapping[str, Any]


@dataclass(frozen=True)
class Sheet:
    """Everything found at one site so far.

    Findings and notes are by item and person; photos by item and digest, with their titles; nonconformities by person
    and label. `worked_ms` is when the last of it was found, `offline` whether any of it came in a pack.
    """

    site: Mapping[str, str]
    started_on: str = ""
    finished_on: str = ""
    worked_ms: int = 0
    offline: bool = False
    findings: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    notes: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    photos: Mapping[str, Mapping[bytes, str]] = field(default_factory=dict)
    nonconformities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the sheet as canonical CBOR."""
        return canonical.encode(asdict(self), what=Text("审核表", "audit sheet"))

    @classmethod
    def decode(cls, encoded: bytes) -> Sheet:
        """Return the sheet that `encode` wrote."""
        return cls(**canonical.decode(encoded, what=Text("审核表", "audit sheet")))

    @property
    def settled(self) -> dict[str, str]:
        """The finding on each item that has one; all who found something on it agree."""
        return {item: next(iter(by.values()))["finding"] for item, by in self.findings.items()}

    def join(self, filled: Filled, *, offline: bool) -> Sheet:
        """Return the sheet with what a person filled in, a `FILLED` that may leave out the days.

        Raises `FindingsConflict`, and then nothing is taken over.
        """
        by, at = filled["by"], filled["made_at"]
        findings, notes = dict(self.findings), dict(self.notes)
        for item, finding in filled["findings"].items():
            findings[item] = _newest(findings.get(item, {}), {by: {"finding": finding, "at": at}})
        for item, text in filled["notes"].items():
            notes[item] = _newest(notes.get(item, {}), {by: {"text": text, "at": at}})
        photos = {item: dict(shown) for item, shown in self.photos.items()}
        for photo in filled["photos"]:
            shown = photos.setdefault(photo["item"], {})
            shown[photo["sha256"]] = min(photo["title"], shown.get(photo["sha256"], photo["title"]))
        labelled = {f"{by}/{label}": {**each, "at": at} for label, each in filled["nonconformities"].items()}
        _require_agreement(findings)
        return replace(
            self,
            started_on=min(filter(None, (self.started_on, filled.get("started_on"))), default=""),
            finished_on=max(self.finished_on, filled.get("finished_on", "")),
            worked_ms=max(self.worked_ms, at),
            offline=self.offline or offline,
            findings=findings,
            notes=notes,
            photos=photos,
            nonconformities=_newest(self.nonconformities, labelled),
        )

    def without_finding(self, item: str) -> Sheet:
        """Return the sheet with the item open again."""
        return replace(self, findings={name: each for name, each in self.findings.items() if name != item})

    def without_days(self) -> Sheet:
        """Return the sheet with the days of the audit open again."""
        return replace(self, started_on="", finished_on="")

    def without_nonconformity(self, name: str) -> Sheet:
        """Return the sheet without a drafted nonconformity."""
        return replace(self, nonconformities={key: each for key, each in self.nonconformities.items() if key != name})

    def without_photo(self, item: str, sha256: bytes) -> Sheet:
        """Return the sheet without a photo of an item; the photo itself stays where it is kept."""
        left = {digest: title for digest, title in self.photos.get(item, {}).items() if digest != sha256}
        return replace(self, photos={**self.photos, item: left})


def blank() -> dict[str, Any]:
    """Return what somebody fills in, with nothing in it."""
    return {"findings": {}, "notes": {}, "photos": [], "nonconformities": {}}


def _newest(known: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, and of two under one name the later."""
    kept = {name: each for name, each in news.items() if name not in known or known[name]["at"] <= each["at"]}
    return {**known, **kept}


def _require_agreement(findings: Mapping[str, Mapping[str, Any]]) -> None:
    words = [
        f"{item}: " + ", ".join(f"{each['finding']} ({by})" for by, each in sorted(found.items()))
        for item, found in sorted(findings.items())
        if len({each["finding"] for each in found.values()}) > 1
    ]
    if words:
        raise FindingsConflict(findings=Text("；".join(words), "; ".join(words)))
