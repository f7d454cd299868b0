"""The values in force: what the scheme gives, and what its operator sets where the scheme gives nothing.

A parameter is addressed by its id (`validity_years`), a limit by its item's as well (`RND-17.alpha_t`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hallmark.kernel.errors import Refusal
from hallmark.scheme.errors import INTEGER, WrongKind
from hallmark.scheme.model import Certainty, Parameter, Provenance, RequirementItem, Scheme, Value
from hallmark.scheme.reading import Place, read_value

Plain = int | str | bool | list[int | str] | None


class NoSuchParameter(Refusal):
    """The scheme has no such parameter."""

    en = "The scheme has no parameter {which}, so nothing can be set there. Correct the name."
    zh = "方案中没有参数 {which}，无法设定。请更正名称。"


class ProvenanceUnknown(Refusal):
    """A value comes without saying who set it and on what ground."""

    en = "The value for {which} does not say who set it and on what ground. Give provenance `operator` and the ground."
    zh = "{which} 的取值未说明由谁设定、依据为何。请注明 provenance 为 operator 并写明依据。"


class FixedBySource(Refusal):
    """A text that was read gives the value; an operator does not change it."""

    en = "{which} is fixed by {source}, which an operator cannot change. Publish an edition of the scheme instead."
    zh = "{which} 由 {source} 规定，运营者不得更改。如需更改，请发布方案的新版本。"


class NotSet(Refusal):
    """Neither a source nor the operator gives the value."""

    en = "{which} has no value: no source gives one, and the operator has set none. Have the operator set it."
    zh = "{which} 没有取值：来源未给出，运营者也未设定。请运营者设定。"


class NotASetting(WrongKind):
    """The operator's value is of another kind than the parameter."""

    en = "{key} expects {expected}. Write decimals as text, and set it again."
    zh = "{key} 应为 {expected}。小数请写成文本，并重新设定。"


@dataclass(frozen=True)
class Setting:
    """A value that an operator sets; `ground` says on what document or decision."""

    value: object
    provenance: str
    ground: str


@dataclass(frozen=True)
class Settings:
    """Every parameter and limit of a scheme with the value in force; no value where nobody has set one."""

    values: Mapping[str, Value | None]
    provenance: Mapping[str, Provenance]

    def value(self, which: str) -> Value:
        """Return the value of `which`; raises `NotSet` or `NoSuchParameter`."""
        if which not in self.values:
            raise NoSuchParameter(which=which)
        value = self.values[which]
        if value is None:
            raise NotSet(which=which)
        return value

    def integer(self, which: str) -> int:
        """Return the value of `which`, which must be an integer; raises `NotSet`, `NoSuchParameter`, `NotASetting`."""
        value = self.value(which)
        if type(value) is not int:
            raise NotASetting(file="", key=which, expected=INTEGER)
        return value

    def limits(self, item: RequirementItem) -> dict[str, Plain]:
        """Return the limits of `item` by name as a kit takes them: JSON values, decimals as text, open ones None."""
        return {limit.id: _plain(self.values[f"{item.id}.{limit.id}"]) for limit in item.limits}


def resolve(scheme: Scheme, overrides: Mapping[str, Setting] | None = None) -> Settings:
    """Return the values in force under an operator's `overrides`.

    Raises `NoSuchParameter`, `ProvenanceUnknown`, `FixedBySource` for a value that a text gives, `NotASetting`.
    """
    overrides = overrides or {}
    parameters = dict(_addressed(scheme))
    values = {which: parameter.value for which, parameter in parameters.items()}
    provenance = {which: parameter.provenance for which, parameter in parameters.items()}
    for which, setting in overrides.items():
        if which not in parameters:
            raise NoSuchParameter(which=which)
        parameter = parameters[which]
        if setting.provenance != Provenance.OPERATOR or not setting.ground.strip():
            raise ProvenanceUnknown(which=which)
        if parameter.provenance is Provenance.SOURCE and parameter.certainty.rank <= Certainty.STATED.rank:
            raise FixedBySource(which=which, source=", ".join(parameter.source))
        try:
            values[which] = read_value(parameter.unit, setting.value, Place("", which))
        except WrongKind as error:
            raise NotASetting(**error.facts) from None
        provenance[which] = Provenance.OPERATOR
    return Settings(values, provenance)


def _addressed(scheme: Scheme) -> Iterator[tuple[str, Parameter]]:
    yield from scheme.parameters.items()
    for item in scheme.items.values():
        for limit in item.limits:
            yield f"{item.id}.{limit.id}", limit


def _plain(value: Value | None) -> Plain:
    if isinstance(value, tuple):
        return [str(each) if isinstance(each, Decimal) else each for each in value]
    return str(value) if isinstance(value, Decimal) else value
