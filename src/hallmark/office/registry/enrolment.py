"""Bringing organisations and persons into the market: an account here and a statement on the ledger, both or none."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from hallmark.consortium.epoch import Start
from hallmark.kernel import instant
from hallmark.kernel.keys import ED25519, ESP256, ML_DSA_44, PublicKey
from hallmark.kernel.text import Text
from hallmark.office.accounts import queries as accounts_queries
from hallmark.office.accounts import services as accounts
from hallmark.office.accounts.models import Organisation, Person
from hallmark.office.accounts.policies import Actor
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import sequencer, services
from hallmark.office.registry.hosted import OPERATOR_KEY
from hallmark.office.registry.sequencer import LATER_LOG_KEYS, LOG_KEY
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.ledger import VERSION
from hallmark.statement import disclosure, envelope
from hallmark.statement.approval import Approval
from hallmark.statement.kind import Role

ALGORITHMS = (ED25519, ESP256, ML_DSA_44)


def found_ledger(
    operator: Text,
    owner: Text,
    *,
    address: str,
    registrar: str,
    login: str,
    password: str,
    development: bool,
    at: int | None = None,
) -> Actor:
    """Open an empty server: operator, scheme owner, their keys and the log's, genesis; return the first registrar.

    The scheme owner is hosted until it brings a key of its own. Raises `AlreadyOpen`.
    """
    made = wall_clock() if at is None else at
    with sequencer.turn():
        actor = accounts.found(operator, name=registrar, registration=registrar, login=login, password=password)
        (place,) = actor.organisations
        bank = accounts.register_organisation(actor, Role.OWNER, owner)
        keys().create(LOG_KEY)
        signing = {place: keys().create(OPERATOR_KEY), bank.id: keys().create(bank.id)}

        def founder(name: str, words: Text) -> dict[str, Any]:
            return {"id": name, "name": words._asdict(), "address": address, "key": _claim(signing[name])}

        draft, _ = envelope.compose(
            "ledger.founded",
            environment=services.environment(),
            issuer=place,
            subject=place,
            issued_at=made // instant.SECOND,
            claims={
                "development": development,
                "algorithms": list(ALGORITHMS),
                "rules": VERSION,
                "operator": founder(place, operator),
                "owners": [founder(bank.id, owner)],
            },
            salt=services.salt,
        )
        services.append([(envelope.sign(draft, (), keys().get_signer(OPERATOR_KEY)), ())], at=at)
    return actor


def make_log_key() -> PublicKey:
    """Make another key for the log, and return it: it signs heads once members voted for it and began an epoch."""
    return keys().create(f"{LATER_LOG_KEYS}{secrets.token_hex(4)}")


def found_consortium(start: Start, *, at: int | None = None) -> None:
    """Let the nodes of a consortium keep the ledger from here on; `start` is that of epoch 1, signed by all members.

    Raises as the rules do, and as `services.append`.
    """
    operator = _operator()
    services.append([services.issue("consortium.founded", operator, operator, {"start": start.encode()}, at=at)], at=at)


def register_organisation(
    actor: Actor,
    role: Role,
    name: Text,
    address: str,
    *,
    code: str = "",
    key: PublicKey | None = None,
    make_seal: Callable[[str], bytes] | None = None,
    at: int | None = None,
) -> Organisation:
    """Register an organisation here and on the ledger; takes a registrar.

    With `key` it keeps its own; without, the server makes and holds one for it, and the ledger says so. `code` becomes
    part of a body's certificate numbers; `make_seal` is given its id and returns the certificate of
    the seal on its pages.
    """
    with sequencer.turn():
        place = accounts.register_organisation(actor, role, name)
        claims = {
            "name": name._asdict(),
            "address": address,
            "key": _claim(key or keys().create(place.id)),
            "hosted": key is None,
        }
        if role is Role.APPLICANT:
            statement = services.issue("applicant.registered", _operator(), place.id, claims, at=at)
        else:
            claims |= {
                "role": str(role),
                **({"code": code} if code else {}),
                **({"seal": make_seal(place.id)} if make_seal else {}),
            }
            statement = services.issue("organisation.registered", _operator(), place.id, claims, at=at)
        services.append([statement], at=at)
    return place


def enrol_person(actor: Actor, name: str, registration: str) -> Person:
    """Enrol a person here; on the ledger they are from the moment they bring a key (`enrol_key`)."""
    return accounts.enrol_person(actor, name, registration)


def enrol_key(
    actor: Actor,
    person: str,
    key: PublicKey,
    proof: Approval,
    *,
    relying_party: str | None = None,
    at: int | None = None,
) -> None:
    """Give a person the key that they approve with, here and on the ledger; raises as `accounts.enrol_key`."""
    made = wall_clock() if at is None else at
    with sequencer.turn():
        accounts.enrol_key(actor, person, key, proof, at=made, relying_party=relying_party)
        value: dict[str, Any] = {"key": _claim(key)}
        if relying_party:
            value["relying_party"] = relying_party
        if DatabaseState().get(f"person/{person}"):
            claims = {"key": value, "reason": "the person enrolled another key"}
            statement = services.issue("person.rekeyed", _operator(), person, claims, at=at)
        else:
            statement = _enrolment(person, value, made)
        services.append([statement], at=at)


def _enrolment(person: str, key: dict[str, Any], made: int) -> tuple[bytes, tuple[disclosure.Disclosure, ...]]:
    """Return the statement whose sealed claims have the salts that `accounts` keeps, so that erasing there erases."""
    hidden = accounts_queries.disclosures_of(person)
    salts = iter([each.salt for each in hidden])
    draft, _ = envelope.compose(
        "person.enrolled",
        environment=services.environment(),
        issuer=_operator(),
        subject=person,
        issued_at=made // instant.SECOND,
        claims={"key": key, **{each.name: each.value for each in hidden}},
        salt=lambda: next(salts),
    )
    return envelope.sign(draft, (), keys().get_signer(OPERATOR_KEY)), ()


def _claim(key: PublicKey) -> dict[str, object]:
    return {"algorithm": key.algorithm, "material": key.material}


def _operator() -> str:
    ledger = DatabaseState().get("ledger")
    return str(ledger["operator"]) if ledger else ""
