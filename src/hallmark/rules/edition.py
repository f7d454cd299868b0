"""The scheme edition that a case stands under: its data, the profile its owner adopted, and the parameters it set.

An adopted edition is never edited, and reading one takes milliseconds: what was read is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text
from hallmark.rules.state import Record, State
from hallmark.scheme import parameters
from hallmark.scheme.explain import Explanation, explain
from hallmark.scheme.model import Module, Profile, Provenance, RequirementItem, Scheme

_EDITIONS_KEPT = 64
_EXPLANATIONS_KEPT = 512  # one for each edition, product type, day of application, level and set of claims
_NEXT_EDITION = Text("下一版本适用之日", "the day of the next edition")


class EditionNotInForce(Refusal):
    """Applications are taken under the edition in force, or one whose transition has not ended."""

    article = "ISO/IEC 17065:2012 7.10.1"
    en = (
        "Edition {edition} of scheme {scheme} takes no applications on {today}: {why}. Apply under an edition in force."
    )
    zh = "方案 {scheme} 的版本 {edition} 在 {today} 不受理申请：{why}。请按现行版本申请。"


@dataclass(frozen=True, eq=False)
class Edition:
    """A scheme's data with what its owner adopted beside it; there is one object for each."""

    scheme: Scheme
    adopted: Record

    @classmethod
    def of_case(cls, state: State, case: Mapping[str, Any]) -> Edition:
        """Return the edition that `case` was applied under."""
        return cls.named(state, case["scheme"], case["edition"])

    @classmethod
    def named(cls, state: State, scheme: str, edition: str) -> Edition:
        """Return an adopted edition; raises `EditionNotInForce`."""
        for entry in (state.get(f"scheme/{scheme}") or {"editions": []})["editions"]:
            if entry["edition"] == edition:
                return cls._loaded(state, entry)
        raise EditionNotInForce(
            scheme=scheme, edition=edition, today="?", why=Text("它从未被采用", "it was never adopted")
        )

    @classmethod
    def latest(cls, state: State, scheme: str) -> Edition:
        """Return the edition adopted last; raises `EditionNotInForce`."""
        entries = (state.get(f"scheme/{scheme}") or {"editions": []})["editions"]
        if not entries:
            raise EditionNotInForce(
                scheme=scheme, edition="?", today="?", why=Text("从未采用过任何版本", "no edition was ever adopted")
            )
        return cls._loaded(state, entries[-1])

    @classmethod
    def _loaded(cls, state: State, entry: Record) -> Edition:
        scheme = state.scheme(entry["digest"])
        if scheme is None:
            raise EditionNotInForce(
                scheme="?", edition=entry["edition"], today="?", why=Text("此处没有其数据", "its data is not held here")
            )
        return _read(_Adoption(entry["adoption"], scheme, entry))

    @property
    def profile(self) -> Profile:
        """The reading of the rules that the owner adopted."""
        return self.scheme.profile(self.adopted["profile"])

    def requires(self, module: Module) -> bool:
        """Tell whether the evaluation has this leg."""
        return module in self.profile.required

    @cached_property
    def settings(self) -> parameters.Settings:
        """The values in force: the sources' and those that the owner set when it adopted the edition."""
        return parameters.resolve(
            self.scheme,
            {
                name: parameters.Setting(setting["value"], Provenance.OPERATOR, setting["basis"])
                for name, setting in self.adopted["parameters"].items()
            },
        )

    def number(self, name: str) -> int:
        """Return the whole number of a parameter; raises `NotSet` where neither source nor owner gives it."""
        return self.settings.integer(name)

    def date_at(self, utc_ms: int) -> date:
        """Return the calendar date at the scheme's fixed offset."""
        return instant.civil_date(utc_ms, self.number("civil_offset_minutes"))

    def check_open(self, state: State, today: date) -> None:
        """Raise `EditionNotInForce` unless applications are taken under this edition today."""
        entries = (state.get(f"scheme/{self.scheme.id}") or {"editions": []})["editions"]
        in_force = [entry for entry in entries if instant.parse_date(entry["applies_from"]) <= today]
        if self.adopted not in in_force:
            self._refuse(
                today,
                Text(f"它自 {self.adopted['applies_from']} 起适用", f"it applies from {self.adopted['applies_from']}"),
            )
        if self.adopted is in_force[-1] or self.adopted == in_force[-1]:
            return
        until = in_force[in_force.index(self.adopted) + 1]["previous_until"]
        if until is None or instant.parse_date(until) < today:
            ended = Text(until, until) if until else _NEXT_EDITION
            self._refuse(today, Text(f"其过渡期于 {ended.zh} 结束", f"its transition ended on {ended.en}"))

    def _refuse(self, today: date, why: Text) -> None:
        raise EditionNotInForce(scheme=self.scheme.id, edition=self.scheme.edition, today=today, why=why)

    def explain(self, case: Mapping[str, Any]) -> Explanation:
        """Return what the product of `case` is evaluated against: the standards of the day it was applied for."""
        day = self.date_at(case["opened_at"])
        return _explain(self, case["product_type"], day, case["level"] or "", tuple(case["declares"]))

    def items(self, case: Mapping[str, Any], module: Module) -> tuple[RequirementItem, ...]:
        """Return the requirement items of one leg."""
        explained = self.explain(case)
        listed = [item for checklist, items in explained.checklists if checklist.module is module for item in items]
        return (*(explained.items if module is Module.TYPE_TEST else ()), *listed)

    def decisive(self, case: Mapping[str, Any], module: Module) -> tuple[RequirementItem, ...]:
        """Return those of `items` that can fail the product."""
        decisive = self.explain(case).decisive
        return tuple(item for item in self.items(case, module) if item.id in decisive)


@dataclass(frozen=True)
class _Adoption:
    """What an edition is read from; `digest` covers the record, and the record the digest of the data."""

    digest: bytes
    scheme: Scheme = field(compare=False)
    record: Record = field(compare=False)


@lru_cache(_EDITIONS_KEPT)
def _read(adoption: _Adoption) -> Edition:
    return Edition(adoption.scheme, adoption.record)


@lru_cache(_EXPLANATIONS_KEPT)
def _explain(edition: Edition, product_type: str, day: date, level: str, claims: tuple[str, ...]) -> Explanation:
    return explain(edition.scheme, product_type, day, profile=edition.adopted["profile"], level=level, claims=claims)
