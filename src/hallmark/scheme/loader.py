"""Load a scheme from the bytes of its files, or say which file and key break it.

Any file may hold lines of any collection; names and order of files, and the order of lines, mean nothing. A file that
holds one product type as `[type]` lends it to its items, documents, samples and steps as their `applies_to`.
`applies_to = ["all"]` means every type of the scheme.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.kernel import hashing
from hallmark.kernel.text import Text
from hallmark.scheme import soundness
from hallmark.scheme.errors import DanglingReference, DuplicateId, MissingKey, NoHead, NotToml, UnknownKey, WrongKind
from hallmark.scheme.model import Scheme
from hallmark.scheme.reading import Place, read_line

DOMAIN = "hallmark scheme"
EVERY_TYPE = ["all"]
_SHARED = ("items", "steps", "documents", "samples")


@dataclass(frozen=True, kw_only=True)
class Head:
    """The `[scheme]` table: who the scheme is. An adopted edition is never edited."""

    id: str
    edition: str
    title: Text
    default_profile: str


def load(files: Mapping[str, bytes]) -> Scheme:
    """Return the scheme that `files` (path inside its folder -> content) hold.

    The digest is SHA-256 over the canonical CBOR of all lines by collection and id. Raises a `BadScheme` that names
    file and key, or `NotCanonical` for a value beyond the format's sizes.
    """
    heads: list[tuple[Place, Any]] = []
    tables: dict[str, dict[str, Any]] = {name: {} for name in Scheme.COLLECTIONS}
    places: dict[str, dict[str, Place]] = {name: {} for name in Scheme.COLLECTIONS}
    for file, content in sorted(files.items()):
        tree = _parse(file, content)
        if "scheme" in tree:
            heads.append((Place(file, "scheme"), tree.pop("scheme")))
        for collection, table, place in _lines(file, tree):
            name = _name(collection, table, place)
            if name in tables[collection]:
                raise DuplicateId(**Place(file, f"{collection}.{name}")._asdict())
            tables[collection][name] = table
            places[collection][name] = Place(file, f"{collection}.{name}")
    if len(heads) != 1:
        raise NoHead(count=len(heads))
    head: Head = read_line(Head, heads[0][1], heads[0][0])
    every = sorted(tables["types"], key=_natural)
    for collection in _SHARED:
        for table in tables[collection].values():
            if table.get("applies_to") == EVERY_TYPE:
                table["applies_to"] = every
    lines: dict[str, Any] = {
        collection: {
            name: read_line(cls, tables[collection][name], places[collection][name])
            for name in sorted(tables[collection], key=_natural)
        }
        for collection, cls in Scheme.COLLECTIONS.items()
    }
    scheme = Scheme(
        id=head.id,
        edition=head.edition,
        title=head.title,
        default_profile=head.default_profile,
        digest=hashing.digest_of(DOMAIN, [heads[0][1], tables]),
        **lines,
    )
    if head.default_profile not in scheme.profiles:
        place = heads[0][0].at("default_profile")
        raise DanglingReference(**place._asdict(), what="profiles", value=head.default_profile)
    soundness.check(scheme, places)
    return scheme


def _parse(file: str, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, no TOML, or a number of absurd length
        raise NotToml(file=file, key="", why=str(error)) from None


def _lines(file: str, tree: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Place]]:
    """Yield collection, table and place of every line in a file."""
    lent: list[str] = []
    if "type" in tree:
        own = tree.pop("type")
        tree["types"] = [own, *tree.get("types", [])]
        lent = [_name("types", own, Place(file, "type"))]
    for collection, rows in tree.items():
        if collection not in Scheme.COLLECTIONS:
            raise UnknownKey(file=file, key=collection, allowed=", ".join(("scheme", "type", *Scheme.COLLECTIONS)))
        if not isinstance(rows, list):
            raise WrongKind(file=file, key=collection, expected=f"[[{collection}]]")
        for number, table in enumerate(rows):
            place = Place(file, f"{collection}.{number}")
            if not isinstance(table, dict):
                raise WrongKind(**place._asdict(), expected="table")
            if lent and collection in _SHARED:
                table.setdefault("applies_to", lent)
            yield collection, table, place


def _natural(name: str) -> str:
    """Return a key that puts 7.9 before 7.10."""
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(8), name)


def _name(collection: str, table: Any, place: Place) -> str:
    """Return what a line is called: its id, or for an edition of a standard its dated designation."""
    if not isinstance(table, dict):
        raise WrongKind(**place._asdict(), expected="table")
    if "id" not in table:
        raise MissingKey(**place.at("id")._asdict())
    parts = [table["id"], *([table["edition"]] if collection == "standards" and "edition" in table else [])]
    if not all(isinstance(part, str) and part for part in parts):
        raise WrongKind(**place.at("id")._asdict(), expected="text")
    return "-".join(parts)
