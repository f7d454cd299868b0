"""Natural persons as rules see them: who is who, who may do what, who has an interest in whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from hallmark.kernel import instant
from hallmark.rules.state import Record, State
from hallmark.statement.kind import Role


def resolve(state: State, person: str) -> str:
    """Return the identifier under which `person` remains after mergers."""
    record = state.get(f"person/{person}")
    while record and record.get("merged_into"):
        person = record["merged_into"]
        record = state.get(f"person/{person}")
    return person


def identifiers(state: State, person: str) -> Iterator[str]:
    """Yield every identifier of the natural person that `person` is."""
    waiting = [resolve(state, person)]
    for name in waiting:
        yield name
        waiting.extend((state.get(f"merged/{name}") or {"persons": []})["persons"])


def is_competent(
    state: State, person: str, organisation: str, function: str, scheme: str, product_type: str, today: date
) -> bool:
    """Tell whether `organisation` holds `person` competent in `function` for the type on this day."""
    for name in identifiers(state, person):
        record = state.get(f"competence/{name}/{organisation}/{function}/{scheme}")
        if record and product_type in record["product_types"] and _covers(record, today):
            return True
    return False


def competences(state: State, person: str) -> Iterator[tuple[str, str, Record]]:
    """Yield (organisation, function, record) of each competence of the natural person."""
    for name in identifiers(state, person):
        for key in (state.get(f"competences/{name}") or {"keys": []})["keys"]:
            _, _, organisation, function, _ = key.split("/", 4)  # a scheme's id may hold a slash
            yield organisation, function, state.get(key) or {}


def bodies(state: State, person: str, today: date) -> Iterator[str]:
    """Yield the certification bodies that the natural person practises for today."""
    for organisation, _, record in competences(state, person):
        role = (state.get(f"organisation/{organisation}") or {"role": ""})["role"]
        if role == Role.BODY and record["product_types"] and _covers(record, today):
            yield organisation


def is_employed(state: State, person: str, organisation: str, today: date, cooling_off_years: int) -> bool:
    """Tell whether `organisation` records the natural person in any function, or did too recently."""
    return any(
        place == organisation
        and instant.parse_date(record["valid_from"]) <= today
        and not _is_over(instant.parse_date(record["valid_until"]), today, cooling_off_years)
        for place, _, record in competences(state, person)
    )


def interests(
    state: State, holder: str, parties: Iterable[str], today: date, cooling_off_years: int
) -> Iterator[tuple[str, str]]:
    """Yield (party, nature) for each interest between `holder` and `parties`, also those that ended too recently."""
    for party in parties:
        for key in (f"interest/{holder}/{party}", f"interest/{party}/{holder}"):
            for interest in (state.get(key) or {"interests": []})["interests"]:
                until = interest["until"] and instant.parse_date(interest["until"])
                cooled = until and _is_over(until, today, cooling_off_years)
                if instant.parse_date(interest["from"]) <= today and not cooled:
                    yield party, interest["nature"]


def _covers(record: Record, today: date) -> bool:
    return instant.parse_date(record["valid_from"]) <= today <= instant.parse_date(record["valid_until"])


def _is_over(until: date, today: date, cooling_off_years: int) -> bool:
    # What is not past needs no sum, which the calendar may not hold.
    return until < today and instant.add_years(until, cooling_off_years) < today
