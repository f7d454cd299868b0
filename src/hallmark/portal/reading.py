"""What several pages ask: the schemes and their values in force, today's date, and the names that are public."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.office.accounts import queries as accounts
from hallmark.office.jobs.clock import now
from hallmark.office.registry import queries
from hallmark.office.registry.state import held_schemes
from hallmark.rules.state import Record
from hallmark.scheme.model import Provenance, Scheme
from hallmark.scheme.parameters import Setting, Settings, resolve
from hallmark.schemes import NoSuchScheme
from hallmark.statement.kind import Role

_OFFSET = "civil_offset_minutes"


def schemes() -> tuple[Scheme, ...]:
    """Return the schemes held here, by id; of one with several editions, the one adopted last."""
    held = {scheme.id: scheme for scheme in held_schemes().values()}
    for name, scheme in sorted(held.items()):
        for entry in adopted(name):
            held[name] = held_schemes().get(entry["digest"], scheme)
    return tuple(held[name] for name in sorted(held))


def find_scheme(which: str) -> Scheme:
    """Return the scheme `which`; raises `NoSuchScheme`."""
    for scheme in schemes():
        if scheme.id == which:
            return scheme
    raise NoSuchScheme(which=which[:80], known=", ".join(scheme.id for scheme in schemes()))


def adopted(scheme: str) -> list[Record]:
    """Return the editions that the owner adopted, in order."""
    editions: list[Record] = (queries.record(f"scheme/{scheme}") or {"editions": []})["editions"]
    return editions


def overrides(scheme: Scheme) -> Mapping[str, Setting]:
    """Return what the owner set when it adopted this edition, by parameter."""
    for entry in reversed(adopted(scheme.id)):
        if entry["digest"] == scheme.digest:
            return {
                name: Setting(setting["value"], Provenance.OPERATOR, setting["basis"])
                for name, setting in entry["parameters"].items()
            }
    return {}


def settings_of(scheme: Scheme) -> Settings:
    """Return the values in force of a scheme."""
    return resolve(scheme, overrides(scheme))


def offset_minutes() -> int:
    """Return how far the scheme's civil dates run ahead of UTC."""
    return settings_of(schemes()[0]).integer(_OFFSET)


def today() -> date:
    """Return the civil date."""
    return instant.civil_date(now(), offset_minutes())


def bodies() -> dict[str, Text]:
    """Return the names of the certification bodies by identifier."""
    return {each.id: Text(each.name_zh, each.name_en) for each in accounts.organisations(Role.BODY)}


def public_name(organisation: str) -> Text:
    """Return the name of an organisation; of an applicant, whose name is for members only, the identifier."""
    record = queries.record(f"organisation/{organisation}")
    if record is None or record["role"] == Role.APPLICANT:
        return Text(organisation, organisation)
    return Text(**record["name"])
