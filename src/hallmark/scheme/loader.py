"""Load a scheme from the bytes of its files, or say which file and key break it.

Any file may hold lines of any collection; names and order of files, and the order of lines, mean nothing. A file that
holds one product type as `[type]` lends it to its items, documents, samples and steps as their `applies_to`.
`applies_to = ["all"]` means every type of the scheme.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from hallmark.kernel import hashing
from hallmark.kernel.text import Text, quoted
from hallmark.scheme import soundness
from hallmark.scheme.errors import (
    TABLE,
    TEXT,
    DanglingReference,
    DuplicateId,
    MissingKey,
    NoHead,
    NotToml,
    UnknownKey,
    WrongKind,
)
from hallmark.scheme.model import Scheme
from hallmark.scheme.reading import Place, read_line

DOMAIN = "hallmark scheme"
EVERY_TYPE = ["all"]
_SHARED = tuple(
    name for name, cls in Scheme.COLLECTIONS.items() if "applies_to" in {field.name for field in fields(cls)}
)

Tables = dict[str, dict[str, dict[str, Any]]]
Places = dict[str, dict[str, Place]]


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
    trees = {file: _parse(file, content) for file, content in sorted(files.items())}
    heads = [(tree.pop("scheme"), Place(file, "scheme")) for file, tree in trees.items() if "scheme" in tree]
    if len(heads) != 1:
        raise NoHead(count=len(heads))
    table, place = heads[0]
    head: Head = read_line(Head, table, place)
    tables, places = _collect(trees)
    lines: dict[str, Any] = {
        collection: {
            name: read_line(cls, tables[collection][name], places[collection][name])
            for name in sorted(tables[collection], key=_natural)
        }
        for collection, cls in Scheme.COLLECTIONS.items()
    }
    if head.default_profile not in lines["profiles"]:
        raise place.at("default_profile").breach(DanglingReference, what="profiles", value=head.default_profile)
    scheme = Scheme(
        id=head.id,
        edition=head.edition,
        title=head.title,
        default_profile=head.default_profile,
        digest=hashing.digest_of(DOMAIN, [table, tables]),
        **lines,
    )
    soundness.check(scheme, places)
    return scheme


def _collect(trees: Mapping[str, dict[str, Any]]) -> tuple[Tables, Places]:
    """Return table and place of every line by collection and name, with `applies_to` spelled out."""
    tables: Tables = {collection: {} for collection in Scheme.COLLECTIONS}
    places: Places = {collection: {} for collection in Scheme.COLLECTIONS}
    for file, tree in trees.items():
        for collection, name, table in _rows(file, tree):
            place = Place(file, f"{collection}.{name}")
            if name in tables[collection]:
                raise place.breach(DuplicateId)
            tables[collection][name] = table
            places[collection][name] = place
    every = sorted(tables["types"], key=_natural)
    for collection in _SHARED:
        for table in tables[collection].values():
            if table.get("applies_to") == EVERY_TYPE:
                table["applies_to"] = every
    return tables, places


def _parse(file: str, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, no TOML, or a number of absurd length
        raise NotToml(file=file, key="", why=quoted(error)) from None


def _rows(file: str, tree: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield collection, name and table of every line in a file, with the file's own type as `applies_to`."""
    lent: list[str] = []
    if "type" in tree:
        own = tree.pop("type")
        lent = [_name("types", own, Place(file, "type"))]
        yield "types", lent[0], own
    for collection, rows in tree.items():
        if collection not in Scheme.COLLECTIONS:
            raise UnknownKey(file=file, key=collection, allowed=", ".join(("scheme", "type", *Scheme.COLLECTIONS)))
        if not isinstance(rows, list):
            raise WrongKind(file=file, key=collection, expected=f"[[{collection}]]")
        for number, table in enumerate(rows):
            name = _name(collection, table, Place(file, f"{collection}.{number}"))
            if lent and collection in _SHARED:
                table.setdefault("applies_to", lent)
            yield collection, name, table


def _natural(name: str) -> str:
    """Return a key that puts 7.9 before 7.10."""
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(8), name)


def _name(collection: str, table: Any, place: Place) -> str:
    """Return what a line is called: its id, or for an edition of a standard its dated designation."""
    if not isinstance(table, dict):
        raise place.breach(WrongKind, expected=TABLE)
    if "id" not in table:
        raise place.at("id").breach(MissingKey)
    parts = [table["id"], *([table["edition"]] if collection == "standards" and "edition" in table else [])]
    if not all(isinstance(part, str) and part for part in parts):
        raise place.at("id").breach(WrongKind, expected=TEXT)
    return "-".join(parts)
