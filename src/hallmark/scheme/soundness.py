"""Whether lines fit together: names lead somewhere, editions follow, nothing is surer than its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from hallmark.scheme.errors import (
    BrokenSuccession,
    DanglingReference,
    DuplicateId,
    MissingKey,
    NestedRest,
    Overclaimed,
    UnfoundedShall,
    ValueFromNowhere,
    ValueMissing,
)
from hallmark.scheme.model import (
    Certainty,
    Clause,
    Line,
    Obligation,
    Parameter,
    Provenance,
    RequirementItem,
    Scheme,
)
from hallmark.scheme.reading import Place

# The fields that name lines of another collection.
_NAMES = {
    "source": "sources",
    "applies_to": "types",
    "rests_on": "items",
    "checklist": "checklists",
    "claim": "claims",
    "weight": "parameters",
    "all_of": "functions",
    "any_of": "functions",
    "profile": "profiles",
    "levels": "levels",
}


def check(scheme: Scheme, places: Mapping[str, Mapping[str, Place]]) -> None:
    """Raise the `BadScheme` of the first line that does not fit, with its file and key."""
    for collection in scheme.COLLECTIONS:
        for name, line in getattr(scheme, collection).items():
            for part, place in _parts(line, places[collection][name]):
                _check_names(scheme, part, place)
                _check_certainty(scheme, part, place)
                if isinstance(part, Parameter):
                    _check_value(part, place)
    for name, item in scheme.items.items():
        _check_item(scheme, item, places["items"][name])
    _check_succession(scheme, places["standards"])


def _parts(line: Any, place: Place) -> Iterator[tuple[Any, Place]]:
    """Yield `line` and every line inside it."""
    yield line, place
    for field in fields(line):
        value = getattr(line, field.name)
        inside: list[Any] = [each for each in value if is_dataclass(each)] if isinstance(value, tuple) else []
        for number, each in enumerate(inside):
            inner = place.at(field.name).at(number)
            if hasattr(each, "id") and each.id in {other.id for other in inside[:number]}:
                raise inner.at("id").breach(DuplicateId)
            yield from _parts(each, inner)


def _check_names(scheme: Scheme, part: Any, place: Place) -> None:
    for field in fields(part):
        collection = _NAMES.get(field.name)
        value = getattr(part, field.name)
        if collection is None or not isinstance(value, str | tuple) or (value and is_dataclass(value[0])):
            continue
        if not value and field.default is MISSING:
            raise place.at(field.name).breach(MissingKey)
        for each in (value,) if isinstance(value, str) else value:
            if each and each not in getattr(scheme, collection):
                raise place.at(field.name).breach(DanglingReference, what=collection, value=each)
    standard = getattr(part, "standard", None)
    if standard is None:
        return
    editions = {line.edition for line in scheme.standards.values() if line.id == standard}
    if not editions or (part.edition and part.edition not in editions):
        raise place.at("standard").breach(DanglingReference, what="standards", value=f"{standard} {part.edition}")


def _check_certainty(scheme: Scheme, part: Any, place: Place) -> None:
    """A line is at most as sure as its surest source; an item at most as sure as its surest clause."""
    if not isinstance(part, Line):
        return
    most = min((scheme.sources[each].certainty for each in part.source), key=lambda certainty: certainty.rank)
    if isinstance(part, RequirementItem) and part.clauses:
        most = max(most, _surest(part.clauses), key=lambda certainty: certainty.rank)
    if part.certainty.rank < most.rank:
        raise place.at("certainty").breach(Overclaimed, value=part.certainty, most=most)


def _surest(clauses: tuple[Clause, ...]) -> Certainty:
    return min((clause.certainty for clause in clauses), key=lambda certainty: certainty.rank)


def _check_value(part: Parameter, place: Place) -> None:
    nowhere = part.provenance is Provenance.OPERATOR or part.certainty is Certainty.UNKNOWN
    if part.value is not None and nowhere:
        raise place.at("value").breach(ValueFromNowhere)
    if part.value is None and part.provenance is not Provenance.OPERATOR:
        raise place.at("value").breach(ValueMissing)


def _check_item(scheme: Scheme, item: RequirementItem, place: Place) -> None:
    for which in item.applies_to:
        levels = scheme.types[which].levels
        if item.level and item.level not in {level.id for level in (scheme.levels[levels].levels if levels else ())}:
            raise place.at("level").breach(DanglingReference, what=f"level of {which}", value=item.level)
        for other in item.rests_on:
            if which not in scheme.items[other].applies_to:
                raise place.at("rests_on").breach(DanglingReference, what=f"item of {which}", value=other)
            if scheme.items[other].rests_on:
                raise place.at("rests_on").breach(NestedRest, value=other)
    if item.obligation is Obligation.SHALL:
        for part, where in _decisive(scheme, item, place):
            if part.certainty.rank > Certainty.INFERRED.rank and not _open(part):
                raise where.breach(UnfoundedShall, value=part.id, certainty=part.certainty)


def _decisive(
    scheme: Scheme, item: RequirementItem, place: Place
) -> Iterator[tuple[RequirementItem | Parameter, Place]]:
    """Yield what decides a shall: the item, its limits, and the items it rests on with theirs."""
    for each in (item, *(scheme.items[other] for other in item.rests_on)):
        yield each, place.at("certainty") if each is item else place.at("rests_on").at(each.id)
        for limit in each.limits:
            yield limit, place.at("limits").at(f"{each.id}.{limit.id}")


def _open(part: RequirementItem | Parameter) -> bool:
    """Return whether `part` is a limit that waits for the operator: until it is set, it decides nothing."""
    return isinstance(part, Parameter) and part.value is None


def _check_succession(scheme: Scheme, places: Mapping[str, Place]) -> None:
    for name, line in scheme.standards.items():
        place = places[name].at("superseded_by")
        editions = {other.edition: other for other in scheme.standards.values() if other.id == line.id}
        if not line.superseded_by:
            if any(not other.superseded_by for other in editions.values() if other is not line):
                raise place.breach(BrokenSuccession, value=line.edition)
            continue
        successor = editions.get(line.superseded_by)
        if successor is None:
            raise place.breach(DanglingReference, what="standards", value=f"{line.id}-{line.superseded_by}")
        if successor.valid_from is None or (line.valid_from and line.valid_from >= successor.valid_from):
            raise place.breach(BrokenSuccession, value=line.superseded_by)
