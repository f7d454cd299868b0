"""Organisations, persons, and their keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router
from pydantic import Field

from hallmark.api.identity import Request, anyone, signed_in
from hallmark.api.schema import Body, Digest, Hex, Identifier, Json, Key, Line, Names, Reply
from hallmark.kernel import instant
from hallmark.kernel.keys import PublicKey
from hallmark.office.accounts import entry, queries, services
from hallmark.office.jobs.clock import now
from hallmark.office.papers import services as papers
from hallmark.office.registry import enrolment
from hallmark.office.registry import queries as registry
from hallmark.statement.approval import Approval
from hallmark.statement.kind import Role
from hallmark.statement.shape import Words

router = Router(auth=signed_in, tags=["people"])

_Role = Literal["owner", "applicant", "body", "laboratory", "jurisdiction"]


class NewOrganisation(Body):
    """An organisation to register; without `key` the server makes and holds one for it."""

    role: _Role
    name: Names
    address: Annotated[str, Field(min_length=1, max_length=400)]
    code: Annotated[str, Field(pattern=r"^([A-Z0-9]{2,8})?$")] = ""
    key: Key | None = None


class IdReply(Reply):
    """The identifier given."""

    id: str


class OrganisationReply(Reply):
    """An organisation as the ledger shows it."""

    id: str
    role: str
    name: Json
    address: str
    code: str | None


class NewPerson(Body):
    """A natural person to enrol; the registration number is what tells two persons of one name apart."""

    name: Line
    registration: Line


class ApprovalBody(Body):
    """A person's signature; the last two for Web Authentication. All bytes in hexadecimal."""

    person: Identifier
    function: Annotated[str, Field(pattern=r"^[a-z_]{1,64}$")]
    key: Digest
    signature: Hex
    authenticator_data: Hex | None = None
    client_data: Hex | None = None

    def read(self) -> Approval:
        """Return the approval; raises `BadClaim`."""
        value: dict[str, Any] = {"person": self.person, "function": self.function}
        for name in ("key", "signature", "authenticator_data", "client_data"):
            if (text := getattr(self, name)) is not None:
                value[name] = bytes.fromhex(text)
        return Approval.from_value(value)


class NewKey(Body):
    """A key, and the approval of its enrolment made with it."""

    key: Key
    proof: ApprovalBody
    relying_party: Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,253}$")] | None = None


class Functions(Body):
    """What a person does for an organisation; nothing ends the membership."""

    functions: list[Annotated[str, Field(pattern=r"^[a-z_]{1,64}$")]]


class MemberReply(Reply):
    """A member and what it does."""

    person: str
    name: str
    functions: list[str]


class Invitation(Body):
    """A member to let in, under a login."""

    person: Identifier
    login: Line


class Reset(Body):
    """An account whose person lost password or second factor."""

    login: Line


class InvitationReply(Reply):
    """The code with which the person chooses a password."""

    code: str


@router.get("/organisations", auth=anyone, response=list[OrganisationReply], summary="Bodies, laboratories and others")
def list_organisations(request: HttpRequest, role: _Role | None = None) -> list[Json]:  # noqa: ARG001
    """Return the organisations that the ledger names in public; applicants are not among them."""
    return [
        {
            "id": key.removeprefix("organisation/"),
            **{name: record.get(name) for name in ("role", "name", "address", "code")},
        }
        for key, record in registry.organisations()
        if record["role"] != Role.APPLICANT and role in (None, record["role"])
    ]


@router.post("/organisations", response={201: IdReply}, summary="Register an organisation")
def register_organisation(request: Request, body: NewOrganisation) -> Json:
    """Register an organisation here and on the ledger; takes a registrar. Hosted bodies and laboratories get a seal."""
    Words(400).check(body.address, "address")
    key = PublicKey(body.key.algorithm, bytes.fromhex(body.key.material)) if body.key else None

    def make_seal(place: str) -> bytes:
        return papers.make_seal(place, body.name.text, instant.civil_date(now(), 0))

    role = Role(body.role)
    place = enrolment.register_organisation(
        request.auth,
        role,
        body.name.text,
        body.address,
        code=body.code,
        key=key,
        make_seal=make_seal if role in papers.SEALING and key is None else None,
    )
    return {"id": place.id}


@router.get(
    "/organisations/{organisation}/members", response=list[MemberReply], summary="Who does what for an organisation"
)
def list_members(request: Request, organisation: Annotated[Identifier, Path()]) -> list[Json]:
    """Return the members; for members and registrars."""
    members = queries.members(request.auth, organisation)
    names = queries.person_names(members)
    return [
        {"person": person, "name": names.get(person, ""), "functions": sorted(functions)}
        for person, functions in members.items()
    ]


@router.put(
    "/organisations/{organisation}/members/{person}",
    response={204: None},
    summary="Say what a person does for an organisation",
)
def set_functions(
    request: Request,
    organisation: Annotated[Identifier, Path()],
    person: Annotated[Identifier, Path()],
    body: Functions,
) -> None:
    """Set a member's functions; takes the manager or a registrar."""
    services.set_functions(request.auth, organisation, person, body.functions)


@router.post(
    "/organisations/{organisation}/invitations", response={201: InvitationReply}, summary="Let a member sign in"
)
def invite(request: Request, organisation: Annotated[Identifier, Path()], body: Invitation) -> Json:
    """Open an account for a member; takes the manager or a registrar."""
    return {"code": entry.invite(request.auth, organisation, body.person, body.login, at=now())}


@router.post("/resets", response={201: InvitationReply}, summary="Let somebody choose a new password")
def reset(request: Request, body: Reset) -> Json:
    """Shut an account until its person uses the code, and end its sessions and tokens; takes a registrar."""
    return {"code": entry.reset(request.auth, body.login, at=now())}


@router.post("/persons", response={201: IdReply}, summary="Enrol a person")
def enrol_person(request: Request, body: NewPerson) -> Json:
    """Enrol a natural person under a random identifier; takes a registrar."""
    Words(200).check(body.name, "name")
    Words(100).check(body.registration, "registration")
    return {"id": enrolment.enrol_person(request.auth, body.name, body.registration).id}


@router.delete("/persons/{person}", response={204: None}, summary="Erase a person")
def erase_person(request: Request, person: Annotated[Identifier, Path()]) -> None:
    """Erase name, registration number and account; the identifier stays where it was used. Takes a registrar."""
    services.erase_person(request.auth, person)


@router.post("/persons/{person}/keys", response={204: None}, summary="Enrol a person's key")
def enrol_key(request: Request, person: Annotated[Identifier, Path()], body: NewKey) -> None:
    """Make a key the one that the person approves with; the person does it, or a registrar in its presence."""
    key = PublicKey(body.key.algorithm, bytes.fromhex(body.key.material))
    enrolment.enrol_key(request.auth, person, key, body.proof.read(), relying_party=body.relying_party)
