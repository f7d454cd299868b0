"""What a product type is evaluated against on a day, and what changed between two editions of a scheme."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal

from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text
from hallmark.scheme.model import (
    Checklist,
    Clause,
    Document,
    LevelSet,
    NoSuchLine,
    Obligation,
    ProductionStep,
    ProductType,
    Profile,
    Reference,
    RequirementItem,
    SampleRule,
    Scheme,
    Standard,
)


class NotInCatalogue(Refusal):
    """The product type is not in the catalogue on that day."""

    en = "{which} enters the catalogue on {valid_from}, and the day asked for is {day}. Apply on or after that date."
    zh = "{which} 自 {valid_from} 起列入目录，而所查日期为 {day}。请在该日期当日或之后申请。"


class NoEditionInForce(Refusal):
    """No edition of the standard is in force on that day."""

    en = "No edition of {standard} is in force on {day}. Ask for a later day."
    zh = "{standard} 在 {day} 没有有效版本。请查询更晚的日期。"


@dataclass(frozen=True)
class Explanation:
    """What one product type is evaluated against on one day.

    `standards` pairs each reference with the edition it means that day. `checklists` holds the items of each list by
    its id; `items` the others. `decisive` are the ids of the items that can fail the product. `outdated` are places
    cited in an edition that is not the one in force that day.
    """

    product_type: ProductType
    day: date
    profile: Profile
    levels: LevelSet | None
    standards: tuple[tuple[Reference, Standard], ...]
    items: tuple[RequirementItem, ...]
    checklists: tuple[tuple[Checklist, tuple[RequirementItem, ...]], ...]
    decisive: frozenset[str]
    documents: tuple[Document, ...]
    samples: tuple[SampleRule, ...]
    steps: tuple[ProductionStep, ...]
    outdated: tuple[tuple[str, Clause], ...]


@dataclass(frozen=True)
class Change:
    """One line that differs between two editions; `fields` are the names of those that changed."""

    kind: Literal["added", "removed", "changed"]
    collection: str
    id: str
    fields: tuple[str, ...] = ()


def catalogue(scheme: Scheme, day: date) -> tuple[ProductType, ...]:
    """Return the product types that can be certified on `day`."""
    return tuple(each for each in scheme.types.values() if each.valid_from <= day)


def edition_in_force(scheme: Scheme, standard: str, day: date) -> Standard:
    """Return the edition that an undated reference to `standard` means on `day`.

    Raises `NoSuchLine` for a standard the scheme does not know, `NoEditionInForce` when the first is still to come.
    """
    editions = [each for each in scheme.standards.values() if each.id == standard]
    if not editions:
        raise NoSuchLine(scheme=scheme.id, what=Text("标准", "standard"), which=standard)
    begun = [each for each in editions if each.valid_from is None or each.valid_from <= day]
    if not begun:
        raise NoEditionInForce(standard=standard, day=day)
    return max(begun, key=lambda each: each.valid_from or date.min)


def explain(
    scheme: Scheme,
    which: str,
    day: date,
    *,
    profile: str = "",
    level: str = "",
    claims: Collection[str] | None = None,
) -> Explanation:
    """Return what product type `which` is evaluated against on `day`.

    With `level`, items of higher levels are left out; with `claims`, what depends on a claim not made. Raises
    `NoSuchLine` for an unknown type, level or profile, `NotInCatalogue` before the type's first day.
    """
    kind = scheme.product_type(which)
    if kind.valid_from > day:
        raise NotInCatalogue(which=which, valid_from=kind.valid_from, day=day)
    levels = scheme.levels[kind.levels] if kind.levels else None
    if level and levels is None:
        raise NoSuchLine(scheme=scheme.id, what=Text("级别", "level"), which=level)
    highest = levels.rank(level) if levels and level else None

    def applies(line: RequirementItem | Document | SampleRule | ProductionStep) -> bool:
        asked = which in line.applies_to and (claims is None or getattr(line, "claim", "") in ("", *claims))
        lowest = getattr(line, "level", "")
        return asked and not (levels and lowest and highest is not None and levels.rank(lowest) > highest)

    items = tuple(filter(applies, scheme.items.values()))
    return Explanation(
        product_type=kind,
        day=day,
        profile=scheme.profile(profile),
        levels=levels,
        standards=tuple((each, _edition(scheme, each, day)) for each in kind.standards),
        items=tuple(item for item in items if not item.checklist),
        checklists=tuple(
            (checklist, mine)
            for checklist in scheme.checklists.values()
            if (mine := tuple(item for item in items if item.checklist == checklist.id))
        ),
        decisive=_decisive(items),
        documents=tuple(filter(applies, scheme.documents.values())),
        samples=tuple(filter(applies, scheme.samples.values())),
        steps=tuple(filter(applies, scheme.steps.values())),
        outdated=tuple(
            (item.id, clause) for item in items for clause in item.clauses if not _cites_force(scheme, clause, day)
        ),
    )


def differences(old: Scheme, new: Scheme) -> tuple[Change, ...]:
    """Return the lines that were added, removed or changed from `old` to `new`, by collection and id."""
    changes: list[Change] = []
    for collection in Scheme.COLLECTIONS:
        before: dict[str, Any] = getattr(old, collection)
        after: dict[str, Any] = getattr(new, collection)
        for name in sorted(before.keys() | after.keys()):
            if name not in before:
                changes.append(Change("added", collection, name))
            elif name not in after:
                changes.append(Change("removed", collection, name))
            elif before[name] != after[name]:
                names = tuple(
                    each.name
                    for each in fields(after[name])
                    if getattr(before[name], each.name) != getattr(after[name], each.name)
                )
                changes.append(Change("changed", collection, name, names))
    return tuple(changes)


def _edition(scheme: Scheme, reference: Reference, day: date) -> Standard:
    if reference.edition:
        return scheme.standards[f"{reference.standard}-{reference.edition}"]
    return edition_in_force(scheme, reference.standard, day)


def _cites_force(scheme: Scheme, clause: Clause, day: date) -> bool:
    try:
        return edition_in_force(scheme, clause.standard, day).edition == clause.edition
    except NoEditionInForce:
        return False


def _decisive(items: tuple[RequirementItem, ...]) -> frozenset[str]:
    shall = [item for item in items if item.obligation is Obligation.SHALL]
    present = {item.id for item in items}
    return frozenset(each for item in shall for each in (item.id, *item.rests_on) if each in present)
