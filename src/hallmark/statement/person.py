"""Statements about persons. A person is a random identifier; name and registration number are sealed and erasable."""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind, Role, members, optional, public, sealed
from hallmark.statement.shape import CODE, DAY, PARTY_ID, PERSON, PROSE, PUBLIC_KEY, ListOf, OneOf, Record, Words

FUNCTIONS = (
    "applicant_representative",
    "case_officer",
    "tester",
    "authorised_signatory",
    "auditor",
    "reviewer",
    "decision_maker",
    "responsible_person",
    "inspector",
)
FUNCTIONS_AT: Mapping[Role, tuple[str, ...]] = {
    Role.OPERATOR: (),
    Role.OWNER: ("responsible_person",),
    Role.APPLICANT: ("applicant_representative", "responsible_person"),
    Role.BODY: ("case_officer", "auditor", "reviewer", "decision_maker", "responsible_person"),
    Role.LABORATORY: ("tester", "authorised_signatory", "responsible_person"),
    Role.JURISDICTION: ("inspector", "responsible_person"),
}
"""A function exists only where its work is done."""

NATURES = ("employment", "ownership", "management", "family", "consultancy", "development", "other")

_REGISTRARS = (Role.OPERATOR, Role.OWNER)
_STAFFED = (Role.OWNER, Role.APPLICANT, Role.BODY, Role.LABORATORY, Role.JURISDICTION)
# Web Authentication keys are pinned to the relying party at which they were enrolled.
_KEY = Record({"key": PUBLIC_KEY}, {"relying_party": Words(253)})

KINDS = (
    Kind(
        "person.enrolled",
        Text("人员登记", "Person enrolled"),
        _REGISTRARS,
        PERSON,
        (public("key", _KEY), sealed("name", Words(200)), sealed("registration", Words(100))),
    ),
    Kind(
        "person.rekeyed",
        Text("人员换钥", "Person rekeyed"),
        _REGISTRARS,
        PERSON,
        (public("key", _KEY), public("reason", PROSE)),
    ),
    Kind(
        "person.merged",
        Text("人员合并", "Person merged"),
        _REGISTRARS,
        PERSON,
        (public("into", PERSON), public("reason", PROSE)),
    ),
    Kind(
        "competence.recorded",
        Text("能力记录", "Competence recorded"),
        _STAFFED,
        PERSON,
        (
            public("function", OneOf(FUNCTIONS)),
            public("scheme", CODE),
            public("product_types", ListOf(CODE, 1, 100)),
            public("valid_from", DAY),
            public("valid_until", DAY),
            members("basis", PROSE),
        ),
    ),
    Kind(
        "competence.ended",
        Text("能力终止", "Competence ended"),
        _STAFFED,
        PERSON,
        (public("function", OneOf(FUNCTIONS)), public("scheme", CODE), members("reason", PROSE)),
    ),
    Kind(
        "interest.declared",
        Text("利益关系申报", "Interest declared"),
        (*_STAFFED, Role.OPERATOR),
        PARTY_ID,
        (
            members("interest_in", PARTY_ID),
            members("nature", OneOf(NATURES)),
            public("from", DAY),
            optional(public("until", DAY)),
        ),
    ),
)
