"""The stage: opens the server for the cast, and lets a persona act as people do: prepare, approve, submit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from hallmark.kernel import identifier, instant
from hallmark.kernel.keys import SoftwareSigner
from hallmark.office.accounts import enrolment as proof
from hallmark.office.accounts import entry
from hallmark.office.accounts import queries as accounts
from hallmark.office.accounts import services as people
from hallmark.office.accounts.policies import Actor
from hallmark.office.evidence import services as evidence
from hallmark.office.evidence.models import Evidence
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys import durable
from hallmark.office.keys.services import port as keys
from hallmark.office.papers import services as papers
from hallmark.office.registry import enrolment, sequencer, services
from hallmark.office.registry.state import DatabaseState, held_schemes
from hallmark.scheme.model import Scheme
from hallmark.server.demonstration.cast import (
    ADDRESS,
    BASIS,
    CAST,
    DESIGNATIONS,
    FOUNDERS,
    OPERATOR,
    OWNER,
    PARAMETERS,
    PASSWORD,
    REGISTRAR,
)
from hallmark.server.network import Network
from hallmark.statement.approval import approve
from hallmark.statement.kind import Role, Visibility

_FUNCTIONS = ("manager", "registrar")  # of accounts, not of cases


class Stage:
    """The market with its clock: `at` is the time told next, which runs from weeks ago up to now."""

    def __init__(self, began: timedelta) -> None:
        self.at = wall_clock() - int(began.total_seconds()) * instant.SECOND
        self.places: dict[str, str] = {}
        self.persons: dict[str, str] = {}
        self.actors: dict[str, Actor] = {}
        self._keys: dict[str, SoftwareSigner] = {}
        self.scheme: Scheme = next(each for each in held_schemes().values() if each.id == "cfp")

    def open(self) -> None:
        """Found the ledger and bring everybody in."""
        with transaction.atomic():
            registrar = enrolment.found_ledger(
                OPERATOR,
                OWNER,
                address=ADDRESS,
                registrar=REGISTRAR[1],
                login=REGISTRAR[0],
                password=PASSWORD,
                development=True,
                at=self.at,
            )
            for place, member in CAST.items():
                self._bring_in(registrar, place)
                for login, (name, functions) in member.people.items():
                    self._enrol(registrar, place, login, name, functions)
            self._adopt_scheme()
            self._record_competences()
            self._designate()

    def found_consortium(self, network: Network) -> None:
        """Let the founders' nodes keep the ledger from now on."""
        ledger = DatabaseState().get("ledger") or {}
        places = {"operator": ledger["operator"], **self.places}
        members = [places[name] for name in FOUNDERS]
        start = network.found(sequencer.origin(), members, keys().get_signer(sequencer.LOG_KEY).public, ledger["rules"])
        network.start()
        network.wait()
        self.pass_time(minutes=1)
        enrolment.found_consortium(start, at=self.at)

    def pass_time(self, **duration: int) -> None:
        """Let the clock run on, and never beyond now."""
        self.at = min(self.at + int(timedelta(**duration).total_seconds()) * instant.SECOND, wall_clock())

    def day(self, days: int = 0) -> str:
        """Return the civil date `days` from the stage's now."""
        return instant.civil_date(self.at + days * instant.DAY, 480).isoformat()

    def act(
        self,
        kind: str,
        who: str,
        place: str,
        subject: str,
        claims: Mapping[str, Any],
        approvals: Mapping[str, str] | None = None,
    ) -> int:
        """Let `who` of `place` prepare a statement, the approvers (function -> login) approve and it be submitted."""
        draft = services.prepare(self.actors[who], kind, self.places[place], subject, claims, at=self.at)
        return self.submit(who, draft.id, approvals or {})

    def submit(self, who: str, draft: str, approvals: Mapping[str, str]) -> int:
        """Let the approvers approve a draft, and `who` submit it."""
        content = services.find_draft(self.actors[who], draft)
        for function, login in approvals.items():
            signed = approve(content.approval_digest, self.persons[login], function, self._keys[login])
            services.approve(self.actors[who], draft, signed)
        self.pass_time(minutes=1)
        return services.submit(self.actors[who], draft, at=min(self.at, wall_clock()))

    def keep(self, place: str, title: str, content: bytes, media_type: str = "text/plain") -> Evidence:
        """Keep `content` as evidence of an organisation."""
        return evidence.store(
            BytesIO(content),
            name=title,
            media_type=media_type,
            owner=self.places[place],
            visibility=Visibility.MEMBERS,
            at=self.at,
        )

    def claim(self, kept: Evidence, **more: object) -> dict[str, Any]:
        """Return the claim that names kept evidence."""
        return {
            "title": kept.name,
            "sha256": bytes.fromhex(kept.digest),
            "size": kept.size,
            "address": bytes.fromhex(kept.address),
            **more,
        }

    def new(self, prefix: str, seed: str) -> str:
        """Return an identifier that is the same in every demonstration of this environment."""
        return identifier.from_seed(prefix, f"{settings.HALLMARK_ENVIRONMENT} {seed}".encode())

    def _bring_in(self, registrar: Actor, place: str) -> None:
        member = CAST[place]
        if place == "owner":
            self.places[place] = accounts.organisations(Role.OWNER)[0].id
            return
        today = instant.civil_date(self.at, 0)
        registered = enrolment.register_organisation(
            registrar,
            member.role,
            member.name,
            member.address,
            code=member.code,
            make_seal=(lambda name: papers.make_seal(name, member.name, today))
            if member.role in papers.SEALING
            else None,
            at=self.at,
        )
        self.places[place] = registered.id
        self.pass_time(minutes=1)

    def _enrol(self, registrar: Actor, place: str, login: str, name: str, functions: tuple[str, ...]) -> None:
        person = enrolment.enrol_person(registrar, name, f"persona {login}")
        people.set_functions(registrar, self.places[place], person.id, functions)
        entry.open_account(login, person, PASSWORD)
        key = self._keys[login] = self._make_key(login)
        evidence_of_key = proof.prove(services.environment(), person.id, key)
        self.pass_time(minutes=1)
        enrolment.enrol_key(registrar, person.id, key.public, evidence_of_key, at=self.at)
        self.persons[login] = person.id
        self.actors[login] = accounts.actor(login)

    def _make_key(self, login: str) -> SoftwareSigner:
        folder = durable.make_folder(Path(settings.DATA) / "personas")
        key = SoftwareSigner.generate()
        durable.write_once(folder / f"{login}.pem", key.to_pem())
        return key

    def _adopt_scheme(self) -> None:
        self.pass_time(minutes=1)
        claims = {
            "scheme": self.scheme.id,
            "edition": self.scheme.edition,
            "digest": self.scheme.digest,
            "profile": self.scheme.default_profile,
            "applies_from": self.day(),
            "parameters": [{"name": name, "value": value, "basis": BASIS} for name, value in PARAMETERS.items()],
        }
        self.act("scheme.adopted", "bea", "owner", self.places["owner"], claims)

    def _record_competences(self) -> None:
        for place, member in CAST.items():
            types = sorted({name for holder, _, names in DESIGNATIONS for name in names if holder == place})
            for login, (_, functions) in member.people.items():
                for function in functions:
                    if function in _FUNCTIONS or member.role in (Role.OWNER, Role.JURISDICTION):
                        continue
                    claims = {
                        "function": function,
                        "scheme": self.scheme.id,
                        "product_types": types or ["CFP-01", "CFP-02"],
                        "valid_from": self.day(),
                        "valid_until": self.day(3 * 365),
                        "basis": "persona of the demonstration",
                    }
                    manager = next(each for each, (_, held) in member.people.items() if "manager" in held)
                    self.act("competence.recorded", manager, place, self.persons[login], claims)

    def _designate(self) -> None:
        for place, activity, types in DESIGNATIONS:
            claims = {
                "activity": activity,
                "scheme": self.scheme.id,
                "product_types": list(types),
                "valid_from": self.day(),
                "valid_until": self.day(4 * 365),
                "basis": "designated for the demonstration",
            }
            self.act("designation.granted", "bea", "owner", self.places[place], claims)


def digest(content: bytes) -> bytes:
    """Return SHA-256 of a file's content."""
    return hashlib.sha256(content).digest()
