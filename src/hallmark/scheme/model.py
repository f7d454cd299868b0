"""What a certification scheme consists of: lines of data, each with its source and how sure that source is.

Field names are the keys of the TOML files, so this page is also the description of the format. Every class that is a
line inherits `source` and `certainty`; every word for people is a `Text` in both languages; every date is a civil date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, TypeVar

from hallmark.kernel.errors import Missing
from hallmark.kernel.text import Text

_L = TypeVar("_L")
Value = int | Decimal | str | bool | tuple[int | Decimal | str, ...]


class NoSuchLine(Missing):
    """The scheme has no line of that name."""

    en = "Scheme {scheme} has no {what} named {which}. Look the name up in the scheme's catalogue."
    zh = "方案 {scheme} 中没有名为 {which} 的{what}。请在方案目录中查找正确名称。"


class Certainty(StrEnum):
    """How sure a line is, strongest first."""

    PRIMARY = "primary"  # the legal text was read in full
    STATED = "stated"  # stated in a page or file that was seen
    INFERRED = "inferred"  # follows from seen facts, or from a standard's title and scope
    GENERAL = "general"  # general practice or our own choice; the text was not seen
    UNKNOWN = "unknown"  # no source was found

    @property
    def rank(self) -> int:
        """Return 0 for the strongest."""
        return list(Certainty).index(self)


class Obligation(StrEnum):
    """The verb of a requirement (GB/T 1.1: 应, 宜, 可); only `shall` can fail a product."""

    SHALL = "shall"
    SHOULD = "should"
    MAY = "may"


class Method(StrEnum):
    """How an item is examined."""

    AUTO = "auto"
    INSTRUMENT = "instrument"
    INSPECTION = "inspection"
    DOCUMENT = "document"
    INTERVIEW = "interview"
    WITNESS = "witness"


class Provenance(StrEnum):
    """Who set a value: the cited source, this house, or (no value in the data) the operator."""

    SOURCE = "source"
    HALLMARK = "hallmark"
    OPERATOR = "operator"


class Module(StrEnum):
    """A leg of the evaluation: prototype inspection in a laboratory, audit on site."""

    TYPE_TEST = "type_test"
    AUDIT = "audit"


class Role(StrEnum):
    """What a standard is to a product type: the confirmed basis, a probable one, or a companion."""

    BASIS = "basis"
    PROBABLE = "probable"
    COMPANION = "companion"


class Promotion(StrEnum):
    """Whether the certificate may be used in promotion; use beyond its scope is forbidden in both."""

    NOT_DIRECT = "not-direct"
    WITHIN_SCOPE = "within-scope"


class StepKind(StrEnum):
    """Where a production step takes place."""

    FACTORY = "factory"
    SOFTWARE = "software"


class Effect(StrEnum):
    """What a mark rule does."""

    PERMIT = "permit"
    REQUIRE = "require"
    FORBID = "forbid"


class Aggregation(StrEnum):
    """How the levels of parts make the level of the product."""

    LOWEST = "lowest"
    CLAIMED = "claimed"


@dataclass(frozen=True, kw_only=True)
class Line:
    """What every line carries: ids of its sources, and its certainty."""

    source: tuple[str, ...]
    certainty: Certainty


@dataclass(frozen=True, kw_only=True)
class Source:
    """A document, page or body of practice; `certainty` is the strongest that it can lend to a line."""

    id: str
    title: Text
    where: str
    certainty: Certainty


@dataclass(frozen=True, kw_only=True)
class Instrument(Line):
    """A legal or administrative act that carries the scheme."""

    id: str
    number: str
    title: Text
    effect: Text
    issued: date | None = None
    in_force: date | None = None


@dataclass(frozen=True, kw_only=True)
class Standard(Line):
    """One edition of a standard; without `valid_from` it counts from the beginning."""

    id: str
    title: Text
    edition: str = ""
    valid_from: date | None = None
    superseded_by: str = ""

    @property
    def name(self) -> str:
        """Return the designation, dated where the edition is known: `JR/T 0092-2019`."""
        return f"{self.id}-{self.edition}" if self.edition else self.id


@dataclass(frozen=True, kw_only=True)
class Reference(Line):
    """A standard that a product type is certified against; undated unless `edition` is given."""

    standard: str
    role: Role
    edition: str = ""


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A place in one edition of a standard; without `clause`, the source shows only that the standard covers it."""

    standard: str
    certainty: Certainty
    edition: str = ""
    clause: str = ""

    @property
    def place(self) -> str:
        """Return the place as it is cited, for instance `JR/T 0092-2019 6.3`."""
        dated = f"{self.standard}-{self.edition}" if self.edition else self.standard
        return f"{dated} {self.clause}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Level:
    """One step of a level set."""

    id: str
    title: Text


@dataclass(frozen=True, kw_only=True)
class LevelSet(Line):
    """Levels from the lowest upwards, and how the levels of parts combine."""

    id: str
    title: Text
    levels: tuple[Level, ...]
    aggregation: Aggregation

    def rank(self, level: str) -> int:
        """Return the place of `level`, 0 for the lowest; raises `NoSuchLine`."""
        names = [each.id for each in self.levels]
        if level not in names:
            raise NoSuchLine(scheme=self.id, what=Text("级别", "level"), which=level)
        return names.index(level)


@dataclass(frozen=True, kw_only=True)
class ProductType(Line):
    """A line of the catalogue."""

    id: str
    batch: int
    title: Text
    scope: Text
    valid_from: date
    standards: tuple[Reference, ...]
    levels: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim(Line):
    """Something an applicant may declare, on which items, documents or samples depend."""

    id: str
    title: Text


@dataclass(frozen=True, kw_only=True)
class Parameter(Line):
    """A number or word that rules, offices or kits read; no value means the operator must set it.

    `unit` `text`, `set` and `flag` hold words, several words, and yes or no; every other unit holds an integer, a
    decimal (written as text: signed data has no floats) or a list of them. `suggestion` is never used by itself.
    """

    id: str
    title: Text
    unit: str
    provenance: Provenance
    value: Value | None = None
    suggestion: Text | None = None


@dataclass(frozen=True, kw_only=True)
class RequirementItem(Line):
    """One requirement, of a test or of a checklist: what it is, never how it is measured.

    `limits` are read by name. `rests_on` names items whose verdicts together decide this one. `level` is the lowest
    level that asks for it; `claim` must be made by the applicant, else the item does not apply.
    """

    id: str
    title: Text
    criterion: Text
    obligation: Obligation
    method: Method
    clauses: tuple[Clause, ...]
    applies_to: tuple[str, ...]
    limits: tuple[Parameter, ...] = ()
    rests_on: tuple[str, ...] = ()
    checklist: str = ""
    level: str = ""
    claim: str = ""


@dataclass(frozen=True, kw_only=True)
class Checklist(Line):
    """A named list of items that a person works through, in one leg of the evaluation."""

    id: str
    title: Text
    module: Module


@dataclass(frozen=True, kw_only=True)
class ProductionStep(Line):
    """A step of production that an inspection may be drawn for; `weight` names the parameter that weighs the draw."""

    id: str
    kind: StepKind
    title: Text
    examined: Text
    weight: str
    applies_to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Document(Line):
    """A document that an application contains."""

    id: str
    title: Text
    applies_to: tuple[str, ...]
    claim: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleRule(Line):
    """What to send to the laboratory."""

    id: str
    rule: Text
    applies_to: tuple[str, ...]
    claim: str = ""


@dataclass(frozen=True, kw_only=True)
class Profile(Line):
    """A reading of the rules: the legs it requires and what it lets a holder do."""

    id: str
    title: Text
    required: tuple[Module, ...]
    promotion: Promotion
    mark_on_logo: bool


@dataclass(frozen=True, kw_only=True)
class Function(Line):
    """A function that a person holds in an act."""

    id: str
    title: Text


@dataclass(frozen=True, kw_only=True)
class ApprovalRule(Line):
    """Whose personal approval a kind of statement needs: every function of `all_of`, and one of `any_of` if given."""

    id: str
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MarkRule(Line):
    """What a holder may, must or may not do with certificate and mark; `profile` narrows it to one profile."""

    id: str
    rule: Text
    effect: Effect
    profile: str = ""


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A loaded scheme: every collection by id, in the order of ids; `digest` is 32 bytes over all of it."""

    COLLECTIONS: ClassVar[Mapping[str, type]] = {
        "sources": Source,
        "instruments": Instrument,
        "standards": Standard,
        "levels": LevelSet,
        "claims": Claim,
        "types": ProductType,
        "checklists": Checklist,
        "items": RequirementItem,
        "parameters": Parameter,
        "steps": ProductionStep,
        "documents": Document,
        "samples": SampleRule,
        "profiles": Profile,
        "functions": Function,
        "approvals": ApprovalRule,
        "marks": MarkRule,
    }

    id: str
    edition: str
    title: Text
    default_profile: str
    digest: bytes
    sources: Mapping[str, Source]
    instruments: Mapping[str, Instrument]
    standards: Mapping[str, Standard]
    levels: Mapping[str, LevelSet]
    claims: Mapping[str, Claim]
    types: Mapping[str, ProductType]
    checklists: Mapping[str, Checklist]
    items: Mapping[str, RequirementItem]
    parameters: Mapping[str, Parameter]
    steps: Mapping[str, ProductionStep]
    documents: Mapping[str, Document]
    samples: Mapping[str, SampleRule]
    profiles: Mapping[str, Profile]
    functions: Mapping[str, Function]
    approvals: Mapping[str, ApprovalRule]
    marks: Mapping[str, MarkRule]

    def product_type(self, which: str) -> ProductType:
        """Return the product type `which`; raises `NoSuchLine`."""
        return self._line(self.types, Text("产品类别", "product type"), which)

    def item(self, which: str) -> RequirementItem:
        """Return the item `which`; raises `NoSuchLine`."""
        return self._line(self.items, Text("项目", "item"), which)

    def profile(self, which: str = "") -> Profile:
        """Return the profile `which`, or the default one; raises `NoSuchLine`."""
        return self._line(self.profiles, Text("规则剖面", "profile"), which or self.default_profile)

    def approval(self, kind: str) -> ApprovalRule:
        """Return whose approval statements of `kind` need; raises `NoSuchLine`."""
        return self._line(self.approvals, Text("签批规则", "approval rule"), kind)

    def _line(self, collection: Mapping[str, _L], what: Text, which: str) -> _L:
        if which not in collection:
            raise NoSuchLine(scheme=self.id, what=what, which=which)
        return collection[which]
