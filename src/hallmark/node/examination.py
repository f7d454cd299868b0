"""Verifying evidence by hand: what a bundle, or the files a vendor's tools wrote, shows as of a time.

This judges nothing: what is acceptable a policy says, and whether it answers a request only the ledger knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from hallmark.attestation.anchors import ROOTS
from hallmark.attestation.claims import Claims
from hallmark.attestation.errors import BadEvidence
from hallmark.attestation.formats import FORMATS, Bundle, UnknownFormat
from hallmark.kernel import instant
from hallmark.kernel.text import Text


def bundle(name: str, files: Iterable[tuple[str, Path]]) -> Bundle:
    """Return evidence and collateral of the format `name`; files of one part, such as a chain's, follow one another.

    Raises `UnknownFormat`, `BadEvidence`.
    """
    if name not in FORMATS:
        raise UnknownFormat(format=name, known=", ".join(FORMATS))
    known = FORMATS[name]
    evidence: dict[str, bytes] = {}
    collateral: dict[str, bytes] = {}
    for part, path in files:
        names = (*known.evidence, *known.collateral)
        if part not in names:
            listed = ", ".join(names)
            why = Text(f"没有名为 {part} 的部分，只有 {listed}", f"it has no part {part}, but {listed}")
            raise BadEvidence(what=known.name, why=why)
        parts = evidence if part in known.evidence else collateral
        parts[part] = parts.get(part, b"") + path.read_bytes()
    return Bundle(name, evidence, collateral)


def examine(shown: Bundle, anchors: Iterable[bytes], at: int) -> Claims:
    """Return the claims as of `at` ms, by the vendor's published roots where there are no `anchors`.

    Raises as `Bundle.verify`.
    """
    published = (root.fingerprint for root in ROOTS.get(shown.format, ()))
    return shown.verify(frozenset(anchors) or frozenset(published), at)


def write(claims: Claims, at: int) -> str:
    """Return the claims as JSON, bytes in hex, with the time as of which they hold."""
    told = {"at": instant.to_text(at), **asdict(claims)}
    return json.dumps(told, ensure_ascii=False, indent=2, default=bytes.hex)
